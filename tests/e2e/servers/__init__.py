"""POP3 servers that nobody here wrote, each for the length of a block, with one account and its mail."""
