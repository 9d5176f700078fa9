"""Command-line flags made from options: the one declaration serves the command line too."""

import dataclasses
import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from vitral.core import Option, OptionError, Spec, members


def flags_of(*specs: type[Spec]) -> dict[str, tuple[type[Spec], str]]:
    """Parameter name -> (Spec class, option name) of every option that declares a flag."""
    found: dict[str, tuple[type[Spec], str]] = {}
    for spec in specs:
        for name, (_, _, known) in spec.options().items():
            if known.flag is not None:
                found[_parameter(known.flag)] = (spec, name)
    return found


def with_flags(function: Callable[..., Any], *specs: type[Spec]) -> Callable[..., Any]:
    """Give a command the flags of the Specs' options.

    The command receives them as keyword arguments, None for those not given, so that what a
    person set can be told from a default.

    Args:
        function: the command; its `**flags` parameter is replaced by the flags.
        specs: where the options are declared.
    """
    own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(spec, option)
        )
        for name, (spec, option) in flags_of(*specs).items()
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + added

    def command(**arguments: Any) -> Any:
        return function(**arguments)

    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def without_flags(function: Callable[..., Any], *names: str) -> None:
    """Take parameters that have defaults out of a command's signature, so that it has no such flags."""
    found = inspect.signature(function)
    kept = [one for name, one in found.parameters.items() if name not in names]
    function.__signature__ = found.replace(parameters=kept)  # type: ignore[attr-defined]


def settings_from(given: Mapping[str, Any], *specs: type[Spec]) -> dict[str, Any]:
    """Option name -> value of the flags a person gave."""
    known = flags_of(*specs)
    return {known[name][1]: value for name, value in given.items() if name in known and value is not None}


def read_settings(pairs: list[str]) -> dict[str, str]:
    """Read `--set name=value` pairs.

    Raises:
        OptionError: a pair has no `=`.
    """
    settings: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise OptionError(f"--set: must be NAME=VALUE, got {pair!r}")
        settings[name.strip()] = value.strip()
    return settings


def read_config(path: Path | None) -> dict[str, Any]:
    """Read the options of a `--config` file, for example the `run.json` of another run.

    Raises:
        OptionError: missing, not JSON, or not an object.
    """
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError(f"--config {path}: is not a readable JSON file ({error})") from error
    if not isinstance(found, dict):
        raise OptionError(f"--config {path}: must hold one JSON object")
    return found.get("run", found) if isinstance(found.get("run", found), dict) else found


def _parameter(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _annotation(spec: type[Spec], name: str) -> Any:
    hint, default, known = spec.options()[name]
    kind = _simple_type(hint)
    words = known.help + _unit_text(known) + _default_text(default)
    flag = known.flag or ""
    # What is off anyway needs no word to turn it off.
    names = [f"{flag}/--no-{flag.removeprefix('--')}"] if kind is bool and default is not False else [flag]
    choices = _choices(hint, known)
    shown = Literal[tuple(choices)] if choices else kind
    return Annotated[shown | None, typer.Option(*names, help=words, show_default=False)]


def _choices(hint: Any, known: Option) -> list[str]:
    if known.choices is not None:
        return [str(choice) for choice in known.choices]
    for one in _alternatives(hint):
        if isinstance(one, type) and issubclass(one, Spec) and one.family is not None:
            return sorted(members(one.family))
    return []


def _simple_type(hint: Any) -> type:
    for one in _alternatives(hint):
        if one in (bool, int, float, str):
            return one
    return str


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _unit_text(known: Option) -> str:
    return f" ({known.unit})" if known.unit else ""


def _default_text(default: Any) -> str:
    if default is None or default is dataclasses.MISSING:
        return ""
    if isinstance(default, bool):
        return f" [default: {'on' if default else 'off'}]"
    return f" [default: {default.kind if isinstance(default, Spec) else default}]"
