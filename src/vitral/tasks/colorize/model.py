"""`ColorizeModel`: the network, how often each color comes, and how vivid each temperature is."""

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.data import DataFacts
from vitral.nn import DenseNet
from vitral.nn.color import BINS, BinPrior
from vitral.tasks.colorize.critic import Critic
from vitral.tasks.colorize.vividness import Vividness
from vitral.tasks.task import TaskModel

STRIDE = 4
"""Pixels on a side that get one color in the one pass."""

INPUTS = 4
"""Lightness, a and b of hints, and where there are hints."""

_UNITS = 50.0


class ColorizeModel(TaskModel):
    """From lightness and hints to scores of the bins, or with `regression` to a and b.

    Args:
        network: with one head.
        facts: of the training pictures.
        balance: share of the uniform distribution in the weights of the loss.
        usual: share of these weights that answers take back, in [0, 1].
        regression: the network gives a and b themselves.
        critic: add one, which only training needs.
    """

    def __init__(
        self,
        network: DenseNet,
        facts: DataFacts,
        *,
        balance: float,
        usual: float,
        regression: bool,
        critic: bool = False,
    ) -> None:
        super().__init__(network, facts)
        self.regression, self.usual = regression, usual
        self.prior = BinPrior(stride=STRIDE, mix=balance)
        self.vividness = Vividness()
        self.critic = Critic() if critic else None

    @staticmethod
    def heads(regression: bool) -> tuple[int]:
        """Channels of the network's head."""
        return (2,) if regression else (BINS,)

    def forward(self, inputs: Float[Tensor, "b c=4 h w"]) -> Float[Tensor, "b k h2 w2"]:
        """Scores of the bins before softmax, or a and b, for every 4 x 4 pixels.

        The network says how a place differs from all places: what is usual everywhere is added here.
        """
        found = self.network(inputs).float()
        if self.regression:
            return _UNITS * found
        return found + self.prior.log_shares[:, None, None]

    @torch.inference_mode()
    def scores(self, inputs: Float[Tensor, "b c=4 h w"], *, flip: bool) -> Float[Tensor, "b k h2 w2"]:
        """What answers are made of: `forward`, averaged with that of the mirrored picture if `flip`."""
        return self.averaged(inputs, flip=flip)

    def averaged(self, inputs: Float[Tensor, "b c=4 h w"], *, flip: bool) -> Float[Tensor, "b k h2 w2"]:
        """The same, in any mode of torch.

        Rare colors weighed more in the loss, so the network finds them likelier than they are; `usual`
        says how much of that is taken back: greener leaves against a few more of the rarest colors.
        """
        found = self(inputs)
        found = (found + self(inputs.flip(-1)).flip(-1)) / 2 if flip else found
        return found if self.regression else found - self.usual * self.prior.weights.log()[:, None, None]
