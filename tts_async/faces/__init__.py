"""Where people meet the program: the command line and what it shows."""
