"""Rates in rounds: every contender measured in turn, the ratios taken within a round."""

import statistics
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import simplejpeg

_PAUSE_S = 1.5


def batches_per_second(batches: Callable[[], Iterable[Any]], size: int, seconds: float) -> float:
    """Pictures per second of an endless supply of batches, after its first one.

    Args:
        batches: gives an iterable of one epoch; called again at its end.
        size: pictures in a batch.
        seconds: how long to measure, at least.
    """
    begun, pictures = 0.0, 0
    while True:
        for batch in batches():
            batch[0, 0, 0, 0].item()
            now = time.perf_counter()
            if begun == 0.0:
                begun = now  # Starting threads or workers is another figure.
                continue
            pictures += size
            if now - begun >= seconds:
                return pictures / (now - begun)


def decodes_per_second(files: list[bytes], seconds: float, threads: int = 2) -> float:
    """Whole JPEGs per second that `simplejpeg` decodes on some threads, from memory."""
    done, end = [0] * threads, time.perf_counter() + seconds

    def work(number: int) -> None:
        at = number
        while time.perf_counter() < end:
            simplejpeg.decode_jpeg(files[at % len(files)])
            at, done[number] = at + threads, done[number] + 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / (time.perf_counter() - begun)


def in_rounds(contenders: dict[str, Callable[[], float]], rounds: int) -> list[dict[str, float]]:
    """Each contender once a round, in turn; the first round is a warm-up and not kept.

    Between them is a pause, because the workers of a `DataLoader` that is left in the middle of an
    epoch still make the batches they were asked for.
    """
    kept = []
    for number in range(rounds + 1):
        row = {}
        for name, run in contenders.items():
            row[name] = run()
            time.sleep(_PAUSE_S)
        said = "warm-up" if number == 0 else f"round {number}"
        print(said, {name: round(rate) for name, rate in row.items()}, flush=True)
        if number:
            kept.append(row)
    return kept


def medians(rows: list[dict[str, float]], ratios: dict[str, tuple[str, str]]) -> dict[str, float]:
    """Median rate of each contender, and median of the ratios within a round."""
    rates = {f"{name}_per_s": statistics.median(row[name] for row in rows) for name in rows[0]}
    shares = {
        name: statistics.median(row[above] / row[below] for row in rows)
        for name, (above, below) in ratios.items()
    }
    return rates | shares


def verdict(measured: dict[str, float], asked: dict[str, float], *, at_most: Iterable[str] = ()) -> None:
    """Print what was asked, what was measured, and whether it was reached."""
    for name, bound in asked.items():
        value = measured[name]
        reached = value <= bound if name in at_most else value >= bound
        word = "reached" if reached else "missed"
        print(f"{name:28} asked {bound:>12,.2f}   measured {value:>12,.2f}   {word}")
