"""`Vividness`: which temperature makes colors as vivid as asked."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

TEMPERATURES = (1.0, 0.8, 0.65, 0.52, 0.42, 0.34, 0.27)
"""From the mean color to one that is near the likeliest; below, colors stand in patches."""

_MOST_LIFTED = 1.25


class Vividness(nn.Module):
    """How colorful pictures become at each temperature, as a share of the originals.

    Until `fit` was called, 0.42 is taken to be as colorful as the originals.
    """

    ratios: Tensor

    def __init__(self) -> None:
        super().__init__()
        start = np.interp(-np.array(TEMPERATURES), (-1.0, -0.42, -0.27), (0.6, 1.0, 1.15))
        self.register_buffer("ratios", torch.from_numpy(start.astype(np.float32)))

    def chosen(self, vividness: float) -> tuple[float, float]:
        """The temperature, and the factor on a and b for what no temperature reaches.

        Args:
            vividness: colorfulness against that of color photographs: 1 is equal, 0 grey.
        """
        # What rises by chance only must not make a place ambiguous.
        ratios = np.maximum.accumulate(self.ratios.cpu().double().numpy().clip(min=1e-6))
        low, high = float(ratios[0]), float(ratios[-1])
        reached = min(max(vividness, low), high)
        temperature = float(np.exp(np.interp(reached, ratios, np.log(TEMPERATURES))))
        # A model that does not know better must not be made to shout.
        return temperature, min(vividness / reached, _MOST_LIFTED * max(1.0, vividness))

    @torch.no_grad()
    def fit(self, pictures: Iterable[tuple[float, Callable[[float], float]]]) -> None:
        """Measure.

        Args:
            pictures: of each the colorfulness of the original, and a function from a temperature
                to the colorfulness of what is made of it.
        """
        made, originals = np.zeros(len(TEMPERATURES)), 0.0
        for original, at in pictures:
            originals += original
            made += [at(temperature) for temperature in TEMPERATURES]
        if originals > 0 and made.min() > 0:
            self.ratios.copy_(torch.from_numpy((made / originals).astype(np.float32)))
