"""What the demo's page says of each of its trainings."""

import io

import numpy as np

from vitral.core import Picture
from vitral.report import Page
from vitral.saved import Model
from vitral.tasks import Compress
from vitral.train import Evaluated, Trained, some_of, worst_mistakes

_COMPARED, _COMPARED_QUALITY = 4, 9


def shown(page: Page, trained: Trained, model: Model, judged: Evaluated) -> tuple[str, float, str]:
    """Add one training to the page.

    Returns:
        Name and value of the figure that sums it up, and the same in words.
    """
    if isinstance(model.task, Compress):
        return _compressed(page, trained, model, judged)
    if model.task.needs == "label":
        return _classified(page, trained, model, judged)
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


def _jpeg_of_size(pixels: np.ndarray, size_bytes: int) -> tuple[np.ndarray, int]:
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


def _facts(page: Page, trained: Trained, judged: Evaluated, first: dict[str, object]) -> None:
    page.facts(
        first
        | {
            "held-out pictures": f"{len(judged.pictures):,}",
            "training time": f"{trained.seconds:.0f} s",
            "the whole report": f"{trained.folder / 'report.html'}",
        }
    )
