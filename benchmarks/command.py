"""Vitral's command line, as the benchmarks use it."""

import json
import subprocess
import sys
from typing import Any


def vitral(*words: str) -> dict[str, Any]:
    """Run one command with --json and give its object back."""
    command = [sys.executable, "-m", "vitral", *words, "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
