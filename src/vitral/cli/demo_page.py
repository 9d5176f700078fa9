"""What the demo's page says of each of its trainings."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vitral.core import Batch, Picture
from vitral.report import Page
from vitral.saved import Model
from vitral.tasks import Classify, Colorize, Compress, Detect, Segment
from vitral.train import Evaluated, Trained, some_of, worst_mistakes

_COMPARED, _COMPARED_QUALITY = 4, 9
# Three strips stand side by side on the page.
_STRIPS, _STRIP_PX = 12, 330
_BOXED = 9
_ENLARGED = 3


def shown(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    """Add one training to the page.

    Returns:
        Name and value of the figure that sums it up, and the same in words.
    """
    for task, section in _SECTIONS.items():
        if isinstance(model.task, task):
            return section(page, trained, model, judged)
    return _generated(page, trained, model, judged)


def _classified(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    accuracy = float(judged.figures["accuracy"])
    _facts(page, trained, judged, {"accuracy on held-out pictures": f"{accuracy:.2%}"})
    page.gallery(model.task.pictures(model.module, some_of(judged.pictures, 24)))
    page.confusion(judged.figures["confusion"], model.facts.classes)
    worst = worst_mistakes(model, judged.pictures, most=8)
    if worst:
        page.text("The most confident mistakes:")
        page.gallery(worst)
    return "accuracy", accuracy, f"{accuracy:.2%} on {len(judged.pictures):,} held-out pictures"


def _generated(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    bits = float(judged.figures["bits_per_dim"])
    files = {
        name.removesuffix("_bits_per_dim"): value
        for name, value in judged.figures.items()
        if name.endswith("_bits_per_dim") and isinstance(value, float)
    }
    _facts(page, trained, judged, {"negative ELBO, bits per dimension": f"{bits:.3f}"})
    page.bars({"Vitral": bits} | files, title="bits per dimension of the same pictures: bound and files")
    page.gallery(model.task.pictures(model.module, some_of(judged.pictures, model.task.shown_at_once)))
    return "bits_per_dim", bits, f"{bits:.3f} on {len(judged.pictures):,} held-out pictures"


def _compressed(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    rate = float(judged.figures["bd_rate_vs_jpeg"] or 0.0)
    _facts(page, trained, judged, {"bits against JPEG at equal PSNR": f"{rate:+.0f} %"})
    for chart in model.task.charts(judged.figures):
        page.curves(chart.series, title=chart.title, x_label=chart.x_label, y_label=chart.y_label)
    page.text("Originals, our files, and the JPEG that comes nearest to their size without being smaller:")
    page.gallery(_beside_jpeg(model, judged))
    return "bd_rate_vs_jpeg", rate, f"{rate:+.0f} % bits at equal PSNR"


def _beside_jpeg(model: Model, judged: Evaluated) -> list[Picture]:
    assert isinstance(model.task, Compress)
    drawn: list[Picture] = []
    for number, pixels in enumerate(some_of(judged.pictures, _COMPARED).pixels, start=1):
        pixels = np.asarray(pixels)
        data = model.task.encode(model.module, pixels, quality=_COMPARED_QUALITY)
        made = model.task.decode(model.module, data).pixels
        jpeg, size = _jpeg_of_size(pixels, len(data))
        group = f"Scene {number}"
        drawn += [
            Picture(pixels=pixels, title="original", group=group),
            Picture(pixels=made, title=f"Vitral, {len(data)} bytes", group=group),
            Picture(pixels=jpeg, title=f"JPEG, {size} bytes", group=group),
        ]
    return drawn


def _jpeg_of_size(pixels: NDArray[np.uint8], size_bytes: int) -> tuple[NDArray[np.uint8], int]:
    """The first JPEG, from the coarsest, of at least so many bytes."""
    from PIL import Image

    data = b""
    for quality in range(1, 96):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, optimize=True)
        data = buffer.getvalue()
        if len(data) >= size_bytes:
            break
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), len(data)


def _segmented(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    overlap, right = float(judged.figures["mean_iou"]), float(judged.figures["pixel_accuracy"])
    first = {"mean IoU": f"{overlap:.2%}", "pixels right": f"{right:.2%}"}
    _facts(page, trained, judged, first)
    each = {name: row["iou"] or 0.0 for name, row in judged.figures["per_class"].items()}
    page.bars(each, title="IoU: what answer and truth share of the area of both")
    page.text("Picture, answer, and what is right:")
    page.gallery(_masks(model, some_of(judged.pictures, _STRIPS)), size=_STRIP_PX)
    return "mean_iou", overlap, f"{overlap:.2%} on {len(judged.pictures):,} held-out pictures"


def _masks(model: Model, batch: Batch) -> list[Picture]:
    from vitral.report.class_colors import class_colors

    assert batch.masks is not None
    shown, colors = [np.asarray(pixels) for pixels in batch.pixels], class_colors(background=True)
    drawn: list[Picture] = []
    answers = model.task.predict(model.module, shown)
    for pixels, answer, mask in zip(shown, answers, batch.masks, strict=True):
        names = ", ".join(name for name in answer.shares() if name != answer.classes[0])
        right = float((answer.mask == mask).mean())
        strip = _strip([pixels, colors[answer.mask], colors[mask]])
        drawn.append(Picture(pixels=strip, title=names, note=f"{right:.1%} of the pixels right"))
    return drawn


def _detected(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    ap50, mean_ap = float(judged.figures["ap50"]), float(judged.figures["map"])
    first = {"AP50": f"{ap50:.2%}", "mAP, 0.5 to 0.95": f"{mean_ap:.2%}"}
    _facts(page, trained, judged, first)
    # The other chart has a line more than there are colors.
    for chart in model.task.charts(judged.figures)[:1]:
        page.curves(chart.series, title=chart.title, x_label=chart.x_label, y_label=chart.y_label)
    page.text("What is found, with how sure each box is:")
    page.gallery(_boxes(model, some_of(judged.pictures, _BOXED)), size=_STRIP_PX)
    return "ap50", ap50, f"{ap50:.2%} on {len(judged.pictures):,} held-out pictures"


def _boxes(model: Model, batch: Batch) -> list[Picture]:
    from vitral.tasks.detect.judging import Marked
    from vitral.tasks.detect.truth import mistakes

    shown = [np.asarray(pixels) for pixels in batch.pixels]
    drawn: list[Picture] = []
    for number, answer in enumerate(model.task.predict(model.module, shown)):
        missed, extra = mistakes(answer, Marked(batch, number))
        words = [f"missed {n} {name}" for name, n in missed.items()]
        words += [f"{n} {name} too many" for name, n in extra.items()]
        pixels = answer.drawn(shown[number], "").pixels
        note, mood = ", ".join(words) or "all found", "bad" if words else "good"
        drawn.append(Picture(pixels=pixels, title=answer.headline(), note=note, mood=mood))
    return drawn


def _colorized(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    error = float(judged.figures["delta_e_ab"])
    rows = {row["picture"]: row for row in judged.figures["beside"]}
    vivid = float(judged.figures["colorfulness_ratio"])
    first = {"mean error of colors": f"{error:.1f}", "color against originals": f"{vivid:.0%}"}
    _facts(page, trained, judged, first)
    errors = {name: float(rows[key]["delta_e_ab"]) for name, key in _WAYS.items()}
    page.bars(errors, title="mean error of colors: distance in a and b of Lab")
    page.text("All that the model sees, what it makes of it, and the original:")
    page.gallery(_in_color(model, some_of(judged.pictures, _STRIPS)), size=_STRIP_PX)
    return (
        "delta_e_ab",
        error,
        f"mean distance {error:.1f} in Lab on {len(judged.pictures):,} held-out pictures",
    )


_WAYS = {"Vitral": "colorized", "one flat tint": "flat tint", "left grey": "grey"}


def _in_color(model: Model, batch: Batch) -> list[Picture]:
    from vitral.tasks.colorize.tints import grey_of

    shown = [np.asarray(pixels) for pixels in batch.pixels]
    return [
        Picture(pixels=_strip([grey_of(pixels), answer.pixels, pixels]))
        for pixels, answer in zip(shown, model.task.predict(model.module, shown), strict=True)
    ]


def _strip(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures of one size in a row, enlarged with visible pixels."""
    gap = np.full((len(pictures[0]) * _ENLARGED, 2 * _ENLARGED, 3), 255, dtype=np.uint8)
    row: list[NDArray[np.uint8]] = []
    for pixels in pictures:
        row += [gap, pixels.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1)]
    return np.concatenate(row[1:], axis=1)


def _facts(page: Page, trained: Trained, judged: Evaluated, first: Mapping[str, object]) -> None:
    page.facts(
        {
            **first,
            "held-out pictures": f"{len(judged.pictures):,}",
            "training time": f"{trained.seconds:.0f} s",
            "the whole report": f"{trained.folder / 'report.html'}",
        }
    )


_SECTIONS = {
    Classify: _classified,
    Colorize: _colorized,
    Compress: _compressed,
    Detect: _detected,
    Segment: _segmented,
}
