"""Compression: what goes into a file comes back out of it, on every machine."""

import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import vitral as vt
from vitral.codec import read_header, read_tiles
from vitral.core import FileFormatError, OptionError
from vitral.data import open_pictures
from vitral.tasks import Compress
from vitral.tasks.compress import windows
from vitral.tasks.compress.answer import psnr_db

TINY = {"network.latents": 16, "network.widths": (16, 16, 16), "network.blocks": (1, 1, 1)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pictures = open_pictures("scenes", validation=0.1, test=0.1)
    some = pictures.subset(range(160))
    run = vt.Run(task=Compress(size=32).with_settings(TINY)).with_settings(
        {"device": "cpu", "precision": "float32", "threads": 1, "epochs": 30, "batch": 8}
    )
    folder = tmp_path_factory.mktemp("compress") / "run"
    return vt.train(run, some, out=folder), some


def photograph(height, width, seed=0):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (4, 5, 3)).astype(np.float32)
    import cv2

    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def test_more_quality_is_a_larger_file_and_a_smaller_error(trained):
    model = trained[0].model
    pixels = trained[1].pixels(3)
    found = []
    for quality in (1, 6, 11, 16):
        data = model.task.encode(model.module, pixels, quality=quality)
        found.append((len(data), psnr_db(pixels, model.task.decode(model.module, data).pixels)))
    assert [size for size, _ in found] == sorted(size for size, _ in found)
    assert found[-1][1] > found[0][1] + 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (16, 16), (17, 33), (67, 41)])
def test_a_picture_of_any_size_comes_back_in_that_size(trained, shape):
    model = trained[0].model
    pixels = photograph(*shape)
    back = model.task.decode(model.module, model.task.encode(model.module, pixels, quality=9))
    assert back.pixels.shape == pixels.shape
    assert back.alpha is None
    assert not back.grey


def test_opacity_comes_back_exactly_and_grey_stays_grey(trained):
    model = trained[0].model
    pixels = photograph(40, 50)
    alpha = np.random.default_rng(1).integers(0, 256, (40, 50), dtype=np.uint8)
    data = model.task.encode(model.module, pixels, quality=4, grey=True, alpha=alpha)
    back = model.task.decode(model.module, data)
    assert back.grey
    assert (back.alpha == alpha).all()
    assert (back.pixels == back.pixels[..., :1]).all()


def test_the_rate_that_training_saw_is_the_size_of_the_files(trained):
    run, pictures = trained
    model, task = run.model, run.model.task
    size = bits = 0.0
    for number in range(24):
        pixels = np.tile(pictures.pixels(number), (3, 3, 1))[:96, :96]
        inputs = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            terms = task.terms(model.module, inputs, inputs, torch.tensor([12]), rounded=True)
        bits += float(terms.bits_per_pixel.sum()) * 96 * 96
        # A header, a length, a checksum and the coder's last bytes are not in the estimate.
        size += 8 * (len(task.encode(model.module, pixels, quality=13)) - 24)
    assert size == pytest.approx(bits, rel=0.08)


def test_the_coder_sees_the_prior_s_means_and_scales(trained):
    model = trained[0].model.module
    from vitral.codec import FRACTION_BITS, contexts

    latents = np.random.default_rng(2).integers(-4, 5, (16, 5, 6)).astype(np.int32)
    numbers, means = contexts(latents, model.tables(), 7)
    with torch.no_grad():
        mean, scale = model.prior.means_and_scales(torch.from_numpy(latents)[None].float(), torch.tensor([7]))
    assert np.abs(means - mean[0].numpy()).max() < 0.52
    edges = np.append(np.append(-np.inf, model.tables().edges / 2**FRACTION_BITS), np.inf)
    wide = 0.01 + scale[0].numpy() * 0.01
    # Scales under the least are one to the prior.
    seen = scale[0].numpy() > 0.021
    assert ((edges[numbers] <= scale[0].numpy() + wide) | ~seen).all()
    assert ((scale[0].numpy() - wide <= edges[numbers + 1]) | ~seen).all()


