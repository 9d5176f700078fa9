"""`confusion`: which class was taken for which."""

from collections.abc import Sequence

from vitral.report.table import table
from vitral.report.words import escaped

_MOST_IN_TABLE = 24
_MOST_PAIRS = 10
_CELL = 4


def confusion(matrix: Sequence[Sequence[int]], classes: Sequence[str], *, title: str = "Confusion") -> str:
    """Draw a confusion matrix, each row shaded by its shares, and the pairs confused most.

    Args:
        matrix: counts, a row per true class and a column per answer.
        classes: names of the classes, in the order of the rows.
        title: caption of the figure.
    Returns:
        HTML of one figure; from 25 classes on the matrix carries no numbers.
    """
    draw = _as_table if len(classes) <= _MOST_IN_TABLE else _as_drawing
    total = sum(map(sum, matrix))
    right = sum(row[i] for i, row in enumerate(matrix))
    told = f"{right:,} of {total:,} right" if total else "nothing counted"
    return (
        f'<figure class="chart confusion"><figcaption>{escaped(title)} <span class="quiet">{told}; '
        f"rows are true classes, columns are answers</span></figcaption>"
        f'<div class="beside">{draw(matrix, classes)}{_pairs(matrix, classes)}</div></figure>'
    )


def _as_table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    names = [escaped(name) for name in classes]
    head = "".join(f'<th scope="col" title="{name}"><span>{name}</span></th>' for name in names)
    body = []
    for i, row in enumerate(matrix):
        total = sum(row)
        cells = "".join(_cell(i, j, count, total, classes) for j, count in enumerate(row))
        body.append(f'<tr><th scope="row" title="{names[i]}"><span>{names[i]}</span></th>{cells}</tr>')
    return (
        f'<div class="wide"><table class="matrix"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(i: int, j: int, count: int, total: int, classes: Sequence[str]) -> str:
    if not count:
        return "<td>·</td>"
    share = count / total
    kind = ("right" if i == j else "wrong") + (" full" if _depth(share) > 0.5 else "")
    words = escaped(f"{classes[i]} taken for {classes[j]}: {count:,} of {total:,} ({share:.0%})")
    return f'<td class="{kind}" style="--depth:{_depth(share):.2f}" title="{words}">{count:,}</td>'


def _depth(share: float) -> float:
    # A root, because a few percent of errors must still be seen beside a full diagonal.
    return 0.08 + 0.92 * share**0.7


def _as_drawing(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    side = len(classes) * _CELL
    cells = []
    for i, row in enumerate(matrix):
        total = sum(row)
        for j, count in enumerate(row):
            if count:
                words = escaped(f"{classes[i]} taken for {classes[j]}: {count:,}")
                kind = "right" if i == j else "wrong"
                cells.append(
                    f'<rect class="{kind}" x="{j * _CELL}" y="{i * _CELL}" width="{_CELL}" height="{_CELL}" '
                    f'fill-opacity="{_depth(count / total):.2f}"><title>{words}</title></rect>'
                )
    label = f"Confusion matrix of {len(classes)} classes; the pairs confused most are listed below."
    return (
        f'<svg class="matrix" viewBox="0 0 {side} {side}" role="img" aria-label="{label}">'
        f"{''.join(cells)}</svg>"
    )


def _pairs(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    wrong = [
        (count, count / sum(row), i, j)
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count
    ]
    wrong.sort(key=lambda pair: (-pair[0], -pair[1], pair[2:]))
    rows = [
        {"is": classes[i], "taken for": classes[j], "times": count, "share of the class": f"{share:.0%}"}
        for count, share, i, j in wrong[:_MOST_PAIRS]
    ]
    return table(rows, title="Confused most often") if rows else ""
