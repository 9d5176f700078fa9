"""`CodePrior`: how probable a map of codes is, place after place, and new maps."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.activations import Activation

# Rows above and columns to both sides that the first layer sees.
_ABOVE, _BESIDE = 3, 2
# Columns to the left that the first layer sees.
_LEFT = 4


@dataclass(frozen=True, kw_only=True)
class PriorOptions:
    """How large a `CodePrior` is.

    Args:
        width: channels of its maps.
        depth: blocks.
        activation: the bend before every convolution.
        dropout: share of numbers hidden inside each block in training.
    """

    width: int
    depth: int
    activation: Activation
    dropout: float


class CodePrior(nn.Module):
    """p(codes) = product of p(code | codes above it and to its left in its row, class).

    Two streams of convolutions that look back only, so that no place is blind to an earlier one: one
    sees all rows above, the other its own row to the left and the first stream.

    Args:
        codes: how many there are, k.
        side: rows and columns of the map.
        classes: how many classes may be asked for; 0 for none.
        options: how large it is.
    Source:
        van den Oord et al. 2016, arXiv:1606.05328, section 2 (two stacks, gates). Departures: gates
        without tanh; residual on both streams; a learned number for each place and channel.
    """

    def __init__(self, codes: int, side: tuple[int, int], classes: int, options: PriorOptions) -> None:
        super().__init__()
        self.codes, self.side, self.classes = codes, side, classes
        width = options.width
        self.embedding = nn.Embedding(codes, width)
        self.place = nn.Parameter(torch.zeros(width, *side))
        self.asked = nn.Embedding(classes + 1, width) if classes else None
        self.first_above = nn.Conv2d(width, width, (_ABOVE, 2 * _BESIDE + 1))
        self.first_left = nn.Conv2d(width, width, (1, _LEFT))
        self.above = nn.ModuleList(_Gated(width, (2, 3), options) for _ in range(options.depth))
        self.left = nn.ModuleList(_Gated(width, (1, 3), options) for _ in range(options.depth))
        self.links = nn.ModuleList(nn.Conv2d(width, 2 * width, 1) for _ in range(options.depth))
        self.act = options.activation.build()
        self.last = nn.Conv2d(width, codes, 1)
        nn.init.normal_(self.last.weight, std=0.1 / width**0.5)
        nn.init.zeros_(self.last.bias)  # pyright: ignore[reportArgumentType]

    def nats(self, codes: Int[Tensor, "b h w"], labels: Int[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Minus the log probability of each map, in nats."""
        logits = self.logits(codes, labels)
        return functional.cross_entropy(logits, codes, reduction="none").flatten(1).sum(1)

    def logits(self, codes: Int[Tensor, "b h w"], labels: Int[Tensor, " b"]) -> Float[Tensor, "b k h w"]:
        """Of every code at every place, given the codes before it."""
        embedded = self._embedded(codes)
        return self._along(embedded, self._from_above(embedded), self._start(labels))

    @torch.no_grad()
    def draw(
        self, labels: Int[Tensor, " b"], *, temperature: float = 1.0, random: torch.Generator | None = None
    ) -> Int[Tensor, "b h w"]:
        """New maps, code after code.

        What comes from above is worked out once for each row, and within a row only that row.

        Args:
            labels: the asked classes; any number outside [0, classes) where it does not matter.
            temperature: logits are divided by it; 0 takes the most probable code at each place.
            random: where the random numbers come from; None: torch's own generator.
        """
        count, (rows, columns) = len(labels), self.side
        source = labels.device if random is None else random.device
        chance = torch.rand(count, rows, columns, generator=random, device=source, dtype=torch.float64)
        chance = chance.to(labels.device)
        start = self._start(labels)
        codes = torch.zeros(count, rows, columns, dtype=torch.long, device=labels.device)
        for row in range(rows):
            above = [
                one[:, :, row : row + 1] for one in self._from_above(self._embedded(codes[:, : row + 1]))
            ]
            own = start[:, :, row : row + 1]
            for column in range(columns):
                seen = self._embedded(codes[:, row : row + 1])
                logits = self._along(seen, above, own)[:, :, 0, column]
                codes[:, row, column] = _chosen(logits, temperature, chance[:, row, column])
        return codes

    def _embedded(self, codes: Tensor) -> Tensor:
        return self.embedding(codes).permute(0, 3, 1, 2).contiguous()

    def _start(self, labels: Tensor) -> Tensor:
        """What is known of each place before any code: where it is, and the class."""
        start = self.place.expand(len(labels), -1, -1, -1)
        if self.asked is None:
            return start
        known = (labels >= 0) & (labels < self.classes)
        return start + self.asked(torch.where(known, labels, self.classes))[:, :, None, None]

    def _from_above(self, embedded: Tensor) -> list[Tensor]:
        """What each block is told of the rows above a place."""
        padded = functional.pad(embedded, (_BESIDE, _BESIDE, _ABOVE, 0))[:, :, :-1]
        stream, told = self.first_above(padded), list[Tensor]()
        for block, link in zip(self.above, self.links, strict=True):
            stream = block(functional.pad(stream, (1, 1, 1, 0)), stream, 0.0)
            told.append(link(stream))
        return told

    def _along(self, embedded: Tensor, above: list[Tensor], start: Tensor) -> Tensor:
        """The logits of whole rows, given what comes from above."""
        stream = start + self.first_left(functional.pad(embedded, (_LEFT, 0))[:, :, :, :-1])
        for block, told in zip(self.left, above, strict=True):
            stream = block(functional.pad(stream, (2, 0)), stream, told)
        with torch.autocast(stream.device.type, enabled=False):
            return self.last(self.act(stream.float()))


class _Gated(nn.Module):
    """A convolution whose one half opens the other, added to what it stands beside."""

    def __init__(self, width: int, kernel: tuple[int, int], options: PriorOptions) -> None:
        super().__init__()
        self.act1, self.act2 = options.activation.build(), options.activation.build()
        self.look = nn.Conv2d(width, 2 * width, kernel)
        self.dropout = nn.Dropout(options.dropout) if options.dropout else nn.Identity()
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, padded: Tensor, beside: Tensor, told: Tensor | float) -> Tensor:
        change = functional.glu(self.look(self.act1(padded)) + told, 1)
        return beside + self.mix(self.dropout(self.act2(change)))


def _chosen(logits: Tensor, temperature: float, chance: Tensor) -> Int[Tensor, " b"]:
    """A code for each row of logits, b x k, by a chance in [0, 1)."""
    if temperature == 0:
        return logits.argmax(1)
    upto = (logits.double() / temperature).softmax(1).cumsum(1)
    found = (upto <= (chance * upto[:, -1])[:, None]).sum(1)
    return found.clamp(max=logits.shape[1] - 1)
