"""Rows of pictures for the documents: each row one photograph, grey, colorized and as it was."""

from collections.abc import Sequence

from PIL import Image

_GAP_PX = 8


def color_sheet(rows: Sequence[Sequence[Image.Image]], *, columns: int, tall_px: int) -> Image.Image:
    """All rows on one sheet, in columns, every picture equally tall.

    Args:
        rows: pictures that stand side by side.
        columns: into how many the rows are parted, the first ones at the left.
        tall_px: height of each picture.
    """
    small = [[_scaled(picture, tall_px) for picture in row] for row in rows]
    wide = max(sum(picture.width for picture in row) for row in small) + _GAP_PX
    tall, each = tall_px + _GAP_PX, -(-len(small) // columns)
    sheet = Image.new("RGB", (columns * wide - _GAP_PX, each * tall - _GAP_PX), "white")
    for number, row in enumerate(small):
        column, line = divmod(number, each)
        x = column * wide
        for picture in row:
            sheet.paste(picture, (x, line * tall))
            x += picture.width
    return sheet


def _scaled(picture: Image.Image, tall_px: int) -> Image.Image:
    width = round(picture.width * tall_px / picture.height)
    return picture.convert("RGB").resize((width, tall_px), Image.Resampling.LANCZOS)
