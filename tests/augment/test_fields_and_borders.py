"""Displacements and borders: both engines mean the same, and what is beyond a picture is what was asked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.augment import Augmentation, CropTo, Elastic, Sometimes
from vitral.augment.engines.reference import plan_of, render_tensor
from vitral.augment.engines.render import Rendering
from vitral.augment.frame import Frame
from vitral.augment.geometry import shrunk_size
from vitral.augment.plan import BORDERS, Border, Plan, planned
from vitral.augment.route import Displacement, Route, joined
from vitral.augment.stages import Color, Curve, Field, Hue, Stage, Warp

ONE, NONE = np.ones(3, np.float32), np.zeros(3, np.float32)
FILL = (10.0, 200.0, 90.0)
SIZE = (23, 31)
seeds = st.integers(0, 10**6)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def warp(matrix: np.ndarray, canvas: tuple[int, int] = SIZE) -> Warp:
    count = len(matrix)
    return Warp(op="warp", matrix=matrix, canvas=np.tile(np.array([canvas], float), (count, 1)))


def field(nodes: np.ndarray, *, smooth: bool = True, canvas: tuple[int, int] = SIZE) -> Field:
    size = np.tile(np.array([canvas], float), (len(nodes), 1))
    return Field(op="field", nodes=nodes, canvas=size, smooth=smooth)


def turned(count: int, random: np.random.Generator, scale: float = 1.0) -> np.ndarray:
    """Random rotations, moves and perspectives."""
    angle, size = random.uniform(-0.6, 0.6, count), scale * random.uniform(0.7, 1.2, count)
    matrix = np.tile(np.eye(3), (count, 1, 1))
    matrix[:, 0, 0] = matrix[:, 1, 1] = size * np.cos(angle)
    matrix[:, 1, 0] = size * np.sin(angle)
    matrix[:, 0, 1] = -matrix[:, 1, 0]
    matrix[:, :2, 2] = random.uniform(-4, 4, (count, 2))
    matrix[:, 2, :2] = random.uniform(-0.002, 0.002, (count, 2))
    return matrix


def plan_for(stages: Sequence[Stage], count: int, target: tuple[int, int], border: str) -> Plan:
    canvas = np.tile(np.array([SIZE], float), (count, 1))
    frame = Frame(canvas=canvas, height=target[0], width=target[1], fit="squash")
    ends = (*stages, *frame.after(stages).into_input())
    return planned(ends, frame, sizes=canvas.astype(np.int64), border=Border(kind=border, fill=FILL))


def compiled(pixels: np.ndarray, plan: Plan) -> np.ndarray:
    out = np.full((len(pixels), plan.height, plan.width, 3), np.nan, np.float32)
    Rendering(pixels, plan).part(0, len(pixels), ONE, NONE, out)
    return out


def reference(pixels: np.ndarray, plan: Plan) -> np.ndarray:
    return render_tensor(torch.from_numpy(pixels), plan, gain=ONE, offset=NONE, dtype=torch.float64).numpy()


@given(seed=seeds, border=st.sampled_from(BORDERS), smooth=st.booleans())
@settings(max_examples=60, deadline=None)
def test_engines_agree_on_any_bent_geometry(seed, border, smooth):
    random = np.random.default_rng(seed)
    stages = [
        warp(turned(4, random, 0.8)),
        field(random.normal(0, 1.5, (4, 5, 4, 2)), smooth=smooth),
        Color.of(np.tile(np.eye(3, 4), (4, 1, 1)) * random.uniform(0.6, 1.1, (4, 3, 4)), op="color"),
        warp(turned(4, random)),
        field(random.normal(0, 1.0, (4, 3, 6, 2))).only(
            np.array([True, False, True, True]), np.tile(np.array([SIZE], float), (4, 1))
        ),
        Hue(op="hue", turn=random.uniform(-1, 1, 4)),
    ]
    pixels, plan = noise(4, *SIZE, seed=seed), plan_for(stages, 4, SIZE, border)
    # A color that fills what is beyond must not be changed with the picture.
    assert len(plan.passes) == (2 if border == "fill" else 1)
    assert np.abs(compiled(pixels, plan) - reference(pixels, plan)).max() < (2.1 if border == "fill" else 0.1)


@given(seed=seeds, border=st.sampled_from(BORDERS), scale=st.sampled_from([0.6, 1.0, 2.5]))
@settings(max_examples=60, deadline=None)
def test_engines_agree_beyond_every_border(seed, border, scale):
    random = np.random.default_rng(seed)
    upright = np.tile(np.eye(3), (4, 1, 1))
    upright[:, :2, :2] *= random.uniform(0.8, 1.8)
    upright[:, :2, 2] = random.uniform(-12, 6, (4, 2))
    quarter = upright[:, [1, 0, 2]]
    matrix = np.concatenate([turned(4, random, scale), upright, quarter])
    pixels, plan = noise(12, *SIZE, seed=seed), plan_for([warp(matrix, (20, 28))], 12, (20, 28), border)
    apart = np.abs(compiled(pixels, plan) - reference(pixels, plan)).max(axis=(1, 2, 3))
    shrunk = np.array([shrunk_size(one, 20, 28, SIZE) != SIZE for one in matrix])
    # Where a picture is shrunk first, the compiled engine rounds it to bytes.
    assert (apart < np.where(shrunk, 0.9, 0.02)).all()


@pytest.mark.parametrize("kind", BORDERS)
def test_what_is_beyond_is_what_was_asked(kind):
    pixels = noise(1, *SIZE)
    moved = np.eye(3)[None].copy()
    moved[0, :2, 2] = -6, -4
    plan = plan_for([warp(moved, (33, 45))], 1, (33, 45), kind)
    modes: dict[str, Any] = {
        "reflect": {"mode": "reflect"},
        "edge": {"mode": "edge"},
        "fill": {"mode": "constant"},
    }
    want = np.pad(pixels[0].astype(float), ((4, 6), (6, 8), (0, 0)), **modes[kind])
    if kind == "fill":
        inside = np.pad(np.ones(SIZE, bool), ((4, 6), (6, 8)))
        want[~inside] = FILL
    assert np.allclose(compiled(pixels, plan)[0], want, atol=1e-3)
    levels = Rendering(pixels, plan).levels(0)
    assert np.array_equal(levels, want)


def test_levels_are_the_rounded_floats_for_every_kind_of_geometry():
    random = np.random.default_rng(3)
    curve = Curve(op="curve", table=np.tile(np.linspace(255, 0, 256, dtype=np.float32), (1, 3, 1)))
    tones = {"none": [], "curve": [curve], "hue": [Hue(op="hue", turn=np.array([0.3]))]}
    flipped = np.array([[[-1.0, 0, SIZE[1]], [0, 1, 0], [0, 0, 1]]])
    turn = np.array([[[0.0, 1, 0], [-1, 0, SIZE[0]], [0, 0, 1]]])
    cases: list[tuple[np.ndarray, tuple[int, int]]] = [
        (np.eye(3)[None], SIZE),
        (flipped, SIZE),
        (turn, (SIZE[1], SIZE[0])),
        (turned(1, random), SIZE),
        (np.eye(3)[None] * [[[1.3, 1, 1], [1, 1.2, 1], [1, 1, 1]]], (15, 20)),
    ]
    for matrix, target in cases:
        for stages in tones.values():
            pixels, plan = noise(1, *SIZE), plan_for([warp(matrix, target), *stages], 1, target, "reflect")
            floats = np.clip(np.rint(compiled(pixels, plan)[0]), 0, 255)
            # A level on the edge between two may fall to either side.
            apart = np.abs(Rendering(pixels, plan).levels(0).astype(int) - floats)
            assert apart.max() <= 1
            assert (apart > 0).mean() < 0.01


def test_the_plan_of_some_pictures_makes_those_pictures():
    random = np.random.default_rng(5)
    stages = [warp(turned(5, random)), field(random.normal(0, 1, (5, 4, 4, 2)))]
    pixels, plan = noise(5, *SIZE), plan_for(stages, 5, SIZE, "fill")
    picked = np.array([3, 0])
    assert np.array_equal(reference(pixels[picked], plan_of(plan, picked)), reference(pixels, plan)[picked])


def test_a_picture_of_one_pixel_passes_through_every_border():
    for kind in BORDERS:
        canvas = np.ones((1, 2))
        frame = Frame(canvas=canvas, height=5, width=4, fit="squash")
        stages: list[Stage] = [
            warp(turned(1, np.random.default_rng(1)), (5, 4)),
            field(np.ones((1, 2, 2, 2)), canvas=(5, 4)),
        ]
        plan = planned(
            stages, frame, sizes=np.ones((1, 2), np.int64), border=Border(kind=kind, fill=(90, 90, 90))
        )
        pixels = np.full((1, 1, 1, 3), 90, np.uint8)
        assert np.allclose(compiled(pixels, plan), 90, atol=1e-3)
        assert np.allclose(reference(pixels, plan), 90)


@given(seed=seeds, smooth=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_route_leads_there_and_back(seed, smooth):
    random = np.random.default_rng(seed)
    bend = Displacement(nodes=random.normal(0, 0.8, (5, 5, 2)), canvas=SIZE, smooth=smooth)
    route = joined((turned(1, random)[0], bend, np.eye(3), turned(1, random)[0]))
    assert len(route.steps) == 3
    points = random.uniform(4, 18, (20, 2))
    assert np.allclose(route.back(route.there(points)), points, atol=0.02)


def test_a_route_without_bends_is_its_matrix():
    matrix = turned(1, np.random.default_rng(0))[0]
    whole = joined((matrix, matrix)).matrix
    assert whole is not None
    assert np.allclose(whole, matrix @ matrix)
    assert Route((matrix, Displacement(nodes=np.zeros((2, 2, 2)), canvas=SIZE, smooth=True))).matrix is None


def test_nodes_on_a_line_bend_nothing_between_them():
    y, x = np.meshgrid(np.linspace(0, SIZE[0], 4), np.linspace(0, SIZE[1], 6), indexing="ij")
    nodes = np.stack([0.1 * x + 0.2 * y, 0.05 * y - 0.1 * x + 2], axis=2)
    points = np.random.default_rng(0).uniform(0, 1, (50, 2)) * SIZE[::-1]
    want = points + np.stack(
        [0.1 * points[:, 0] + 0.2 * points[:, 1], 0.05 * points[:, 1] - 0.1 * points[:, 0] + 2], axis=1
    )
    for smooth in (True, False):
        bend = Displacement(nodes=nodes, canvas=SIZE, smooth=smooth)
        assert np.allclose(bend.there(points), want)


def test_a_place_that_no_displacement_shows_is_not_a_number():
    bend = Displacement(nodes=np.zeros((3, 3, 2)), canvas=SIZE, smooth=True)
    assert np.allclose(bend.back(np.array([[3.0, 5.0]])), [[3.0, 5.0]])
    squeezed = Displacement(nodes=_toward_middle(), canvas=SIZE, smooth=False)
    found = squeezed.back(np.array([[SIZE[1] / 2, SIZE[0] / 2], [0.5, 0.5]]))
    assert np.isfinite(found[0]).all()
    assert np.isfinite(found[1]).all()  # beyond the canvas places move as its edge does


def _toward_middle() -> np.ndarray:
    y, x = np.meshgrid(np.linspace(0, SIZE[0], 5), np.linspace(0, SIZE[1], 5), indexing="ij")
    return 0.5 * np.stack([SIZE[1] / 2 - x, SIZE[0] / 2 - y], axis=2)


@pytest.mark.parametrize("start", [0, 1, 16])
@pytest.mark.parametrize("height", [93, 94, 95, 96, 97])
@pytest.mark.parametrize("toned", [False, True])
def test_large_pictures_may_begin_anywhere_in_memory(start, height, toned):
    """Rows that fill lines of memory are written past the caches, and all others as usual."""
    width = 80
    pixels = noise(1, 120, 130)
    tones = [Color.of(0.9 * np.eye(3, 4)[None], op="color"), Hue(op="hue", turn=np.array([0.2]))]
    grown = np.diag([130 / width, 120 / height, 1.0])[None]
    tilted = grown.copy()
    tilted[0, 0, 1] = 0.1
    for matrix in (grown, tilted):
        canvas = np.array([[120.0, 130.0]])
        frame = Frame(canvas=canvas, height=height, width=width, fit="squash")
        move = Warp(op="warp", matrix=matrix, canvas=np.array([[height, width]], float))
        plan = planned([move, *(tones if toned else [])], frame, sizes=canvas.astype(np.int64))
        room = np.full(height * width * 3 + 64, np.nan, np.float32)
        at = (-(room.ctypes.data // 4)) % 16 + start
        out = room[at : at + height * width * 3].reshape(1, height, width, 3)
        Rendering(pixels, plan).part(0, 1, ONE, NONE, out)
        assert np.isnan(room[:at]).all()
        assert np.isnan(room[at + out.size :]).all()
        # Pixels are shrunk first and rounded then, and a turn of hue makes the most of that.
        assert np.abs(out - reference(pixels, plan)).max() < 1.6


def test_pictures_that_a_field_leaves_out_keep_their_canvas(batch_of):
    ops = (Sometimes(ops=(CropTo(height=20, width=20), Elastic(p=1.0)), p=0.5),)
    augmentation = Augmentation(ops, height=24, width=24, mean=(0, 0, 0), std=(1, 1, 1))
    plan = augmentation.plan(batch_of(noise(40, 24, 24)))
    still = [route.matrix is not None and np.array_equal(route.matrix, np.eye(3)) for route in _routes(plan)]
    assert 8 < sum(still) < 32


def _routes(plan: Plan) -> list[Route]:
    return [plan.route(i) for i in range(len(plan.sizes))]
