"""`DetectModel`: a network whose answers begin where most places are right."""

import math

import torch
from torch import Tensor, nn

from vitral.data import DataFacts
from vitral.tasks.task import TaskModel

# A new network takes every place for an object with this probability, so that the few objects are
# not drowned by all the rest in the first steps (Lin et al. 2017, arXiv:1708.02002, section 4.1).
_PRIOR = 0.01


class DetectModel(TaskModel):
    """Gives the logits of heat maps, then logarithms of sizes and offsets; see `boxes_of_maps`.

    Args:
        network: with heads of k, 2 and 2 channels.
        facts: what is known of the training pictures.
    """

    begin: Tensor

    def __init__(self, network: nn.Module, facts: DataFacts) -> None:
        super().__init__(network, facts)
        begin = torch.zeros(1, len(facts.classes) + 4, 1, 1)
        begin[:, : len(facts.classes)] = -math.log((1 - _PRIOR) / _PRIOR)
        self.register_buffer("begin", begin, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps b x (k + 4) x h / 4 x w / 4 of pictures b x 3 x h x w."""
        return self.network(inputs).float() + self.begin
