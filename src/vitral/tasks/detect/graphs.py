"""Detection as a graph: from pictures to heat maps and the box that each place tells."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.detection import boxes_of_maps
from vitral.tasks.detect.views import MULTIPLE, STRIDE
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port
from vitral.tasks.task import TaskModel


class _Maps(nn.Module):
    """One look at pictures, and at their mirror images where prediction takes both."""

    fill: Tensor

    def __init__(self, model: TaskModel, *, classes: int, typical: float, flip: bool) -> None:
        super().__init__()
        self.model, self.ready = model, FromLevels()
        self.classes, self.typical, self.flip = classes, typical, flip
        self.register_buffer("fill", torch.tensor(model.facts.mean).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Heat and boxes of levels, b x 3 x h x w."""
        # Whole places first, so that those of the mirror image are the same.
        inputs = self._filled(self.ready(pictures), STRIDE)
        heat, boxes = self._told(inputs)
        if self.flip:
            other, turned = self._told(inputs.flip(-1))
            x0, y0, x1, y1 = turned.flip(-1).unbind(1)
            width = inputs.shape[3]
            turned = torch.stack([width - x1, y0, width - x0, y1], 1)
            heat, boxes = (heat + other.flip(-1)) / 2, (boxes + turned) / 2
        return heat, boxes

    def _filled(self, inputs: Tensor, multiple: int) -> Tensor:
        height, width = inputs.shape[2:]
        return functional.pad(inputs - self.fill, (0, -width % multiple, 0, -height % multiple)) + self.fill

    def _told(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        rows, columns = inputs.shape[2] // STRIDE, inputs.shape[3] // STRIDE
        maps = self.model(self._filled(inputs, MULTIPLE)).float()[:, :, :rows, :columns]
        heat, rest = maps[:, : self.classes], maps[:, self.classes :]
        return heat.sigmoid(), boxes_of_maps(rest, stride=STRIDE, typical=self.typical)


def detect_graphs(
    model: TaskModel, *, classes: tuple[str, ...], typical: float, flip: bool, size: tuple[int, int]
) -> dict[str, Graph]:
    """The graph of a model that detects.

    Args:
        model: of the task.
        classes: in the order of their numbers.
        typical: side of a usual object in pixels.
        flip: average with what the mirrored pictures give.
        size: height and width of the pictures in training.
    """
    names = ", ".join(classes)
    heat = Port(
        name="heat",
        axes=("b", len(classes), "map_height", "map_width"),
        holds=f"how likely every fourth pixel is the center of an object of each class: {names}; "
        f"places that none of the 8 around them exceeds are objects",
    )
    boxes = Port(
        name="boxes",
        axes=("b", 4, "map_height", "map_width"),
        holds="x0, y0, x1, y1 of the object centered there, in pixels of the input",
    )
    graph = Graph(
        module=_Maps(model, classes=len(classes), typical=typical, flip=flip),
        inputs=(PICTURES,),
        outputs=(heat, boxes),
        height=size[0],
        width=size[1],
    )
    return {"detector": graph}
