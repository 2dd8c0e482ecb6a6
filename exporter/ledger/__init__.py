"""What is known and counted: every message once, each fact in the transaction that learnt it."""
