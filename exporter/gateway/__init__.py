"""All that knows smsc.ru: the history call, its answers, codes, names and errors."""
