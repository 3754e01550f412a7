"""The nightly run: named steps, each done once, with a journal that survives whatever ends the program."""
