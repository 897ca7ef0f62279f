"""Adapters: the only code that opens connections or reads lists from outside."""
