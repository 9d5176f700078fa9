"""Device and precision: asked, used and why; timed once, kept in a cache that may be damaged."""

import json
from pathlib import Path

import pytest
import torch

from vitral.core import Chosen, OptionError, choose_device, choose_precision, step_time
from vitral.core.step_time import BFLOAT16, CHANNELS_LAST, FLOAT32, PLAIN, StepTimes, cache_file, step_times

CPU = torch.device("cpu")
FAST_HALF = {
    (FLOAT32, PLAIN): 52.0,
    (FLOAT32, CHANNELS_LAST): 42.0,
    (BFLOAT16, PLAIN): 33.0,
    (BFLOAT16, CHANNELS_LAST): 24.0,
}
SLOW_HALF = {
    (FLOAT32, PLAIN): 20.0,
    (FLOAT32, CHANNELS_LAST): 30.0,
    (BFLOAT16, PLAIN): 90.0,
    (BFLOAT16, CHANNELS_LAST): 80.0,
}


@pytest.fixture
def timings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A fresh cache folder, and a list that grows with every timing."""
    made: list[int] = []

    def timed() -> dict[tuple[str, str], float]:
        made.append(1)
        return FAST_HALF

    monkeypatch.setenv("VITRAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(step_time, "_timed_once", timed)
    return made


def no_gpu(monkeypatch: pytest.MonkeyPatch, *, cuda: bool = False, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "A Fine GPU")


class TestDevice:
    def test_without_a_gpu_auto_is_the_processor_and_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        no_gpu(monkeypatch)
        choice = choose_device("auto")
        assert (choice.asked, choice.used, choice.value) == ("auto", "cpu", CPU)
        assert "there is no Apple GPU" in choice.why

    def test_cuda_is_preferred_and_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        no_gpu(monkeypatch, cuda=True, mps=True)
        assert str(choose_device("auto")) == "device: asked auto, used cuda (A Fine GPU) (the fastest here)"

    def test_an_apple_gpu_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        no_gpu(monkeypatch, mps=True)
        assert choose_device("auto").value == torch.device("mps")

    def test_what_was_asked_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        no_gpu(monkeypatch, cuda=True)
        assert str(choose_device("cpu")) == "device: asked cpu, used cpu (as asked)"

    @pytest.mark.parametrize("asked", ["cuda", "mps"])
    def test_a_missing_device_is_refused_and_never_replaced(
        self, asked: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        no_gpu(monkeypatch)
        with pytest.raises(
            OptionError, match=rf"^device: must be present on this machine, got '{asked}', but .+"
        ):
            choose_device(asked)

    def test_an_unknown_device_suggests_the_nearest(self) -> None:
        with pytest.raises(
            OptionError, match=r"must be one of auto, cpu, cuda, mps, got 'cuba'; did you mean 'cuda'\?$"
        ):
            choose_device("cuba")

    def test_a_choice_becomes_an_event(self) -> None:
        assert choose_device("cpu").record() == Chosen(name="device", asked="cpu", used="cpu", why="as asked")


class TestPrecision:
    def test_bfloat16_is_used_where_it_is_faster(self, timings: list[int]) -> None:
        choice = choose_precision("auto", CPU)
        assert choice.used == "bfloat16, channels_last"
        assert (choice.value.autocast, choice.value.channels_last) == (torch.bfloat16, True)
        assert choice.why.startswith("a training step takes 24.0 ms in bfloat16 and 42.0 ms in float32")

    def test_float32_is_used_where_bfloat16_is_slow(
        self, timings: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(step_time, "_timed_once", lambda: SLOW_HALF)
        choice = choose_precision("auto", CPU)
        assert choice.used == "float32, contiguous"
        assert (choice.value.autocast, choice.value.channels_last) == (None, False)
        assert choice.value.memory_format == torch.contiguous_format

    def test_what_was_asked_is_used_with_its_better_layout(self, timings: list[int]) -> None:
        assert choose_precision("float32", CPU).used == "float32, channels_last"
        assert choose_precision("bfloat16", CPU).used == "bfloat16, channels_last"

    def test_the_context_changes_the_arithmetic_only_when_it_should(self, timings: list[int]) -> None:
        layer, x = torch.nn.Linear(3, 3), torch.ones(1, 3)
        with choose_precision("bfloat16", CPU).value.context(CPU):
            assert layer(x).dtype == torch.bfloat16
        with choose_precision("float32", CPU).value.context(CPU):
            assert layer(x).dtype == torch.float32

    def test_an_unknown_precision_suggests_the_nearest(self) -> None:
        with pytest.raises(OptionError, match=r"got 'bfloat'; did you mean 'bfloat16'\?$"):
            choose_precision("bfloat", CPU)

    def test_a_gpu_with_units_for_bfloat16_uses_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
        choice = choose_precision("auto", torch.device("cuda"))
        assert (choice.used, choice.why) == ("bfloat16, channels_last", "this GPU has units for bfloat16")

    def test_a_gpu_without_them_refuses_bfloat16(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
        assert choose_precision("auto", torch.device("cuda")).used == "float32, channels_last"
        with pytest.raises(OptionError, match=r"^precision: must be float32 on this GPU, got 'bfloat16'"):
            choose_precision("bfloat16", torch.device("cuda"))

    def test_an_apple_gpu_gets_float32_unless_asked(self) -> None:
        assert choose_precision("auto", torch.device("mps")).value.autocast is None
        assert choose_precision("bfloat16", torch.device("mps")).value.autocast is torch.bfloat16


class TestStepTimes:
    def test_the_times_are_taken_once_and_kept(self, timings: list[int], tmp_path: Path) -> None:
        first, second = step_times(), step_times()
        assert first.ms == second.ms == FAST_HALF
        assert len(timings) == 1
        assert second.origin == "timed earlier on this machine"

    def test_other_processors_in_the_same_file_are_kept(
        self, timings: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        step_times()
        monkeypatch.setattr(step_time, "_key", lambda: "another processor")
        step_times()
        path = cache_file("step-times.json")
        assert path is not None
        assert len(json.loads(path.read_text())["measured"]) == 2

    @pytest.mark.parametrize(
        "damage",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"[]",
            b"{}",
            b'{"format": "vitral.step-times", "version": 2, "measured": {}}',
            b'{"format": "vitral.step-times", "version": 1, "measured": {"KEY": {"float32 contiguous": 1}}}',
            b'{"format": "vitral.step-times", "version": 1, "measured": {"KEY": {"float32 contiguous": -1, '
            b'"float32 channels_last": 1, "bfloat16 contiguous": NaN, "bfloat16 channels_last": 1}}}',
            b'{"format": "vitral.step-times", "version": 1, "measured": 3}',
        ],
    )
    def test_a_damaged_cache_is_timed_again_and_mended(self, timings: list[int], damage: bytes) -> None:
        path = cache_file("step-times.json")
        assert path is not None
        path.parent.mkdir(parents=True)
        path.write_bytes(damage.replace(b"KEY", step_time._key().encode()))
        assert step_times().ms == FAST_HALF
        assert step_times().origin.startswith("timed earlier")
        assert len(timings) == 1

    def test_a_cache_that_cannot_be_written_does_no_harm(
        self, timings: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv("VITRAL_CACHE", str(tmp_path / "file" / "below"))
        times = step_times()
        assert times.ms == FAST_HALF
        assert times.origin.startswith("timed now, not kept: ")

    def test_the_cache_folder_follows_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/ada")
        monkeypatch.delenv("VITRAL_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        assert cache_file("f") == Path("/home/ada/.cache/vitral/f")
        monkeypatch.setenv("XDG_CACHE_HOME", "/x")
        assert cache_file("f") == Path("/x/vitral/f")
        monkeypatch.setenv("VITRAL_CACHE", "/own")
        assert cache_file("f") == Path("/own/f")

    def test_real_timing_gives_times_and_disturbs_nothing(self) -> None:
        state, threads = torch.get_rng_state(), torch.get_num_threads()
        ms = step_time._timed_once()
        assert set(ms) == set(FAST_HALF)
        assert all(0 < t < 60_000 for t in ms.values())
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == threads

    def test_the_better_layout_is_found_for_each_arithmetic(self) -> None:
        times = StepTimes(ms=SLOW_HALF, origin="")
        assert (times.best_layout(FLOAT32), times.best_layout(BFLOAT16)) == (PLAIN, CHANNELS_LAST)
