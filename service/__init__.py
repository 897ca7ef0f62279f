"""Kairos Upgrade Advisor: a running image in, the right upgrade target out."""
