"""The little of YAML that `data.yaml` files of YOLO sets are written in."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from vitral.core import DataError
from vitral.data.one_line import one_line

_DEEPEST = 8
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_TEXT_BELOW = re.compile(r"[|>][0-9+-]{0,2}")
_ESCAPED = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.?)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", " ": " ", "/": "/", '"': '"', "\\": "\\"}
_CLOSING = {"[": "]", "{": "}"}


def read_data_yaml(text: str, where: str) -> dict[str, Any]:
    """Names and values: texts, whole numbers, lists and mappings, in brackets or by indentation.

    Texts over several lines, such as scripts for downloading, are passed over and are None, as is what
    is left empty, `null` and `~`. Everything else but a whole number is a text.

    Raises:
        DataError: it is written in another part of YAML, or a name stands twice; the text names the line.
    """
    reader = _Reader(_lines(text, where))
    found = reader.mapping(0) if reader.line else {}
    if reader.line:
        raise DataError(f"{reader.line.at}: belongs to nothing above it")
    return found


class _Line(NamedTuple):
    at: str
    indent: int
    name: str | None  # None: it is an entry of a list.
    value: str


def _lines(text: str, where: str) -> Iterator[_Line]:
    """What is said, without comments; what stands in brackets over several lines is put into one."""
    waiting = list(enumerate(text.splitlines(), start=1))[::-1]
    while waiting:
        number, raw = waiting.pop()
        line, at = _without_comment(raw), f"{where}, line {number}"
        inner, indent = line.strip(), _indent(line)
        if not inner or inner in ("---", "..."):
            continue
        is_entry = inner == "-" or inner.startswith("- ")
        name, value = (None, inner[1:].strip()) if is_entry else _pair(inner, at)
        if _TEXT_BELOW.fullmatch(value):
            value = ""
            while waiting and (not waiting[-1][1].strip() or _indent(waiting[-1][1]) > indent):
                waiting.pop()
        parts, deep = [value], _brackets(value) if value[:1] in _CLOSING else 0
        while deep > 0 and waiting:
            parts.append(_without_comment(waiting.pop()[1]).strip())
            deep += _brackets(parts[-1])
        yield _Line(at, indent, name, " ".join(parts))


class _Reader:
    """Reads line by line; `line` is the next one, None at the end."""

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self.line = next(lines, None)

    def mapping(self, deep: int) -> dict[str, Any]:
        """Lines of 'name: value' that are indented alike."""
        first, found = self._deeper(deep), dict[str, Any]()
        while self.line and self.line.indent >= first.indent:
            line = self.line
            if line.indent > first.indent:
                raise DataError(f"{line.at}: belongs to nothing above it")
            if line.name is None:
                raise DataError(f"{line.at}: an entry of a list must stand below its name")
            if line.name in found:
                raise DataError(f"{line.at}: the name '{one_line(line.name)}' must stand once")
            found[line.name] = self._value(line, deep)
        return found

    def entries(self, deep: int) -> list[Any]:
        """Lines of '- value' that are indented alike."""
        first, found = self._deeper(deep), []
        while self.line and self.line.indent == first.indent and self.line.name is None:
            found.append(self._value(self.line, deep))
        return found

    def _deeper(self, deep: int) -> _Line:
        assert self.line is not None
        if deep >= _DEEPEST:
            raise DataError(f"{self.line.at}: is nested more than {_DEEPEST} deep")
        return self.line

    def _value(self, line: _Line, deep: int) -> Any:
        """What stands behind a name or a dash, or else below it; a list may be indented like its name."""
        self.line = below = next(self._lines, None)
        if line.value:
            return _value(line.value, line.at, deep + 1)
        if below is None or below.indent < line.indent:
            return None
        if below.indent == line.indent and (line.name is None or below.name is not None):
            return None
        return self.entries(deep + 1) if below.name is None else self.mapping(deep + 1)


def _pair(text: str, at: str) -> tuple[str, str]:
    """A name and what stands behind its colon."""
    ends = [n for n, letter in _outside(text) if letter == ":" and text[n + 1 : n + 2] in ("", " ", "\t")]
    if not ends or not ends[0] or text[0] in "[]{}&*!|>%@`?" or text.startswith("<<"):
        raise DataError(f"{at}: must be 'name: value' or '- value', which is all that is read of YAML here")
    return str(_scalar(text[: ends[0]].strip(), at, raw=True)), text[ends[0] + 1 :].strip()


def _value(text: str, at: str, deep: int) -> Any:
    if text[:1] not in _CLOSING:
        return _scalar(text, at)
    if deep >= _DEEPEST:
        raise DataError(f"{at}: is nested more than {_DEEPEST} deep")
    parts = _split(text, at)
    if text[0] == "[":
        return [_value(part, at, deep + 1) for part in parts]
    pairs = [_pair(part, at) for part in parts]
    found = {name: _value(value, at, deep + 1) for name, value in pairs}
    if len(found) < len(pairs):
        raise DataError(f"{at}: each name must stand once")
    return found


def _scalar(text: str, at: str, *, raw: bool = False) -> Any:
    """A text out of its quotes, a whole number (`raw`: as it is written), or None."""
    if text[:1] in ("'", '"'):
        inside = text[1:-1]
        quotes = inside.replace("''", "") if text[0] == "'" else _ESCAPED.sub("", inside)
        if len(text) < 2 or text[-1] != text[0] or text[0] in quotes:
            raise DataError(f"{at}: a quote must be closed, and nothing follow it")
        return (
            inside.replace("''", "'") if text[0] == "'" else _ESCAPED.sub(lambda m: _letter(m[1], at), inside)
        )
    inner_pair = any(text[n + 1 : n + 2] in ("", " ", "\t") for n, letter in enumerate(text) if letter == ":")
    if inner_pair or text[:1] in tuple("&*!|>%@`]},") or text[:2] in ("-", "- ", "? "):
        raise DataError(f"{at}: this part of YAML is not read here, got '{one_line(text[:40])}'")
    if raw:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    return int(text) if _WHOLE.fullmatch(text) else text


def _letter(code: str, at: str) -> str:
    if code[:1] in ("x", "u", "U") and len(code) > 1 and int(code[1:], 16) < 0x110000:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise DataError(f"{at}: in double quotes, a backslash must be doubled, got '\\{one_line(code)}'")
    return _ESCAPES[code]


def _split(text: str, at: str) -> list[str]:
    """The parts between the commas of a list or mapping in brackets."""
    parts, open_ones, begin = [], [], 1
    for n, letter in _outside(text):
        if letter in _CLOSING:
            open_ones.append(_CLOSING[letter])
        elif letter in _CLOSING.values() and (
            open_ones.pop() != letter or (not open_ones and n < len(text) - 1)
        ):
            raise DataError(f"{at}: brackets must be closed by their like, and nothing follow them")
        if (letter == "," and len(open_ones) == 1) or not open_ones:
            parts.append(text[begin:n].strip())
            begin = n + 1
    if open_ones:
        raise DataError(f"{at}: brackets and quotes in them must be closed")
    if not parts[-1]:  # Nothing needs to follow the last comma.
        parts.pop()
    return parts


def _brackets(text: str) -> int:
    """How many brackets more are opened than closed."""
    return sum((letter in _CLOSING) - (letter in _CLOSING.values()) for _, letter in _outside(text))


def _without_comment(line: str) -> str:
    ends = (n for n, letter in _outside(line) if letter == "#" and (n == 0 or line[n - 1] in " \t"))
    return line[: next(ends, len(line))].rstrip()


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """The letters that stand in no quotes; an apostrophe within a word begins none."""
    quote, before, escaped = "", "", False
    for n, letter in enumerate(text):
        if quote and escaped:
            escaped = False
        elif quote:
            escaped = quote == '"' and letter == "\\"
            if letter == quote:
                quote, before = "", letter * 2
        elif letter in "'\"" and _begins(text, n, before):
            quote = letter
        else:
            yield n, letter
            before = before if letter in " \t" else letter


def _begins(text: str, n: int, before: str) -> bool:
    """Whether a quote at n begins or, doubled, goes on; `before` is the last letter that is no blank."""
    if before in ("", "[", "{", ","):
        return True
    return text[n - 1] in " \t" if before in (":", "-") else text[n - 1 : n + 1] == before


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
