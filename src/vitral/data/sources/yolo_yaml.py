"""The little of YAML that `data.yaml` files of YOLO sets are written in."""

from typing import Any

from vitral.core import DataError


def read_data_yaml(text: str, where: str) -> dict[str, Any]:
    """Names and values: texts, numbers, lists in one line or over several, and one level of mapping.

    Raises:
        DataError: it is written in another part of YAML; the text names the line.
    """
    found: dict[str, Any] = {}
    above = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _without_comment(raw).rstrip()
        if not line.strip() or line.strip() in ("---", "..."):
            continue
        at = f"{where}, line {number}"
        inner = line.strip()
        if line[0] in " \t" or inner.startswith("- "):
            if not above:
                raise DataError(f"{at}: belongs to nothing above it")
            _below(found, above, inner, at)
            continue
        name, colon, value = inner.partition(":")
        if not colon or inner[0] in "{[&*!|>%@`":
            raise DataError(f"{at}: must be 'name: value', which is all that is read of YAML here")
        above = name.strip().strip("'\"")
        found[above] = _value(value.strip(), at) if value.strip() else None
    return found


def _below(found: dict[str, Any], above: str, inner: str, at: str) -> None:
    if inner.startswith("- "):
        if found[above] is None:
            found[above] = []
        if not isinstance(found[above], list):
            raise DataError(f"{at}: an entry of a list must not follow something else")
        found[above].append(_value(inner[2:].strip(), at))
        return
    name, colon, value = inner.partition(":")
    if not colon:
        raise DataError(f"{at}: must be 'name: value' or '- value'")
    if found[above] is None:
        found[above] = {}
    if not isinstance(found[above], dict):
        raise DataError(f"{at}: a name must not follow something else")
    found[above][name.strip().strip("'\"")] = _value(value.strip(), at)


def _value(text: str, at: str) -> Any:
    if text.startswith(("[", "{")):
        closing = "]" if text[0] == "[" else "}"
        if not text.endswith(closing):
            raise DataError(f"{at}: a list must end in the line in which it begins")
        parts = _split(text[1:-1])
        if text[0] == "[":
            return [_scalar(part) for part in parts]
        pairs = [part.partition(":") for part in parts]
        return {name.strip().strip("'\""): _scalar(value) for name, _, value in pairs}
    if text[:1] in "&*!|>":
        raise DataError(f"{at}: this part of YAML is not read here")
    return _scalar(text)


def _scalar(text: str) -> Any:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.lstrip("-").isdigit() and len(text) < 19 and text.isascii():
        return int(text)
    return text


def _split(text: str) -> list[str]:
    """Parts between commas that stand in no quotes."""
    parts, part, quote = [], "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == ",":
            parts.append(part)
            part = ""
            continue
        part += letter
    return [one for one in (*parts, part) if one.strip()]


def _without_comment(line: str) -> str:
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at]
    return line
