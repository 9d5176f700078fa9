"""Which device trains and with which arithmetic: asked, used, and why."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from vitral.core.errors import OptionError, did_you_mean
from vitral.core.record import Chosen
from vitral.core.step_time import BFLOAT16, CHANNELS_LAST, FLOAT32, PLAIN, StepTimes, step_times

T = TypeVar("T")

# bfloat16 keeps 8 bits of each number: it must pay for that.
_WORTH_BFLOAT16 = 1.15


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[T]):
    """Something Vitral decided, or a person did: what was asked, what is used, and why.

    Args:
        name: what was chosen: `device`, `precision`, `network` ...
        asked: the option as it was given, for example `auto`.
        used: the outcome, in words.
        why: the reason, as the rest of a sentence.
        value: the outcome as an object.
    """

    name: str
    asked: str
    used: str
    why: str
    value: T

    def __str__(self) -> str:
        return f"{self.name}: asked {self.asked}, used {self.used} ({self.why})"

    def record(self) -> Chosen:
        """The choice as an event for `metrics.jsonl`."""
        return Chosen(name=self.name, asked=self.asked, used=self.used, why=self.why)


@dataclass(frozen=True, kw_only=True)
class Precision:
    """The arithmetic of a network.

    Args:
        autocast: the type matrix products and convolutions run in; None leaves float32.
        channels_last: whether pictures lie in memory as b h w c.
    """

    autocast: torch.dtype | None
    channels_last: bool

    @property
    def memory_format(self) -> torch.memory_format:
        """What `Tensor.to` and `Module.to` take as `memory_format`."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def context(self, device: torch.device) -> AbstractContextManager[object]:
        """A fresh autocast context for the forward pass; without effect in float32."""
        return torch.autocast(device.type, dtype=self.autocast, enabled=self.autocast is not None)


def choose_device(asked: str) -> Choice[torch.device]:
    """Find the device to train on; `auto` takes CUDA, then Apple's GPU, then the processor.

    Args:
        asked: `auto`, `cpu`, `cuda` or `mps`.
    Raises:
        OptionError: an unknown word, or a device this machine does not have.
    """
    missing = _missing_devices()
    known = ("auto", "cpu", *missing)
    if asked not in known:
        raise OptionError(_unknown("device", asked, known))
    if missing.get(asked):
        raise OptionError(f"device: must be present on this machine, got {asked!r}, but {missing[asked]}")
    used, why = asked, "as asked"
    if asked == "auto":
        used = next((name for name, reason in missing.items() if not reason), "cpu")
        why = "the fastest here" if used != "cpu" else "; ".join(missing.values())
    device = torch.device(used)
    text = f"{used} ({torch.cuda.get_device_name(device)})" if used == "cuda" else used
    return Choice(name="device", asked=asked, used=text, why=why, value=device)


def choose_precision(asked: str, device: torch.device) -> Choice[Precision]:
    """Find the arithmetic that is fastest on a device.

    On a processor a small training step is timed once in each arithmetic and the times are
    kept in the user's cache folder (see `step_times`); bfloat16 is used from 1.15 times the
    speed of float32 on.

    Args:
        asked: `auto`, `float32` or `bfloat16`.
        device: where the network will run.
    Raises:
        OptionError: an unknown word, or bfloat16 on a GPU that does not have it.
    """
    known = ("auto", FLOAT32, BFLOAT16)
    if asked not in known:
        raise OptionError(_unknown("precision", asked, known))
    if device.type == "cpu":
        return _for_processor(asked, step_times())
    return _for_gpu(asked, device)


def _unknown(name: str, asked: str, known: tuple[str, ...]) -> str:
    return f"{name}: must be one of {', '.join(known)}, got {asked!r}{did_you_mean(asked, known)}"


def _missing_devices() -> dict[str, str]:
    """GPU kind -> why it cannot be used; an empty reason where it can."""
    cuda = mps = ""
    if not torch.cuda.is_available():
        built = torch.version.cuda or torch.version.hip
        cuda = "no CUDA GPU was found" if built else "this PyTorch is built without CUDA"
    if not torch.backends.mps.is_available():
        mps = "there is no Apple GPU"
    return {"cuda": cuda, "mps": mps}


def _for_processor(asked: str, times: StepTimes) -> Choice[Precision]:
    full, half = times.best_layout(FLOAT32), times.best_layout(BFLOAT16)
    full_ms, half_ms = times.ms[FLOAT32, full], times.ms[BFLOAT16, half]
    used = asked
    if asked == "auto":
        used = BFLOAT16 if full_ms >= _WORTH_BFLOAT16 * half_ms else FLOAT32
    layout = half if used == BFLOAT16 else full
    other = times.ms[used, PLAIN if layout == CHANNELS_LAST else CHANNELS_LAST]
    why = (
        f"a training step takes {half_ms:.1f} ms in bfloat16 and {full_ms:.1f} ms in float32, "
        f"{other:.1f} ms in the other memory layout; {times.origin}"
    )
    return _precision_choice(asked, used, layout == CHANNELS_LAST, why)


def _for_gpu(asked: str, device: torch.device) -> Choice[Precision]:
    if device.type != "cuda":
        why = "as asked" if asked != "auto" else "bfloat16 is not dependable on this device"
        return _precision_choice(asked, FLOAT32 if asked == "auto" else asked, False, why)
    has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    if asked == BFLOAT16 and not has_it:
        raise OptionError("precision: must be float32 on this GPU, got 'bfloat16', which it has no units for")
    if asked == "auto":
        why = "this GPU has units for bfloat16" if has_it else "this GPU has no units for bfloat16"
        return _precision_choice(asked, BFLOAT16 if has_it else FLOAT32, True, why)
    return _precision_choice(asked, asked, True, "as asked")


def _precision_choice(asked: str, used: str, channels_last: bool, why: str) -> Choice[Precision]:
    value = Precision(autocast=torch.bfloat16 if used == BFLOAT16 else None, channels_last=channels_last)
    text = f"{used}, {CHANNELS_LAST if channels_last else PLAIN}"
    return Choice(name="precision", asked=asked, used=text, why=why, value=value)
