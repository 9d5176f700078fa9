"""Generation: what is chosen, exact levels, figures in nats and bits, answers and pictures."""

import dataclasses
import lzma
import math

import numpy as np
import pytest
import torch

from vitral.core import IGNORE, Batch, DataError, OptionError
from vitral.data import ArrayPixels, PictureSet, scan
from vitral.nn import Bernoulli, DiscretizedLogistics, Ladder
from vitral.tasks import Generate
from vitral.tasks.generate import asked_labels, grid, to_levels
from vitral.tasks.generate.files import LosslessFiles
from vitral.tasks.generate.pictures import samples
from vitral.tasks.points import GivesPoints

SMALL = Ladder(width=8, latents=4, channels=2)


def some_pictures(*, grey=True, binary=False, classes=("a", "b"), height=20, width=24) -> PictureSet:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (8, height, width, 1 if grey else 3), dtype=np.uint8)
    pixels = np.where(pixels > 127, 255, 0).astype(np.uint8) if binary else pixels
    return PictureSet(
        name="some",
        keys=tuple(f"{n}.png" for n in range(8)),
        source=ArrayPixels(np.ascontiguousarray(np.broadcast_to(pixels, (8, height, width, 3)))),
        classes=classes,
        labels=np.arange(8) % len(classes) if classes else np.full(8, IGNORE),
        splits=np.asarray(["train"] * 8),
        split_by="folders",
    )


def decided(task: Generate | None = None, **options):
    found = scan(some_pictures(**options), short_side=None)
    task, choices = (task or Generate(network=SMALL)).decide(found.pictures, found.facts)
    return task, found, {choice.name: choice.used for choice in choices}


def batch_of(pictures: PictureSet, task: Generate, facts, *, epoch=0) -> Batch:
    batch = Batch(
        pixels=[pictures.pixels(n) for n in range(8)],
        labels=torch.as_tensor(pictures.labels.copy()),
        indices=np.arange(8),
        keys=pictures.keys,
        seed=0,
        epoch=epoch,
        position=0,
    )
    return task.augmentation(facts, train=False)(batch)


def built(task: Generate, facts):
    torch.manual_seed(0)
    model = task.build(facts).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model


def test_grey_pictures_with_classes_get_one_channel_and_can_be_asked_for_by_class() -> None:
    task, _, chosen = decided()
    assert (task.size, task.channels, task.conditional, task.flip) == (20, 1, True, False)
    assert task.likelihood == DiscretizedLogistics()
    assert chosen["size"] == "20 px"


def test_colored_pictures_without_classes_get_three_channels_and_one_distribution() -> None:
    task, _, _ = decided(grey=False, classes=(), height=40, width=50)
    assert (task.size, task.channels, task.conditional, task.flip) == (40, 3, False, True)


def test_black_and_white_pictures_are_counted_by_a_bernoulli() -> None:
    task, _, chosen = decided(binary=True)
    assert isinstance(task.likelihood, Bernoulli)
    assert chosen["likelihood"] == "bernoulli"


def test_large_pictures_are_learned_at_64_pixels() -> None:
    assert decided(height=70, width=90)[0].size == 64


def test_what_was_asked_stays() -> None:
    asked = Generate(
        size=16, network=SMALL, likelihood=Bernoulli(), channels=3, conditional=False, flip=True, k=3
    )
    task, _, chosen = decided(asked)
    assert task == asked
    assert chosen == {}


def test_classes_that_do_not_exist_cannot_be_asked_for() -> None:
    with pytest.raises(DataError, match="classes can be asked for only where pictures have them"):
        decided(Generate(conditional=True), classes=())


def test_two_channels_are_refused() -> None:
    with pytest.raises(OptionError, match=r"Generate.channels: must be 1 \(grey\) or 3 \(colors\), got 2"):
        Generate(channels=2)


def test_an_open_task_builds_nothing() -> None:
    task, found, _ = decided()
    with pytest.raises(OptionError, match=r"is still open; call decide\(\) first"):
        Generate().build(found.facts)
    with pytest.raises(OptionError, match=r"Generate\.likelihood: is still open"):
        dataclasses.replace(task, likelihood=None).build(found.facts)


def test_levels_come_through_exactly_where_the_size_is_that_of_the_pictures() -> None:
    for grey in (True, False):
        task, found, _ = decided(grey=grey)
        pictures, _ = task.ready(built(task, found.facts), batch_of(found.pictures, task, found.facts))
        levels = (pictures * 255).round().byte().permute(0, 2, 3, 1).numpy()
        original = np.stack([found.pictures.pixels(n) for n in range(8)])
        assert np.array_equal(levels, original[..., : task.channels])


