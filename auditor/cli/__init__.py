"""The command line: the only place that prints or decides an exit code."""