def test_tiles_leave_no_seam(trained, monkeypatch):
    model = trained[0].model
    pixels = photograph(33 * 16, 20 * 16 + 5)
    whole = model.task.decode(model.module, model.task.encode(model.module, pixels, quality=10)).pixels
    monkeypatch.setattr("vitral.tasks.compress.tables.TILE", 12)
    model.module.table_buffers._ready = None
    assert len(model.module.tables().tiles(*pixels.shape[:2])) == 6
    tiled = model.task.decode(model.module, model.task.encode(model.module, pixels, quality=10)).pixels
    model.module.table_buffers._ready = None
    # Sums of floats in another order may round a latent or a level the other way, here and there.
    assert (np.abs(whole.astype(int) - tiled) > 1).mean() < 1e-3


def test_a_window_gives_what_the_whole_picture_gives(trained):
    model = trained[0].model.module
    latents = np.random.default_rng(3).integers(-2, 3, (16, 30, 24)).astype(np.int32)
    whole = windows.restored_tile(model, latents, (slice(0, 30), slice(0, 24)), 9)
    part = windows.restored_tile(model, latents, (slice(12, 20), slice(5, 9)), 9)
    assert np.abs(whole[12 * 16 : 20 * 16, 5 * 16 : 9 * 16].astype(int) - part).max() <= 1


def test_latents_are_equal_in_another_process_without_the_fast_kernels(trained, tmp_path):
    run, pictures = trained
    model = run.model
    digest = bytes.fromhex(model.digest)[:8]
    data = model.task.encode(model.module, pictures.pixels(0), quality=12, digest=digest)
    (tmp_path / "one.vtl").write_bytes(data)
    here = b"".join(latents.tobytes() for latents in _latents(data, model.module.tables(), digest))
    program = (
        "import sys, torch, vitral as vt; from vitral.codec import read_tiles\n"
        "torch.backends.mkldnn.enabled = False; torch.set_num_threads(2)\n"
        "model = vt.load(sys.argv[1]); data = open(sys.argv[2], 'rb').read()\n"
        "tiles = read_tiles(data, model.module.tables(), bytes.fromhex(model.digest)[:8])\n"
        "sys.stdout.buffer.write(b''.join(tile.latents.tobytes() for tile in tiles))"
    )
    words = [sys.executable, "-c", program, str(run.folder), str(tmp_path / "one.vtl")]
    there = subprocess.run(words, capture_output=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "2"})
    assert there.stdout == here
    assert len(here) > 0


@pytest.mark.parametrize(("sizes", "stride", "tile"), [(2, 8, 40), (4, 32, 20)])
def test_latents_may_be_finer_or_coarser(sizes, stride, tile, tmp_path):
    from vitral.nn import ResidualAutoencoder

    network = ResidualAutoencoder(latents=8, widths=(8,) * sizes, blocks=(1,) * sizes)
    run = vt.Run(task=Compress(size=32, network=network)).with_settings(
        {"device": "cpu", "precision": "float32", "threads": 1, "epochs": 1, "batch": 8}
    )
    vt.train(run, open_pictures("scenes").subset(range(24)), out=tmp_path / "run")
    model: Any = vt.load(tmp_path / "run")
    tables = model.module.tables()
    assert (tables.stride, tables.tile) == (stride, tile)
    for shape in ((1, 1), (37, stride * tile + 5)):
        data = model.task.encode(model.module, photograph(*shape), quality=9)
        assert model.task.decode(model.module, data).pixels.shape == (*shape, 3)


def test_another_model_is_refused_by_its_digest(trained):
    model = trained[0].model
    data = model.task.encode(model.module, photograph(20, 20), quality=3, digest=b"another!")
    with pytest.raises(FileFormatError, match="was compressed with another model: with 616e6f7468657221"):
        model.task.decode(model.module, data, digest=bytes.fromhex(model.digest)[:8])


