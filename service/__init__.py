"""Kairos Upgrade Advisor: a running image in, the right upgrade target out."""

VERSION = "0.1.0"
