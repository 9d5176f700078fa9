"""Memory of batches: used again when nobody looks at it, and never before."""

import gc
import threading

import numpy as np
import torch

from vitral.data import ArrayPixels, Loader, PictureSet
from vitral.data.ring import Ring


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_last_view_of_it_is_gone():
    ring = Ring(limit=2)
    array = ring((4, 5, 6, 3))
    first = address(array)
    tensor = torch.from_numpy(array).permute(0, 3, 1, 2)
    view = tensor[1:]
    del array, tensor
    gc.collect()
    kept = ring((4, 5, 6, 3))
    assert address(kept) != first
    del view
    gc.collect()
    assert address(ring((4, 5, 6, 3))) == first


def test_a_numpy_view_of_a_tensor_keeps_its_memory_too():
    ring = Ring(limit=2)
    array = ring((2, 3))
    array[:] = 7
    view = torch.from_numpy(array).numpy()[1:]
    del array
    gc.collect()
    ring((2, 3))[:] = 0
    assert (view == 7).all()


def test_a_smaller_piece_uses_a_larger_one_but_not_a_much_larger_one():
    ring = Ring(limit=2)
    first = address(ring((100_000,)))
    assert address(ring((60_000,))) == first
    assert address(ring((10,))) != first
    assert ring.take((3, 5), np.uint8).dtype == np.uint8


def test_no_more_pieces_are_kept_than_allowed():
    ring = Ring(limit=2)
    arrays = [ring((1000,)) for _ in range(5)]
    del arrays
    gc.collect()
    assert len(ring._free) == 2


def test_threads_never_share_a_piece():
    ring, clashes = Ring(limit=4), []

    def work(number: int) -> None:
        for _ in range(300):
            array = ring((500,))
            array[:] = number
            if not (array == number).all():
                clashes.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []


def test_memory_that_numpy_views_look_at_is_not_given_out_again():
    ring = Ring(limit=4)
    whole = ring((4, 3))
    whole[:] = 1
    view = whole[1:][0]
    del whole
    ring((4, 3))[:] = 7
    assert (view == 1).all()


def test_pictures_kept_out_of_a_batch_in_memory_stay_as_they_are():
    pixels = (
        np.arange(24, dtype=np.uint8)[:, None, None, None]
        .repeat(3, axis=3)
        .repeat(4, axis=1)
        .repeat(4, axis=2)
    )
    pictures = PictureSet(name="numbers", keys=tuple(map(str, range(24))), source=ArrayPixels(pixels))
    kept = [batch.pixels[0] for batch in Loader(pictures, batch_size=2, workers=1)]
    assert [int(np.asarray(picture).max()) for picture in kept] == list(range(0, 24, 2))
