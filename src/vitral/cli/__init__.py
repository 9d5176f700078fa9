"""The command line: it parses, calls, and prints; all work is done in the rooms below."""

from vitral.cli.app import app, main

__all__ = ["app", "main"]
