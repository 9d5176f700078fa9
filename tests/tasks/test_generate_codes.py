"""Generation where the latents are codes: no mixture, and everything else."""

import numpy as np
import pytest
import torch

from vitral.core import OptionError
from vitral.data import DataFacts
from vitral.nn import DiscretizedLogistics, VectorQuantized
from vitral.tasks.generate import GenerateModel, asked_labels
from vitral.tasks.generate.pictures import samples, two_axes

SMALL = VectorQuantized(width=8, prior_width=8, prior_depth=1, channels=4, codes=8)


def model() -> GenerateModel:
    torch.manual_seed(0)
    network = SMALL.build((1, 8, 8), 2, DiscretizedLogistics(components=2))
    facts = DataFacts(
        mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), classes=("a", "b"), counts=(4, 4), pictures=8,
        height_px=(8, 8, 8), width_px=(8, 8, 8), grey=True,
    )  # fmt: skip
    return GenerateModel(network, facts, components=2).eval()


def test_a_mixture_over_codes_is_refused_with_the_way_out() -> None:
    made = model()
    refused = pytest.raises(OptionError, match=r"--prior: .* are codes, .* leave it out")
    with refused:
        made.draw(torch.tensor([0]), prior="mixture")
    with refused:
        asked_labels(made, 3, name=None, prior="mixture")
    assert asked_labels(made, 3, name=None, prior="standard").tolist() == [0, 1, 0]


def test_new_pictures_come_from_the_standard_prior_only_and_no_axes_are_drawn() -> None:
    made = model()
    assert {picture.title.split()[0] for picture in samples(made)} == {"standard"}
    latents = made.network.encode(torch.from_numpy(np.random.default_rng(0).random((4, 1, 8, 8), np.float32)))
    assert two_axes(made.network, latents, 0) == []


def test_fitting_leaves_a_model_of_codes_as_it_is() -> None:
    made = model()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    made.fit_prior(lambda: iter(()), lambda batch: (torch.zeros(0), batch.labels))
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())
    assert not any(name.startswith("prior.") for name in before)
