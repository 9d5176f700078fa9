"""Segmentation as a graph: from pictures to how likely each class is at each pixel."""

from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port
from vitral.tasks.task import TaskModel

_LEAST = 1e-8


class _Probabilities(nn.Module):
    """One look at pictures, and at their mirror images where prediction takes both."""

    def __init__(self, model: TaskModel, *, flip: bool) -> None:
        super().__init__()
        self.model, self.flip, self.ready = model, flip, FromLevels()

    def forward(self, pictures: UInt8[Tensor, "b c=3 h w"]) -> Float[Tensor, "b k h w"]:
        """How likely each class is at each pixel."""
        inputs = self.ready(pictures)
        shares = self.model(inputs).float().softmax(1)
        if self.flip:
            shares = (shares + self.model(inputs.flip(-1)).float().softmax(1).flip(-1)) / 2
        # Between the places of the grid logarithms are averaged, as `predict` does.
        logs = shares.clamp(min=_LEAST).log()
        size = pictures.shape[2], pictures.shape[3]
        return functional.interpolate(logs, size, mode="bilinear", align_corners=False).softmax(1)


def segment_graphs(
    model: TaskModel, *, classes: tuple[str, ...], flip: bool, size: tuple[int, int]
) -> dict[str, Graph]:
    """The graph of a model that segments.

    Args:
        model: of the task.
        classes: in the order of their numbers.
        flip: average with what the mirrored pictures give.
        size: height and width of the pictures in training.
    """
    return {
        "segmenter": Graph(
            module=_Probabilities(model, flip=flip),
            inputs=(PICTURES,),
            outputs=(
                Port(
                    name="probabilities",
                    axes=("b", len(classes), "h", "w"),
                    holds=f"probability of each class at each pixel: {', '.join(classes)}",
                ),
            ),
            height=size[0],
            width=size[1],
        )
    }
