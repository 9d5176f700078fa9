"""What every benchmark records beside its figures: machine, versions, commit, date."""

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = (
    "torch",
    "numpy",
    "pillow",
    "simplejpeg",
    "opencv-python-headless",
    "scikit-learn",
    "albumentations",
    "kornia",
    "constriction",
)


def data_folder(name: str) -> Path:
    """A picture set below `$VITRAL_DATA`; ends the program with a sentence when it is not there."""
    root = os.environ.get("VITRAL_DATA")
    if not root or not (Path(root) / name).is_dir():
        sys.exit(f"set VITRAL_DATA to the folder that holds {name!r} (now: {root or 'not set'})")
    return Path(root) / name


def machine() -> dict[str, Any]:
    """Processor, cores, versions and the commit the figures belong to."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "versions": versions,
        "commit": _COMMIT,
    }


def write_result(name: str, result: dict[str, Any]) -> None:
    """Print a result and write it to `benchmarks/results/NAME.json`."""
    path = Path(__file__).parent / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({"machine": machine()} | result, indent=2) + "\n"
    path.write_text(text, encoding="utf-8")
    print(text)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    fast = [
        flag
        for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
        if flag in found.get("flags", "").split()
    ]
    return f"{found.get('model name', 'unknown')} (family {found.get('cpu family')}, {' '.join(fast)})"


def _commit() -> str:
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    return answer.stdout.strip() or "unknown"


# Read at the start: a long run must not be signed with what was committed while it ran.
_COMMIT = _commit()
