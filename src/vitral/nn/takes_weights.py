"""`TakesWeights`: modules that take over what another network learned, before training."""

from abc import abstractmethod
from collections.abc import Mapping

from torch import Tensor


class TakesWeights:
    """Mix-in of a module of which a part learned something else before.

    Whoever begins a training calls `take` once, before `DataDependent.prepare` and the first step.
    What is taken travels in the `state_dict`, so that a loaded model and a resumed training need
    neither the other network nor its file.
    """

    @abstractmethod
    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the weights of the other network, by their names there.

        Raises:
            OptionError: they are not those of the network that is described.
        """
