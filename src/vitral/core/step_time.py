"""How long a small training step takes on this processor, timed once and kept in a cache."""

import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from vitral.core.atomic_write import atomic_write
from vitral.core.cache_folder import cache_file
from vitral.core.errors import VitralError

FLOAT32, BFLOAT16 = "float32", "bfloat16"
PLAIN, CHANNELS_LAST = "contiguous", "channels_last"
_WAYS = tuple((dtype, layout) for dtype in (FLOAT32, BFLOAT16) for layout in (PLAIN, CHANNELS_LAST))
_FORMAT = "vitral.step-times"
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class StepTimes:
    """Shortest time of a training step for each arithmetic and memory layout.

    Args:
        ms: (arithmetic, layout) -> milliseconds.
        origin: where the times come from, for a person.
    """

    ms: dict[tuple[str, str], float]
    origin: str

    def best_layout(self, dtype: str) -> str:
        """The faster of the two memory layouts for one arithmetic."""
        return min((PLAIN, CHANNELS_LAST), key=lambda layout: self.ms[dtype, layout])


def step_times() -> StepTimes:
    """The times for this processor and PyTorch: from the cache, else timed now.

    Timing takes one to two seconds. A damaged cache file is replaced; a cache that cannot be
    written is said in `origin` and does no other harm.
    """
    path, key = cache_file("step-times.json"), _key()
    kept = _kept(path) if path else {}
    if key in kept:
        return StepTimes(ms=kept[key], origin="timed earlier on this machine")
    ms = _timed_once()
    if path is None:
        return StepTimes(ms=ms, origin="timed now, not kept: there is no cache folder")
    try:
        atomic_write(path, _as_text(kept | {key: ms}))
    except VitralError:
        return StepTimes(ms=ms, origin="timed now, not kept: the cache folder cannot be written")
    return StepTimes(ms=ms, origin="timed now, and kept")


def _key() -> str:
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{_processor()} | {capability} | torch {torch.__version__}"


@lru_cache(maxsize=1)
def _processor() -> str:
    """Name of the processor; hypervisors hide the model's name but not its numbers."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").partition("\n\n")[0]
    except OSError:  # only Linux has this file
        return platform.processor() or platform.machine()
    facts = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())
    }
    parts = [facts.get(name, "") for name in ("model name", "cpu family", "model", "stepping")]
    return " ".join(part for part in parts if part) or platform.machine()


def _kept(path: Path) -> dict[str, dict[tuple[str, str], float]]:
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != _FORMAT or data["version"] != _VERSION:
            return {}
        kept = {
            str(key): {way: float(ms[" ".join(way)]) for way in _WAYS} for key, ms in data["measured"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}  # missing or damaged: it is only a cache, time again
    return {key: ms for key, ms in kept.items() if all(math.isfinite(t) and t > 0 for t in ms.values())}


def _as_text(kept: dict[str, dict[tuple[str, str], float]]) -> str:
    measured = {key: {" ".join(way): round(t, 3) for way, t in ms.items()} for key, ms in kept.items()}
    return json.dumps({"format": _FORMAT, "version": _VERSION, "measured": measured}, indent=2) + "\n"


@lru_cache(maxsize=1)
def _timed_once() -> dict[tuple[str, str], float]:
    """Time every way in turn, so that other work on the machine hits all alike; keep the shortest.

    One thread is enough to compare, and on a busy machine several would mostly time the waiting
    for one another.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        steps = {way: _step(*way) for way in _WAYS}
        for step in steps.values():
            step()  # the first call also builds the kernels
        shortest = dict.fromkeys(_WAYS, math.inf)
        began = time.perf_counter()
        for turn in range(12):
            if turn >= 3 and time.perf_counter() - began > 1.0:
                break
            for way, step in steps.items():
                start = time.perf_counter()
                step()
                shortest[way] = min(shortest[way], (time.perf_counter() - start) * 1000)
        return shortest
    finally:
        torch.set_num_threads(threads)


def _step(dtype: str, layout: str) -> Callable[[], None]:
    """Forward and backward of three blocks as they occur in the small classifier network."""
    memory = torch.channels_last if layout == CHANNELS_LAST else torch.contiguous_format
    with torch.random.fork_rng(devices=[]):  # timing must not disturb anybody's random numbers
        torch.manual_seed(0)
        model = nn.Sequential(*_block(24, 64, 2), *_block(64, 64, 1), *_block(64, 128, 2))
        model.to(memory_format=memory)  # pyright: ignore[reportCallIssue]: PyTorch's stubs lack it
        pixels = torch.randn(16, 24, 32, 32).to(memory_format=memory)

    def step() -> None:
        with torch.enable_grad():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == BFLOAT16):
                loss = model(pixels).float().square().mean()
            loss.backward()
        model.zero_grad()

    return step


def _block(inputs: int, outputs: int, pool: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [convolution, nn.MaxPool2d(pool), nn.BatchNorm2d(outputs), nn.GELU()]
