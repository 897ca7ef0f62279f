"""The command line, for operators and scripts: the same answers without a server."""
