"""Files written by earlier versions: they are opened, for ever, and answer as they did."""

from pathlib import Path

import numpy as np
import pytest

import vitral as vt

HERE = Path(__file__).parent


def striped(number):
    rows = np.add.outer(np.arange(16) * (number % 2 == 0), np.arange(16) * (number % 2)) + number
    return np.repeat(np.where(rows % 4 < 2, 230, 20).astype(np.uint8)[..., None], 3, axis=2)


def test_a_model_of_version_1_answers_as_it_did():
    model = vt.load(HERE / "model-v1.safetensors")
    assert model.task.kind == "classify"
    assert model.facts.classes == ("across", "along")
    answers = model.predict([striped(n) for n in range(4)])
    assert [answer.label for answer in answers] == ["across", "along", "across", "along"]
    assert [answer.confidence for answer in answers] == pytest.approx(CONFIDENCES, abs=1e-4)


CONFIDENCES = [0.557237, 0.797801, 0.557254, 0.797718]
