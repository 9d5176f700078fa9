"""Colorization: colors on an unchanged lightness, hints, proposals, and what is counted."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vitral.core import Batch, DataError, ImageError, MissingExtra, OptionError, available
from vitral.data import ArrayPixels, DataFacts, PictureSet
from vitral.nn import ResidualPyramid, UNet
from vitral.nn.color import colorfulness, levels_to_lab
from vitral.tasks.colorize import Colorize, ColorizeModel, Hint, one_pass
from vitral.tasks.colorize.hints import honored, simulated_hints
from vitral.tasks.colorize.one_pass import pass_size
from vitral.tasks.colorize.proposals import proposals
from vitral.tasks.colorize.tints import flat_tint_of, grey_of
from vitral.tasks.colorize.video import Smoother, color_video
from vitral.tasks.colorize.vividness import TEMPERATURES, Vividness
from vitral.tasks.writing import Answered

FACTS = DataFacts(
    classes=(), counts=(), pictures=4, height_px=(40, 48, 60), width_px=(40, 48, 60),
    mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=False,
)  # fmt: skip
SMALL = UNet(encoder=ResidualPyramid(stem=8, widths=(8, 16), depths=(1, 1)), widths=(16, 16), dropout=0.0)


def task_of(**options: Any) -> Colorize:
    return Colorize(size=32, look=40, network=SMALL, **options)


def model_of(task: Colorize) -> ColorizeModel:
    """An untrained model whose places differ."""
    torch.manual_seed(0)
    model = task.build(FACTS)
    with torch.no_grad():
        for name, weight in model.network.named_parameters():
            weight.mul_(100 if name.startswith("heads") and weight.shape[2:] == (1, 1) else 1)
    return model.eval()


TASK = task_of()
MODEL = model_of(TASK)


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    import cv2

    small = np.random.default_rng(seed).integers(0, 256, (5, 6, 3)).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return large.clip(0, 255).astype(np.uint8).reshape(height, width, 3)


def batch_of(task: Colorize, pictures: list[np.ndarray]) -> Batch:
    return task.augmentation(FACTS, train=False)(Batch.loose(pictures))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (16, 16), (67, 41), (333, 250)])
def test_a_picture_of_any_size_is_colored_in_that_size_and_keeps_its_lightness(shape):
    pixels = photograph(*shape)
    answer = TASK.predict(MODEL, [pixels])[0]
    assert answer.pixels.shape == pixels.shape
    off = levels_to_lab(answer.pixels)[..., 0] - levels_to_lab(pixels)[..., 0]
    assert np.abs(off).max() < 0.5
    assert answer.colorfulness > 5 or min(shape) == 1


def test_of_a_picture_in_color_only_the_lightness_is_looked_at():
    pixels = photograph(60, 80)
    colored, grey = (TASK.colorize(MODEL, one).pixels for one in (pixels, grey_of(pixels)))
    assert np.abs(colored.astype(int) - grey).mean() < 3


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([16, 64, 256]))
def test_the_one_pass_keeps_the_aspect_and_is_never_large(height, width, short):
    rows, columns = pass_size(height, width, short)
    assert rows % 8 == columns % 8 == 0
    assert 8 <= min(rows, columns) <= short + 4
    assert max(rows, columns) <= 4 * short + 4
    if max(height, width) <= 4 * min(height, width):
        assert abs(rows - short * max(1, height / width)) <= 4.1
        assert abs(columns - short * max(1, width / height)) <= 4.1


def test_strips_leave_no_seam(monkeypatch):
    pixels = photograph(130, 90)
    whole = TASK.colorize(MODEL, pixels).pixels
    monkeypatch.setattr(one_pass, "_STRIP_PIXELS", 700)
    assert np.array_equal(TASK.colorize(MODEL, pixels).pixels, whole)


def test_more_vividness_is_more_color_and_none_is_grey():
    pixels = photograph(60, 80)
    found = [TASK.colorize(MODEL, pixels, vividness=v) for v in (0.0, 0.5, 1.0, 1.5)]
    assert np.abs(levels_to_lab(found[0].pixels)[..., 1:]).max() < 1.5
    assert [one.colorfulness for one in found] == sorted(one.colorfulness for one in found)


def test_a_temperature_is_chosen_by_what_was_measured():
    vivid = Vividness()
    vivid.fit([(10.0, lambda t: 10 * (1.4 - t)), (20.0, lambda t: 20 * (1.4 - t))])
    assert vivid.chosen(1.0) == (pytest.approx(0.4, abs=0.01), 1.0)
    assert vivid.chosen(0.2) == (1.0, pytest.approx(0.5))
    least, factor = vivid.chosen(1.3)
    assert least == pytest.approx(TEMPERATURES[-1])
    assert factor == pytest.approx(1.3 / 1.13, rel=1e-3)


def test_a_model_that_knows_little_is_not_made_to_shout():
    vivid = Vividness()
    vivid.fit([(10.0, lambda _: 2.0)])
    assert vivid.chosen(1.0)[1] == 1.25


def test_pictures_without_color_leave_vividness_as_it_was():
    vivid, before = Vividness(), Vividness().ratios
    vivid.fit([(0.0, lambda _: 2.0)])
    assert torch.equal(vivid.ratios, before)


def test_a_hint_holds_where_it_is():
    pixels = grey_of(photograph(60, 80))
    for text, sign in (("40,30,#c83232", 1), ("40,30,#32a050", -1)):
        hint = Hint.read(text)
        made = levels_to_lab(TASK.colorize(MODEL, pixels, hints=[hint]).pixels)[30, 40, 1:]
        assert sign * made[0] > 10
        # As far as the lightness there allows.
        assert abs(np.arctan2(made[1], made[0]) - np.arctan2(hint.ab[1], hint.ab[0])) < 0.35


@pytest.mark.parametrize("text", ["", "3,4", "3,4,red", "3,4,#12345", "a,b,#123456", "3,4,#1234567"])
def test_a_hint_that_is_none_is_refused(text):
    with pytest.raises(OptionError, match="--hint: must be x,y,#rrggbb such as 120,80,#c03020, got"):
        Hint.read(text)


def test_a_hint_outside_of_the_picture_is_refused():
    with pytest.raises(OptionError, match="--hint: must lie in the picture of 20 x 10 px, got 20,3"):
        TASK.colorize(MODEL, photograph(10, 20), hints=[Hint.read("20,3,#ff0000")])


def test_made_up_hints_are_few_and_true():
    ab = (
        torch.from_numpy(levels_to_lab(photograph(64, 64))[..., 1:])
        .permute(2, 0, 1)[None]
        .repeat(200, 1, 1, 1)
    )
    torch.manual_seed(0)
    shown, mask = simulated_hints(ab, share=0.5)
    given_any = mask.amax((1, 2, 3)) > 0
    assert 70 < int(given_any.sum()) < 130
    assert mask.mean() < 0.05
    assert (shown * (1 - mask) == 0).all()
    any_color = (ab - ab.mean((2, 3), keepdim=True)).abs().sum(1).mean()
    assert ((shown - ab).abs() * mask).sum() / mask.sum() < 0.5 * any_color
    assert simulated_hints(ab, share=0.0)[1].sum() == 0


def test_proposals_differ_and_each_is_of_one_piece():
    pixels = photograph(60, 80)
    answer = TASK.colorize(MODEL, pixels, count=4)
    assert len(answer.others) == 3
    assert answer.to_json()["proposals"] == 4
    made = [levels_to_lab(one)[..., 1:] for one in (answer.pixels, *answer.others)]
    for n, one in enumerate(made):
        for other in made[:n]:
            assert np.linalg.norm(one - other, axis=-1).mean() > 2
    again = TASK.colorize(MODEL, pixels, count=4)
    assert all(np.array_equal(one, other) for one, other in zip(answer.others, again.others, strict=True))
    assert np.array_equal(answer.pixels, TASK.colorize(MODEL, pixels).pixels)


def test_places_that_are_alike_get_one_color_in_every_proposal():
    scores = torch.randn(1, 261, 1, 1).expand(-1, -1, 5, 7)
    for one in proposals(scores, 3, temperature=0.4):
        assert (one - one[..., :1, :1]).abs().max() < 1e-3


def test_a_regression_gives_one_answer_and_does_not_say_how_sure_it_is():
    task = task_of(regression=True)
    model = model_of(task)
    answer = task.colorize(model, photograph(30, 40))
    assert answer.confidence is None
    assert "sure" not in answer.detail()
    assert len(task.pictures(model, Batch.loose([photograph(30, 40)]))) == 3
    with pytest.raises(OptionError, match="--proposals: must be 1 for a model that learned by regression"):
        task.colorize(model, photograph(30, 40), count=2)
    loss = task.losses(model.train(), batch_of(task, [photograph(40, 40)]))["loss"]
    assert float(loss.detach()) > 0


def test_grey_pictures_do_not_change_the_loss():
    task = task_of(hints=0.0, light=0.0)
    colored, grey = photograph(40, 40), grey_of(photograph(40, 40, seed=1))
    alone = task.losses(MODEL, batch_of(task, [colored]))["loss"]
    beside = task.losses(MODEL, batch_of(task, [colored, grey]))["loss"]
    assert float(beside.detach()) == pytest.approx(float(alone.detach()), rel=1e-5)
    nothing = task.losses(MODEL, batch_of(task, [grey]))["loss"]
    nothing.backward()
    assert float(nothing.detach()) == 0
    assert all(one.grad is None or one.grad.isfinite().all() for one in MODEL.parameters())
    MODEL.zero_grad()


def test_a_critic_comes_at_the_end_and_pulls_the_network_the_other_way():
    task = task_of(critic=1.0, hints=0.0, light=0.0)
    model = model_of(task)
    batch = batch_of(task, [photograph(40, 40)])
    batch.progress = 0.5
    early = float(task.losses(model, batch)["loss"].detach())
    batch.progress = 0.9
    late = float(task.losses(model, batch)["loss"].detach())
    # Who cannot tell two things apart pays the logarithm of 2 for each.
    assert late - early == pytest.approx(2 * np.log(2), abs=0.3)
    critic = model.critic
    assert critic is not None
    lightness, right = torch.full((1, 1, 8, 8), 50.0), torch.zeros(1, 2, 8, 8)
    gradients: list[torch.Tensor] = []
    for weight in (1.0, -1.0):
        made = torch.full((1, 2, 8, 8), 20.0, requires_grad=True)
        critic.loss(lightness, made, right, weight=weight).sum().backward()
        assert made.grad is not None
        gradients.append(made.grad)
    assert gradients[0].abs().sum() > 0
    assert torch.allclose(gradients[0], -gradients[1])
    assert task_of().build(FACTS).critic is None


def test_a_folder_of_grey_pictures_is_refused_in_one_sentence():
    pictures = PictureSet(name="old", keys=("a",), source=ArrayPixels(np.zeros((1, 9, 9, 3), np.uint8)))
    import dataclasses

    with pytest.raises(DataError, match="old: all pictures are grey; a colorizer learns from pictures in"):
        Colorize().decide(pictures, dataclasses.replace(FACTS, grey=True))


def test_validation_counts_the_same_however_pictures_are_grouped():
    pictures = [photograph(40, 40, seed=n) for n in range(5)]
    whole, parts = TASK.metrics(FACTS), TASK.metrics(FACTS)
    whole.update(MODEL, batch_of(TASK, pictures))
    for n, one in enumerate(pictures):
        batch = batch_of(TASK, [one])
        batch.indices = np.array([n])
        parts.update(MODEL, batch)
    assert parts.result() == pytest.approx(whole.result(), rel=1e-4)
    assert TASK.score.name in whole.result()


def test_a_judge_puts_grey_and_a_flat_tint_beside_the_answer():
    judge = TASK.judges(MODEL)
    judge.update(MODEL, Batch.loose([photograph(40, 50), photograph(67, 41, seed=2)]))
    found = judge.result()
    rows = {row["picture"]: row for row in found["beside"]}
    assert list(rows) == ["colorized", "flat tint", "grey"]
    assert rows["grey"]["colorfulness_ratio"] < 0.05
    assert rows["flat tint"]["delta_e_ab"] < rows["grey"]["delta_e_ab"]
    assert found["psnr_grey_db"] == rows["grey"]["psnr_db"] < found["psnr_flat_db"]
    assert {"auc", "auc_rebalanced", "delta_e_ab", "colorfulness_ratio", "psnr_db"} <= set(found)


def test_a_judge_of_right_answers_is_content():
    judge = type(TASK.judges(MODEL))(lambda _, pixels: pixels)
    judge.update(MODEL, Batch.loose([photograph(40, 50)]))
    found = judge.result()
    assert (found["auc"], found["delta_e_ab"], found["psnr_db"]) == (1.0, 0.0, 100.0)
    assert found["colorfulness_ratio"] == pytest.approx(1)


def test_a_flat_tint_has_one_color_and_the_lightness_of_the_picture():
    pixels = photograph(50, 60) // 2 + 60
    lab, own = levels_to_lab(flat_tint_of(pixels)), levels_to_lab(pixels)
    assert lab[..., 1:].std((0, 1)).max() < 2
    assert np.abs(lab[..., 0] - own[..., 0]).max() < 0.5
    assert colorfulness(grey_of(pixels)) == 0


def test_grey_pictures_are_neither_judged_nor_measured():
    color, grey = photograph(40, 50), grey_of(photograph(40, 50, seed=3))
    with_grey, without = TASK.judges(MODEL), TASK.judges(MODEL)
    with_grey.update(MODEL, Batch.loose([color, grey]))
    without.update(MODEL, Batch.loose([color]))
    assert with_grey.result() == without.result() | {"grey_left_out": 1}
    only_grey = TASK.judges(MODEL)
    only_grey.update(MODEL, Batch.loose([grey]))
    with pytest.raises(DataError, match="none of the 1 pictures has colors"):
        only_grey.result()

    whole, part = TASK.metrics(FACTS), TASK.metrics(FACTS)
    whole.update(MODEL, batch_of(TASK, [color, grey]))
    part.update(MODEL, batch_of(TASK, [color]))
    assert whole.result() == pytest.approx(part.result(), rel=1e-4)

    fitted = []
    for pictures in ([color], [color, grey]):
        model = model_of(TASK)
        TASK.conclude(model, lambda *_, some=pictures, **__: [Batch.loose(some)])
        fitted.append(model.vividness.ratios)
    assert torch.equal(*fitted)


def test_a_judge_is_never_given_fewer_pictures_than_the_batch_has():
    batch = Batch.loose([photograph(40, 50)])
    batch.pixels = ()
    with pytest.raises(ValueError, match="shorter"):
        TASK.judges(MODEL).update(MODEL, batch)


def test_a_classifier_tells_how_much_of_what_grey_costs_is_won_back():
    def knows_colors(pictures):
        return ["rose" if colorfulness(one) > 2 else "stone" for one in pictures]

    batch = Batch.loose([photograph(40, 50), photograph(40, 50, seed=2)], labels=torch.tensor([0, -100]))
    judge = TASK.recognized(MODEL, knows_colors, ("rose", "stone"))
    judge.update(MODEL, batch)
    found = judge.result()
    assert found["recognized"] == {"original": 1.0, "grey": 0.0, "colorized": 1.0, "pictures": 1}
    assert found["recognition"] == 1.0
    nothing = TASK.recognized(MODEL, lambda pictures: ["stone"] * len(pictures), ("rose", "stone"))
    nothing.update(MODEL, batch)
    assert nothing.result()["recognition"] is None
    batch.labels[:] = -100
    unknown = TASK.recognized(MODEL, knows_colors, ("rose", "stone"))
    unknown.update(MODEL, batch)
    with pytest.raises(DataError, match="--judge: the pictures have no classes"):
        unknown.result()


@pytest.mark.parametrize("apart", [10, 30, 120])
def test_hints_near_each_other_hold_and_do_not_overshoot(apart):
    hints = [Hint(x=100, y=100, ab=(50.0, 40.0)), Hint(x=100 + apart, y=100, ab=(-40.0, -40.0))]
    flat, lightness = np.zeros((96, 96, 2), np.float32), np.full((96, 96), 0.5, np.float32)
    made = honored(flat, hints, lightness, height=384, width=384)
    for hint in hints:
        assert made[int(hint.y / 4), int(hint.x / 4)] == pytest.approx(hint.ab, abs=1.5)
    assert np.abs(made).max() <= 51


def test_answers_become_png_files_with_names_of_their_own():
    pixels = photograph(20, 30)
    answer = TASK.colorize(MODEL, pixels)

    def written(*names: str) -> dict[str, bytes]:
        answers = [Answered(name=name, pixels=pixels, answer=answer) for name in names]
        return dict(TASK.written(MODEL, answers, "png"))

    found = written("a/b.jpg", "a/b.png.tif", "a/c.tif")
    assert list(found) == ["a/b.png", "a/b.png.png", "a/c.png"]
    for data in found.values():
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), answer.pixels)
    with pytest.raises(DataError, match=r"b.jpg and b.png would share a file"):
        written("b.png.tif", "b.jpg", "b.png")


def test_a_report_shows_grey_color_original_and_confidence():
    drawn = TASK.pictures(MODEL, Batch.loose([photograph(40, 50), photograph(500, 700)], keys=("a", "b")))
    assert [one.title for one in drawn[:3]] == ["grey", "colorized", "original"]
    assert drawn[3].title.endswith("sure")
    assert {one.group for one in drawn} == {"a", "b"}
    assert max(drawn[-1].pixels.shape[:2]) < 500


def test_colors_stay_where_nothing_moves_and_change_with_the_scene():
    smooth, lightness = Smoother(), np.full((40, 60), 0.5, np.float32)
    red, blue = (np.full((10, 15, 2), value, np.float32) for value in (60.0, -40.0))
    assert np.array_equal(smooth(red, lightness), red)
    still = smooth(blue, lightness)
    assert still.min() > 40
    moved = lightness.copy()
    moved[:, :12] = 0.9
    after = smooth(blue, moved)
    assert after[:, 0].max() < -35
    assert after[:, -1].min() > 20
    assert np.array_equal(smooth(blue, 1 - moved), blue)


def test_a_video_needs_its_extra(tmp_path):
    if available("av"):
        pytest.skip("PyAV is installed")
    with pytest.raises(MissingExtra, match=r"Coloring a video needs .*pip install 'vitral\[video\]'"):
        list(color_video(TASK, MODEL, tmp_path / "a.mp4", io.BytesIO()))


@pytest.mark.skipif(not available("av"), reason="PyAV is not installed")
def test_a_video_comes_back_in_color_with_all_its_frames(tmp_path):
    import av  # pyright: ignore[reportMissingImports]

    source = tmp_path / "a.mp4"
    with av.open(str(source), "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for n in range(7):
            pixels = np.roll(grey_of(photograph(48, 64)), n, axis=1)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
    made = io.BytesIO()
    told = list(color_video(TASK, MODEL, source, made))
    assert [one.frames for one in told] == list(range(1, 8))
    assert {(one.of, one.sound_left_out) for one in told} == {(7, "")}
    made.seek(0)
    with av.open(made, "r") as film:
        about = film.streams.video[0].codec_context
        assert (about.colorspace, about.color_primaries, about.color_trc) == (1, 1, 1)  # BT.709
        frames = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in film.decode(video=0)]
    assert len(frames) == 7
    assert colorfulness(frames[3]) > 5
    (tmp_path / "b.mp4").write_bytes(b"no video")
    with pytest.raises(ImageError, match=r"b\.mp4: "):
        list(color_video(TASK, MODEL, tmp_path / "b.mp4", io.BytesIO()))