def test_pictures_of_one_shape_keep_it_and_others_become_squares() -> None:
    task, found, _ = decided(height=20, width=24)
    assert built(task, found.facts).network.shape == (1, 20, 24)
    mixed = dataclasses.replace(found.facts, width_px=(20, 24, 30))
    assert built(task, mixed).network.shape == (1, 20, 20)
    half = dataclasses.replace(task, size=10)
    assert built(half, found.facts).network.shape == (1, 10, 12)


def judged(task, found, model, counters):
    with torch.inference_mode():
        counters.update(model, batch_of(found.pictures, task, found.facts))
    return counters.result()


def test_nats_and_bits_are_of_whole_pictures_and_the_class_is_paid_for() -> None:
    task, found, _ = decided()
    model = built(task, found.facts)
    figures = judged(task, found, model, task.metrics(found.facts))
    assert figures["nats"] == pytest.approx(
        figures["distortion"] + sum(figures["kl_per_group"]) + math.log(2)
    )
    assert figures["bits_per_dim"] == pytest.approx(figures["nats"] / (20 * 24) / math.log(2))
    # Noise of 256 levels cannot be told in less than 8 bits a pixel.
    assert figures["bits_per_dim"] > 7.5


def test_judging_twice_gives_equal_figures_with_all_keys() -> None:
    task, found, _ = decided(Generate(network=SMALL, k=5))
    model = built(task, found.facts)
    figures = judged(task, found, model, task.judges(model))
    assert figures == judged(task, found, model, task.judges(model))
    wanted = {"bits_per_dim", "nats", "iw_bits_per_dim", "iw_k", "kl_per_group", "active_units"}
    assert wanted <= set(figures)
    assert figures["iw_k"] == 5
    assert len(figures["kl_per_group"]) == 5
    assert 0 <= figures["active_units"] <= figures["latents"] == model.network.latents
    assert figures["iw_nats"] <= figures["nats"] + 1
    coders = [row["coder"] for row in figures["comparison"]]
    assert coders[:3] == ["this model, negative ELBO", "this model, 5 samples", "PNG"]
    assert figures["png_bits_per_dim"] > 8  # noise does not compress
    assert task.charts(figures)[0].series["KL"][0] == (1.0, figures["kl_per_group"][0])


def test_dynamic_pictures_are_new_in_every_epoch_and_fixed_when_judged() -> None:
    task, found, _ = decided(Generate(network=SMALL, likelihood=Bernoulli(binarize="dynamic")))
    model = built(task, found.facts)
    first, second, again = (
        task.ready(model, batch_of(found.pictures, task, found.facts, epoch=epoch))[0] for epoch in (0, 1, 0)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert set(first.unique().tolist()) == {0.0, 1.0}


def test_an_answer_holds_bits_and_a_reconstruction_and_ignores_its_neighbors() -> None:
    task, found, _ = decided(Generate(network=SMALL, likelihood=Bernoulli(binarize="dynamic")))
    model = built(task, found.facts)
    pictures = [found.pictures.pixels(n) for n in range(8)]
    together = task.predict(model, pictures)
    assert task.predict(model, pictures[3:4])[0] == together[3]
    one = together[0]
    assert one.bits_per_dim == pytest.approx(one.nats / (20 * 24) / math.log(2))
    assert one.reconstruction.shape == one.original.shape == (20, 24, 3)
    assert one.headline() == f"{one.bits_per_dim:.3f} bits/dim"
    assert one.to_json() == {"nats": one.nats, "bits_per_dim": one.bits_per_dim}
    assert one.drawn(pictures[0], "0.png").pixels.shape == (24, 2 * 26 + 2, 3)


@pytest.mark.parametrize("classes", [(), ("a", "b")])
def test_it_draws_reconstructions_new_pictures_walks_two_axes_and_two_maps(classes) -> None:
    task, found, _ = decided(classes=classes)
    model = concluded(task, found)
    drawn = task.pictures(model, batch_of(found.pictures, task, found.facts))
    groups = {picture.group for picture in drawn}
    named = {"Pictures and their reconstructions", "New pictures", "Walks", "Two latent axes"}
    assert groups == named | {"Maps of the latents"}
    assert sum(picture.wide for picture in drawn) == 8
    again = task.pictures(model, batch_of(found.pictures, task, found.facts))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(drawn, again, strict=True))


