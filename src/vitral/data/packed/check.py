"""`check`: whether every row of a packed set is as it was written."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vitral.core import ImageError
from vitral.data.crew import Crew
from vitral.data.packed.shard import Shard


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found.

    Args:
        pictures: rows looked at.
        damaged: a sentence for each damaged row: file, row, key.
    """

    pictures: int
    damaged: tuple[str, ...] = field(repr=False)


def check(
    shards: list[Shard], *, threads: int = 2, progress: Callable[[int, int], None] | None = None
) -> Checked:
    """Compare every row with its checksum, in parallel.

    Args:
        shards: of one set.
        threads: that read.
        progress: called in this thread with (rows done, rows in all).
    """
    places = [(shard, row) for shard in shards for row in range(len(shard))]

    def damage(number: int) -> str:
        shard, row = places[number]
        try:
            shard.verify(row)
        except ImageError as error:
            return str(error)
        return ""

    crew = Crew(damage, range(len(places)), workers=threads, ahead=16 * threads, name="check")
    damaged: list[str] = []
    try:
        for done, found in enumerate(crew, start=1):
            if found:
                damaged.append(found)
            if progress is not None and (done % 256 == 0 or done == len(places)):
                progress(done, len(places))
    finally:
        crew.close()
    return Checked(pictures=len(places), damaged=tuple(damaged))
