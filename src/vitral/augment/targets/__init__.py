"""Targets: what follows the pixels."""
