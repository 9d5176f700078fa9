"""Claim: `fit` trains at least 2.0x as many pictures per second as a plain fp32 PyTorch loop with
`torch.utils.data.DataLoader` on the same CPU, with the same network, data and number of epochs,
at equal accuracy.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/train_loop.py   (about 8 minutes)
Pictures: `clothing`, 128 px. Network: our `ResidualNet`. Both sides use 2 threads, the same
optimizer (Muon), schedule, batch size, epochs, crops and flips; the plain loop is what the
PyTorch tutorials show: Dataset with Pillow, DataLoader with 2 workers, float32, default layout.
Rounds alternate, each in a fresh process; the figure is the median of the ratios. Two speeds
are given: `ratio` counts from the first step to the last, without validation; our side has then
decoded its pictures already, once, and keeps them in memory, which is part of what it does.
`ratio_with_everything` charges our side with opening, reading, decoding, validation, checkpoints
and the report too, and the plain side with its epochs alone. Accuracy is on the 372 test
pictures, without mirror averaging for both.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import data_folder, write_result

EPOCHS, BATCH, SIZE, ROUNDS = 4, 64, 128, 2


def plain(root: Path, epochs: int) -> dict[str, float]:
    """The plain loop: pictures per second and test accuracy."""
    import torch
    from rival_resnet18 import Folder
    from torch import nn
    from torch.utils.data import DataLoader

    from vitral.nn import ResidualNet
    from vitral.optim import Muon

    torch.manual_seed(0)
    torch.set_num_threads(2)
    data = Folder(root / "train", size=SIZE, train=True)
    loader = DataLoader(data, BATCH, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)
    network = ResidualNet().build(inputs=3, classes=len(data.classes))
    lossy = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = Muon().build(network)
    schedule, steps = _schedule(), 0
    begin, pictures_seen = time.perf_counter(), 0
    for _ in range(epochs):
        for pictures, labels in loader:
            for group in optimizer.param_groups:
                group["lr"] = group["base_lr"] * schedule(steps / (epochs * len(loader)))
            loss = lossy(network(pictures), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
            pictures_seen += len(labels)
    seconds = time.perf_counter() - begin
    network.eval()
    right = 0
    with torch.inference_mode():
        for pictures, labels in DataLoader(Folder(root / "test", size=SIZE, train=False), 64, num_workers=2):
            right += int((network(pictures).argmax(1) == labels).sum())
    return {"pictures_per_s": pictures_seen / seconds, "accuracy": right / 372}


def ours(root: Path, epochs: int) -> dict[str, float]:
    """Vitral's `fit`: pictures per second and test accuracy."""
    import vitral as vt
    from vitral.core.record import Epoch, Step
    from vitral.train import evaluate_model

    marks: list[float] = []
    validating = 0.0
    last_step = 0.0

    def watch(event: object) -> None:
        nonlocal validating, last_step
        now = time.perf_counter()
        if isinstance(event, Step):
            marks.append(now)
            last_step = now
        elif isinstance(event, Epoch):
            validating += now - last_step

    with tempfile.TemporaryDirectory() as place:
        # The plain loop crops and mirrors, no more; neither do we.
        task = vt.Classify(size=SIZE, grow=False, mixup=0.0, cutmix=0.0, light=0.0)
        run = vt.Run(task=task, epochs=epochs, batch=BATCH, threads=2)
        begin = time.perf_counter()
        trained = vt.train(run, vt.open(root), out=Path(place) / "run", observers=(watch,))
        whole = time.perf_counter() - begin
        assert trained.model is not None
        judged = evaluate_model(trained.model, vt.open(root), split="test")
        flipped = vt.Classify.from_json(trained.model.task.to_json() | {"flip": False})
        trained.model.task = flipped
        unflipped = evaluate_model(trained.model, vt.open(root), split="test")
    steps_per_epoch = len(marks) / epochs
    # The first mark is the end of the first step: one step fewer lies between the marks.
    seconds = (marks[-1] - marks[0]) * len(marks) / (len(marks) - 1) - validating * (epochs - 1) / epochs
    return {
        "pictures_per_s": steps_per_epoch * epochs * BATCH / seconds,
        "pictures_per_s_with_everything": steps_per_epoch * epochs * BATCH / whole,
        "accuracy": unflipped.figures["accuracy"],
        "accuracy_with_mirror": judged.figures["accuracy"],
        "seconds_with_everything": whole,
    }


def _schedule():
    from vitral.train.decide import default_schedule

    return default_schedule()


def main() -> None:
    """Alternate the two in fresh processes and write `results/train_loop.json`."""
    root = data_folder("clothing")
    if len(sys.argv) > 1:
        side = {"plain": plain, "ours": ours}[sys.argv[1]]
        print(json.dumps(side(root, EPOCHS)))
        return
    rounds = []
    for number in range(ROUNDS):
        sides = {side: _fresh(side) for side in ("plain", "ours")}
        ratio = sides["ours"]["pictures_per_s"] / sides["plain"]["pictures_per_s"]
        everything = sides["ours"]["pictures_per_s_with_everything"] / sides["plain"]["pictures_per_s"]
        row = {"ratio": ratio, "ratio_with_everything": everything, **sides}
        print(f"round {number + 1}: {row}", flush=True)
        rounds.append(row)
    medians = {
        name: statistics.median(row[name] for row in rounds) for name in ("ratio", "ratio_with_everything")
    }
    write_result("train_loop", {"asked": {"ratio": 2.0}, **medians, "epochs": EPOCHS, "rounds": rounds})


def _fresh(side: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, side], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
