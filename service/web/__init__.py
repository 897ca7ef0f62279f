"""The web: queries and bodies to domain values, answers and errors to HTTP."""
