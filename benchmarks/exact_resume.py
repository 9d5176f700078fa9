"""Claim: a training that is killed with SIGKILL at 50 random moments, and resumed each time,
ends with the same weights, bit for bit, as one that was never interrupted; no checkpoint is torn.

Run: .venv/bin/python benchmarks/exact_resume.py   (about 6 minutes; needs no data)
Trains on the embedded digits with checkpoints every 0.2 s, so that many kills hit a file being
written. After every kill each file of the run folder that exists is read and verified.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import write_result

from vitral.core import FileFormatError
from vitral.saved import Model
from vitral.train.checkpoint import read_checkpoint

KILLS = 50
# A small network, so that most of the time is training and not the start of processes.
WORDS = [
    "--epochs", "120", "--batch", "32", "--seed", "7", "--no-flip", "--size", "16",
    "--network", "fast", "--set", "network.widths=16,32,32", "--set", "save_s=0.2",
]  # fmt: skip


def vitral(*words: str) -> list[str]:
    """The command line of one Vitral process."""
    return [sys.executable, "-m", "vitral", *words]


def quietly(words: list[str]) -> None:
    """Run a process to its end; it must succeed."""
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def weights(run: Path) -> dict[str, torch.Tensor]:
    """The tensors of a finished run's model."""
    return Model.load(run).module.state_dict()


def torn(run: Path) -> list[str]:
    """Checkpoint files of a run that exist and cannot be read."""
    bad = []
    for name in ("state", "best"):
        path = run / "checkpoint" / f"{name}.safetensors"
        if path.exists():
            try:
                read_checkpoint(path)
            except FileFormatError as error:
                bad.append(str(error))
    return bad


def main() -> None:
    """Run the two trainings and write `results/exact_resume.json`."""
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    with tempfile.TemporaryDirectory() as place:
        whole, broken = Path(place) / "whole", Path(place) / "broken"
        begin = time.perf_counter()
        quietly(vitral("train", "classify", "digits", "--out", str(whole), *WORDS))
        alone_s = time.perf_counter() - begin
        kills, bad, finished_early = 0, [], False
        start_s = 1.0
        command = vitral("train", "classify", "digits", "--out", str(broken), *WORDS)
        while kills < KILLS:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seen = _wait_for_progress(process, broken)
            # Half of the kills come while it trains, the others from the very start on.
            time.sleep(chance.uniform(0, 0.9) if seen else start_s)
            if process.poll() is not None:
                finished_early = True
                break
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            bad += torn(broken)
            if (broken / "run.json").exists():
                command = vitral("resume", str(broken))
        quietly(vitral("resume", str(broken)))
        one, two = weights(whole), weights(broken)
    different = [name for name in one if not torch.equal(one[name], two[name])]
    result = {
        "kills": kills, "training_ended_before_all_kills": finished_early, "torn_files": bad,
        "tensors": len(one), "tensors_that_differ": different, "uninterrupted_s": round(alone_s, 1),
        "asked": {"kills": 50, "tensors_that_differ": 0, "torn_files": 0},
    }  # fmt: skip
    write_result("exact_resume", result)
    if different or bad or kills < KILLS:
        sys.exit(1)


def _wait_for_progress(process: subprocess.Popen[bytes], run: Path) -> bool:
    """Wait until the process has written to the run folder, or ended."""
    record = run / "metrics.jsonl"
    before = record.stat().st_size if record.exists() else 0
    until = time.perf_counter() + 60
    while time.perf_counter() < until and process.poll() is None:
        if record.exists() and record.stat().st_size > before:
            return True
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    main()