def concluded(task: Generate, found):
    model = built(task, found.facts)
    task.conclude(model, lambda *_, **__: [batch_of(found.pictures, task, found.facts)])
    return model


@pytest.mark.parametrize("classes", [(), ("a", "b")])
def test_the_end_of_a_training_fits_a_mixture_that_travels_with_the_model(classes) -> None:
    task, found, _ = decided(classes=classes)
    model, again = concluded(task, found), concluded(task, found)
    untouched = built(task, found.facts)
    assert model.prior is not None
    assert again.prior is not None
    assert untouched.prior is not None
    assert model.prior.classes == len(classes)
    assert not torch.equal(model.prior.means, untouched.prior.means)
    assert all(torch.equal(a, b) for a, b in zip(model.prior.buffers(), again.prior.buffers(), strict=True))
    untouched.load_state_dict(model.state_dict(), strict=True)
    labels = torch.tensor([0, 1, -1])
    drawn = [
        one.draw(labels, prior="mixture", random=torch.Generator().manual_seed(1))
        for one in (model, untouched)
    ]
    assert torch.equal(*drawn)
    assert drawn[0].shape == (3, 1, 20, 24)


def test_a_model_from_before_there_were_mixtures_loads_and_draws_from_its_own_prior_only() -> None:
    task, found, _ = decided()
    model, older = concluded(task, found), built(task, found.facts)
    assert model.priors == ("standard", "mixture")
    late = ("prior.", "probe.")
    old = {name: value for name, value in model.state_dict().items() if not name.startswith(late)}
    older.load_state_dict(old, strict=True)
    assert older.priors == ("standard",)
    assert {picture.title.split()[0] for picture in samples(older)} == {"standard"}
    assert older.draw(torch.tensor([0, 1])).shape == (2, 1, 20, 24)
    with pytest.raises(OptionError, match=r"--prior: no mixture was fitted .* leave it out, or train again"):
        asked_labels(older, 3, name=None, prior="mixture")


def test_pictures_without_a_class_do_not_spoil_the_mixture() -> None:
    task, found, _ = decided()
    model = built(task, found.facts)
    batch = batch_of(found.pictures, task, found.facts)
    batch.labels = torch.full((8,), IGNORE)
    assert model.prior is not None
    task.conclude(model, lambda *_, **__: [batch])
    assert all(buffer.isfinite().all() for buffer in model.prior.buffers())
    task.conclude(model, lambda *_, **__: [])
    assert torch.allclose(model.prior.shares, torch.full((2,), 0.5))


def test_points_are_the_means_of_the_posterior_without_a_class() -> None:
    task, found, _ = decided()
    model, batch = built(task, found.facts), batch_of(found.pictures, task, found.facts)
    assert isinstance(task, GivesPoints)
    assert batch.inputs is not None
    with torch.inference_mode():
        points = task.points(model, batch.inputs)
        assert torch.equal(points, model.network.encode(batch.inputs[:, :1]))


def test_a_grid_has_gaps_and_takes_an_unfinished_row() -> None:
    sheet = grid([np.full((2, 3, 3), level, np.uint8) for level in (0, 50, 255)], 2)
    assert sheet.shape == (2 * 4 + 2, 2 * 5 + 2, 3)
    assert (sheet[2:4, 7:10] == 50).all()
    assert (sheet[6:8, 2:5] == 255).all()
    assert (sheet[6:8, 7:10] == 128).all()


def test_grey_on_the_unit_interval_becomes_levels_of_three_channels() -> None:
    assert to_levels(torch.tensor([[[[0.0, 1.0, 0.5019608]]]])).tolist() == [
        [[[0] * 3, [255] * 3, [128] * 3]]
    ]


def test_files_are_counted_whole_and_black_and_white_takes_one_bit() -> None:
    random = np.random.default_rng(0)
    grey = torch.from_numpy(random.integers(0, 256, (4, 1, 16, 16)) / 255.0)
    counted = LosslessFiles()
    counted.update(grey[:2])
    counted.update(grey[2:])
    found = counted.result()
    assert found == counted.result()
    raw = (grey * 255).round().byte().numpy().tobytes()
    own = lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)
    assert found["xz of the raw set"] == pytest.approx(8 * len(own) / 1024, rel=0.02)
    assert {"PNG", "WebP lossless"} <= set(found)
    binary = LosslessFiles()
    binary.update((torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(0)) > 0.5).float())
    assert 1 <= binary.result()["PNG"] < 1.5
    assert LosslessFiles().result() == {}
