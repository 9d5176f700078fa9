"""`report.html`: what a training did and what the model learned, on one self-contained page."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vitral.core import Batch, Picture
from vitral.core.record import Chosen, Epoch, Step, read_records, without_repeats
from vitral.data import Loader, PictureSet
from vitral.saved import Model
from vitral.tasks import Task
from vitral.train.folder import METRICS_FILE, REPORT_FILE
from vitral.train.session import Session

if TYPE_CHECKING:
    from vitral.report import Page

_MOST_JUDGED = 4096
_MOST_SHOWN = 24
_NOT_DRAWN = ("top5",)


def write_report(session: Session, model: Model, figures: dict[str, Any]) -> None:
    """Write the run's `report.html` from its record and its kept model."""
    from vitral.report import Page  # here, because `import vitral` draws nothing

    events = without_repeats(read_records(session.folder / METRICS_FILE))
    score = session.run.task.score.name
    page = Page(
        f"{session.run.task.kind}: {session.scan.pictures.name}", subtitle=session.scan.pictures.found
    )
    facts: dict[str, Any] = {}
    if score in figures:
        facts[f"{score.replace('_', ' ')}, validation"] = session.run.task.score.shown(figures[score])
    facts["training pictures"] = f"{len(session.train):,}"
    facts["epochs"] = f"{session.epoch}"
    facts["training time"] = f"{session.elapsed_s / 60:.1f} min"
    facts["weights"] = f"{sum(p.numel() for p in session.model.parameters()):,}"
    page.facts(facts)
    _curves(page, events, session.run.task)
    _first_batch(page, session)
    if len(session.val):
        _judged(page, session, model, figures)
    page.heading("What was chosen, and why")
    page.table(
        [
            {"what": e.name, "asked": e.asked, "used": e.used, "why": e.why}
            for e in events
            if isinstance(e, Chosen)
        ]
    )
    if session.scan.broken:
        page.heading("Pictures that were left out")
        page.table([{"picture": b.key, "reason": b.reason} for b in session.scan.broken[:200]])
    page.write(session.folder / REPORT_FILE)


def _curves(page: "Page", events: list[Any], task: Task) -> None:
    epochs = [e for e in events if isinstance(e, Epoch)]
    steps = [e for e in events if isinstance(e, Step)]
    loss: dict[str, list[tuple[float, float]]] = {
        "training": [(e.epoch + 1.0, e.train_loss) for e in epochs if e.train_loss is not None],
        "validation": [(e.epoch + 1.0, e.validation_loss) for e in epochs if e.validation_loss is not None],
    }
    page.heading("How it learned")
    page.curves({k: v for k, v in loss.items() if v}, title="loss", x_label="epoch", y_label=task.loss_unit)
    names = list(dict.fromkeys(name for e in epochs for name in e.scores if name not in _NOT_DRAWN))
    for share in (True, False):
        scores = {
            name.replace("_", " "): [(e.epoch + 1.0, e.scores[name]) for e in epochs if name in e.scores]
            for name in names
            if (name in task.shares) == share
        }
        for group in [scores] if share and scores else [{name: points} for name, points in scores.items()]:
            title = "validation" if share else next(iter(group))
            page.curves(group, title=title, x_label="epoch", y_label="share" if share else "")
    rate = {"learning rate": [(e.epoch + e.share, e.learning_rate) for e in steps]}
    page.curves(rate, title="learning rate", x_label="epoch", y_label="")


def _first_batch(page: "Page", session: Session) -> None:
    augmentation = session.run.task.augmentation(session.scan.facts, train=True, progress=0.0)
    loader = Loader(
        session.train, batch_size=min(16, len(session.train)), shuffle=True, workers=0, seed=session.run.seed,
        transform=augmentation,
    )  # fmt: skip
    page.heading("What the network sees")
    page.text("The first pictures of the first epoch, changed at random as in training.")
    page.gallery(augmentation.show(next(iter(loader))))


def _judged(page: "Page", session: Session, model: Model, figures: dict[str, Any]) -> None:
    per_class(page, model, figures)
    if model.task.needs != "label":
        page.heading("What it makes of validation pictures")
        page.gallery(model.task.pictures(model.module, some_of(session.val, model.task.shown_at_once)))
        return
    worst = worst_mistakes(model, session.val)
    if worst:
        page.heading("The most confident mistakes")
        page.text("Validation pictures; look here first for wrong labels.")
        page.gallery(worst)


def per_class(page: "Page", model: Model, figures: dict[str, Any]) -> None:
    """Draw what is taken for what, and the figures of each class, where the task has such figures."""
    if "confusion" in figures or "per_class" in figures:
        page.heading("What it gets right and wrong")
    if "confusion" in figures:
        page.confusion(figures["confusion"], model.task.class_names(model.facts))
    if "per_class" in figures:
        page.table([{"class": name} | values for name, values in figures["per_class"].items()])


def worst_mistakes(model: Model, pictures: PictureSet, *, most: int = _MOST_SHOWN) -> list[Picture]:
    """The wrong answers the model is surest of, drawn; at most 4096 evenly spread pictures are judged."""
    wrong: list[Picture] = []
    judged = _spread(pictures, _MOST_JUDGED)
    for start in range(0, len(judged), 64):
        batch = _batch_of(pictures, judged[start : start + 64])
        wrong += [picture for picture in model.task.pictures(model.module, batch) if picture.mood == "bad"]
        wrong = sorted(wrong, key=lambda picture: -picture.weight)[:most]
    return wrong


def some_of(pictures: PictureSet, count: int) -> Batch:
    """A batch of at most `count` pictures, evenly spread over the set."""
    return _batch_of(pictures, _spread(pictures, count))


def _spread(pictures: PictureSet, most: int) -> list[int]:
    return np.linspace(0, len(pictures) - 1, min(most, len(pictures))).astype(int).tolist()


def _batch_of(pictures: PictureSet, indices: list[int]) -> Batch:
    batch = Batch.loose(
        [pictures.pixels(i) for i in indices],
        labels=torch.as_tensor(pictures.labels[indices]),
        indices=indices,
        keys=tuple(pictures.keys[i] for i in indices),
    )
    rows = pictures.rows[indices].tolist()
    if pictures.masks is not None:
        batch.masks = [pictures.masks.read(row) for row in rows]
    if pictures.objects is not None:
        found = [pictures.objects.of(row) for row in rows]
        batch.boxes = [one.boxes for one in found]
        batch.box_labels = [one.labels for one in found]
        batch.box_crowd = [one.crowd for one in found]
    return batch