def test_a_lost_tile_is_grey_and_no_network_runs_for_it(trained, monkeypatch):
    model = trained[0].model
    pixels = photograph(20, 3 * 640 + 30)
    data = bytearray(model.task.encode(model.module, pixels, quality=8))
    whole = model.task.decode(model.module, bytes(data)).pixels
    data[-1] ^= 1  # In the last tile.
    run: list[tuple[slice, slice]] = []

    def counted(model, latents, tile, quality):
        run.append(tile)
        return windows.restored_tile(model, latents, tile, quality)

    monkeypatch.setattr("vitral.tasks.compress.files.restored_tile", counted)
    back = model.task.decode(model.module, bytes(data), rescue=True)
    assert back.damaged == ((0, 3),)
    assert len(run) == 3
    assert (back.pixels[:, 3 * 640 :] == 128).all()
    far = 3 * 640 - 16 * model.module.network.halo
    assert (back.pixels[:, :far] == whole[:, :far]).all()
    with pytest.raises(FileFormatError, match=r"of the \.vtl file nothing is left to rescue"):
        model.task.decode(model.module, bytes(data[:17]), rescue=True)
    assert len(run) == 3


def test_the_header_says_what_the_file_is(trained):
    model = trained[0].model
    header = read_header(model.task.encode(model.module, photograph(20, 31), quality=3, digest=b"12345678"))
    assert (header.height, header.width, header.quality, header.digest) == (20, 31, 3, b"12345678")


@pytest.mark.parametrize("quality", [0, 17])
def test_there_are_sixteen_qualities(trained, quality):
    model = trained[0].model
    with pytest.raises(OptionError, match=rf"--quality: must lie in \[1, 16\], got {quality}"):
        model.task.encode(model.module, photograph(16, 16), quality=quality)


def test_the_lightest_weight_is_under_the_heaviest():
    with pytest.raises(OptionError, match=r"Compress.lightest: must be under heaviest \(0.06\), got 1"):
        Compress(lightest=1.0)


def test_evaluation_writes_real_files_beside_the_rivals(trained):
    run, pictures = trained
    judged = vt.evaluate(run.model, pictures.subset(range(3)), split="all", threads=1)
    rows = judged.figures["qualities"]
    assert [row["quality"] for row in rows] == list(range(1, 17))
    assert set(rows[0]) == {"quality", "bpp", "psnr_db", "ms_ssim_db", "encode_s", "decode_s"}
    sizes = [len(run.model.task.encode(run.model.module, pictures.pixels(i), quality=5)) for i in range(3)]
    pixels = sum(math.prod(pictures.pixels(i).shape[:2]) for i in range(3))
    assert rows[4]["bpp"] == pytest.approx(8 * sum(sizes) / pixels)
    assert all(row["bpp"] > 0 and math.isfinite(row["psnr_db"]) for row in judged.figures["jpeg"])
    for name in ("jpeg", "webp", "avif"):
        assert f"bd_rate_vs_{name}" in judged.figures
    charts = run.model.task.charts(judged.figures)
    assert [chart.title for chart in charts] == ["rate and error", "rate and likeness"]
    assert "JPEG" in charts[0].series


@pytest.mark.parametrize("name", ["denoise", "mask"])
def test_what_the_encoder_sees_is_spoiled_and_the_target_is_not(name):
    task = Compress().with_settings({name: 0.5})
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 40, 48)
    spoiled = task._spoiled(pictures)
    assert spoiled.shape == pictures.shape
    changed = (spoiled != pictures).float().mean()
    assert changed > 0.9 if name == "denoise" else 0.2 < changed < 0.8
    assert torch.equal(Compress()._spoiled(pictures), pictures)


def test_without_context_files_are_still_read(tmp_path):
    pictures = open_pictures("scenes", validation=0.1, test=0.1).subset(range(24))
    run = vt.Run(task=Compress(size=32, context=False).with_settings(TINY)).with_settings(
        {"device": "cpu", "precision": "float32", "threads": 1, "epochs": 1, "batch": 8}
    )
    model: Any = vt.train(run, pictures, out=tmp_path / "run").model
    again: Any = vt.load(tmp_path / "run")
    data = again.task.encode(again.module, pictures.pixels(0), quality=16)
    assert (
        model.task.decode(model.module, data).pixels == again.task.decode(again.module, data).pixels
    ).all()


def _latents(data, tables, digest):
    for tile in read_tiles(data, tables, digest):
        assert tile.latents is not None
        yield tile.latents
