"""The run record: typed events, one a line; a torn last line is survived, damage is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.core import (
    Chosen,
    End,
    Epoch,
    Event,
    FileFormatError,
    OptionError,
    Start,
    Step,
    VitralError,
    Warned,
    append,
    read_records,
    without_repeats,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
tables = st.dictionaries(st.text(max_size=8), finite | st.integers(-(2**53), 2**53), max_size=4)
events = st.one_of(
    st.builds(Warned, text=st.text()),
    st.builds(Chosen, name=st.text(), asked=st.text(), used=st.text(), why=st.text()),
    st.builds(
        Step,
        step=st.integers(1),
        epoch=st.integers(0),
        loss=finite,
        learning_rate=st.floats(0, 10),
        share=st.floats(0, 1),
    ),
    st.builds(Epoch, epoch=st.integers(0), step=st.integers(0), scores=tables, best=st.booleans()),
    st.builds(
        End,
        reason=st.sampled_from(["finished", "time"]),
        step=st.integers(0),
        epoch=st.integers(0),
        scores=tables,
    ),
)


def step(number: int, loss: float = 1.0) -> Step:
    return Step(step=number, epoch=0, loss=loss, learning_rate=0.1)


def written(path: Path, *events: Event) -> Path:
    for event in events:
        append(path, event)
    return path


@given(history=st.lists(events, max_size=5))
def test_what_was_appended_is_read_back_equal(tmp_path_factory: Any, history: list[Event]) -> None:
    path = tmp_path_factory.mktemp("run") / "metrics.jsonl"
    written(path, Start(name="x"), *history)
    assert read_records(path) == [Start(name="x"), *history]


def test_every_line_is_plain_json_with_its_kind(tmp_path: Path) -> None:
    path = written(tmp_path / "m", Start(name="größe\nzwei"), step(1))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["start", "step"]
    assert lines[0]["schema"] == 1


def test_a_torn_last_line_is_skipped(tmp_path: Path) -> None:
    whole = written(tmp_path / "m", Start(), step(1), step(2)).read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last, len(whole)):
        (tmp_path / "torn").write_bytes(whole[:length])
        assert read_records(tmp_path / "torn") == [Start(), step(1)]


def test_appending_after_a_torn_line_removes_it(tmp_path: Path) -> None:
    path = written(tmp_path / "m", Start(), step(1))
    with path.open("ab") as file:
        file.write(b'{"kind": "st')
    append(path, step(2))
    assert read_records(path) == [Start(), step(1), step(2)]


def test_a_file_that_is_one_torn_line_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b'{"kind"')
    assert read_records(path) == []
    append(path, Start())
    assert read_records(path) == [Start()]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{broken", r"line 2: must be one JSON object, got b'\{broken'$"),
        ("[1]", r"line 2: Event: must be an object of options, got \[1\]$"),
        ("", r"line 2: must be one JSON object, got b''$"),
        ('{"kind": "stop"}', r"line 2: event: must be a known kind, got 'stop'; did you mean 'step'\?$"),
        ('{"kind": "step", "step": 1}', r"line 2: Step\.epoch: must be given$"),
        ('{"kind": "warning", "text": 3}', r"line 2: Warned\.text: must be a text, got 3$"),
        ('{"kind": "start", "schema": 2}', r"line 2: schema must be at most 1, got 2; a newer Vitral wrote"),
        ('{"kind": "epoch", "epoch": 0, "step": 1, "scores": {"a": NaN}}', r"Epoch\.scores: must be finite"),
        ("\x00\x01", r"line 2: must be one JSON object"),
        ("[" * 5000, r"line 2: must be one JSON object"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, sentence: str) -> None:
    path = written(tmp_path / "m", Start())
    with path.open("a") as file:
        file.write(line + "\n")
    append(path, step(1))
    with pytest.raises(FileFormatError, match=sentence):
        read_records(path)


def test_a_record_begins_with_a_start(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"m, line 1: must be a 'start' event, got 'step'$"):
        read_records(written(tmp_path / "m", step(1)))


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"m: could not be read \(No such file or directory\)$"):
        read_records(tmp_path / "m")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(VitralError, match=r"could not be written \(Is a directory\)$"):
        append(tmp_path, Start())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_never_enter_a_record(value: float) -> None:
    with pytest.raises(OptionError, match=r"^Step\.loss: must be a finite number"):
        step(1, loss=value)
    with pytest.raises(OptionError, match=r"^Epoch\.scores: must be finite, got"):
        Epoch(epoch=0, step=1, scores={"accuracy": value})


def test_scores_are_numbers() -> None:
    scores: Any = {"accuracy": "high"}
    with pytest.raises(OptionError, match=r"^Epoch\.scores: must hold numbers, got 'high'$"):
        Epoch(epoch=0, step=1, scores=scores)


def test_steps_made_again_after_a_resumption_count_once() -> None:
    history = [Start(), step(1, 5.0), step(2, 4.0), step(3, 3.0), Start(step=2), step(3, 3.5), step(4, 2.0)]
    steps = [(e.step, e.loss) for e in without_repeats(history) if isinstance(e, Step)]
    assert steps == [(1, 5.0), (2, 4.0), (3, 3.5), (4, 2.0)]


def test_an_interruption_is_no_end_once_the_run_went_on() -> None:
    interrupted = End(reason="interrupted", step=2, epoch=0, scores={})
    epoch = Epoch(epoch=0, step=2, scores={})
    finished = End(reason="finished", step=4, epoch=2, scores={})
    history = [Start(), epoch, interrupted, Start(step=2), finished]
    assert without_repeats(history) == [Start(), epoch, Start(step=2), finished]
