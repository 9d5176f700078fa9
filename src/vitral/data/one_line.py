"""File names as a person may read them in one line, whatever they contain."""


def one_line(text: object) -> str:
    r"""The text with every unprintable character escaped, so that a message stays one line.

    A newline becomes `\n`, a byte that is no UTF-8 becomes `\udcff`; letters of all scripts stay.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
