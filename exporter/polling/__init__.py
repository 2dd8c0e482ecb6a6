"""Which call to make next, whether it may be made, and what comes of it."""
