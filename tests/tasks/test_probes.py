"""What `evaluate` says of the latents of a model: how well classes can be read from them."""

from typing import Any

import numpy as np
import pytest

import vitral as vt
from vitral.core import IGNORE, Batch
from vitral.data import ArrayPixels, Loader, PictureSet
from vitral.nn import Ladder
from vitral.tasks import Compress, Generate, TaskModel
from vitral.tasks.compress.model import CompressModel
from vitral.tasks.compress.probed import ProbedJudge

PLAIN = {"epochs": 3, "batch": 8, "threads": 1, "device": "cpu", "precision": "float32"}
TASKS = {
    "generate": Generate(network=Ladder(width=8, latents=4, channels=2), size=16, k=1),
    "compress": Compress(size=32).with_settings(
        {"network.latents": 8, "network.widths": (8, 8, 8), "network.blocks": (1, 1, 1)}
    ),
}


def some_pictures(*, classes=("dark", "light")) -> PictureSet:
    """Dark and light noise: any latent can tell them apart."""
    random = np.random.default_rng(0)
    labels = np.arange(64) % 2
    pixels = random.integers(0, 100, (64, 32, 32, 3), dtype=np.uint8) + (labels * 150)[:, None, None, None]
    return PictureSet(
        name="noise",
        keys=tuple(f"{n}.png" for n in range(64)),
        source=ArrayPixels(pixels.astype(np.uint8)),
        classes=classes,
        labels=labels if classes else np.full(64, IGNORE),
        splits=np.asarray(["train"] * 40 + ["val"] * 8 + ["test"] * 16),
        split_by="folders",
    )


def test_classes_are_read_from_the_latents_of_a_saved_generator(tmp_path) -> None:
    vt.train(vt.Run(task=TASKS["generate"]).with_settings(PLAIN), some_pictures(), out=tmp_path / "run")
    model = vt.load(tmp_path / "run")
    figures = vt.evaluate(model, some_pictures()).figures
    assert figures["probe_accuracy"] == 1.0
    assert figures["knn_accuracy"] == 1.0
    assert {"probe_accuracy", "knn_accuracy"} <= set(model.task.shares)
    # The model's own file was enough: pictures without labels are judged as before.
    unlabeled = vt.evaluate(model, some_pictures(classes=())).figures
    assert "probe_accuracy" not in unlabeled
    assert set(unlabeled) == set(figures) - {"probe_accuracy", "knn_accuracy"}


def test_classes_are_read_from_the_latents_of_a_saved_autoencoder(tmp_path) -> None:
    vt.train(vt.Run(task=TASKS["compress"]).with_settings(PLAIN), some_pictures(), out=tmp_path / "run")
    model = vt.load(tmp_path / "run")
    part = some_pictures().of_split("test")
    loader = Loader(
        part, batch_size=5, workers=0, transform=model.task.augmentation(model.facts, train=False)
    )
    files = OnlyCounted()
    assert isinstance(model.module, CompressModel)
    assert model.module.probe is not None
    assert isinstance(model.task, Compress)
    assert isinstance(model.task.judges(model.module), ProbedJudge)
    judge = ProbedJudge(files, model.task.points, model.module.probe)
    assert judge.result() == {"pictures": 0}
    for batch in loader:
        judge.update(model.module, batch)
    assert judge.result() == {"probe_accuracy": 1.0, "knn_accuracy": 1.0, "pictures": 16}


class OnlyCounted:
    """In the place of files, which an autoencoder after three epochs can hardly write."""

    def __init__(self) -> None:
        self.pictures = 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Count."""
        self.pictures += len(batch)

    def result(self) -> dict[str, Any]:
        """The count."""
        return {"pictures": self.pictures}


@pytest.mark.parametrize("name", TASKS)
def test_a_model_of_pictures_without_classes_has_no_probe(name, tmp_path) -> None:
    trained = vt.train(
        vt.Run(task=TASKS[name]).with_settings(PLAIN | {"epochs": 1}),
        some_pictures(classes=()),
        out=tmp_path / "run",
    )
    assert trained.model is not None
    assert not [key for key in trained.model.module.state_dict() if key.startswith("probe.")]
    judge = trained.model.task.judges(trained.model.module)
    assert not isinstance(judge, ProbedJudge)
