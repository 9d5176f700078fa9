"""The Spec: everything a person can choose is a frozen dataclass that knows how to act.

    @dataclass(frozen=True, kw_only=True)
    class Focal(Loss, kind="focal"):
        \"\"\"Cross-entropy that fades what is already well classified.\"\"\"

        gamma: float = option(2.0, "how strongly easy pictures fade", low=0, high=5)

One `option()` is the single declaration from which validation, JSON, the command-line flag,
the form field, the row in the docs and the tuning range come.
"""

import dataclasses
import functools
import inspect
import math
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, get_args, get_origin

from vitral.core.errors import OptionError, check_names, did_you_mean

_OPTION = "vitral.option"
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FAMILIES: dict[str, "type[Spec]"] = {}
_MEMBERS: dict[str, dict[str, "type[Spec]"]] = {}
_LATE: dict[str, Callable[[], None]] = {}


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known about one field of a Spec, besides its name, type and default."""

    help: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None
    search: Any = None
    flag: str | None = None


def option(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    unit: str | None = None,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] | None = None,
    search: Any = None,
    flag: str | None = None,
) -> Any:
    """Declare one field of a Spec.

    Args:
        default: the value when none is given; left out, the option must be given.
        help: one line for a person.
        unit: what the number counts: `s`, `px`, `deg`, `pictures` ...
        low: smallest value allowed, inclusive.
        high: largest value allowed, inclusive.
        choices: the only values allowed.
        search: the range a hyperparameter search may use: `(low, high)`, `(low, high, "log")`
            or a list of values; None keeps it out of the search.
        flag: the command-line flag, for the few options that have one of their own.
    """
    known = Option(
        help=help,
        unit=unit,
        low=low,
        high=high,
        choices=None if choices is None else tuple(choices),
        search=search,
        flag=flag,
    )
    return dataclasses.field(default=default, metadata={_OPTION: known})


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Base of everything a person can choose. See the module's first lines.

    A family is opened with `class Loss(Spec, family="loss")`, a member is added with
    `class Focal(Loss, kind="focal")`. A Spec without a kind (a run, say) has only options.

    Raises:
        OptionError: a value has the wrong type or lies outside its range, or there is no option of a name.
    """

    family: ClassVar[str | None] = None
    kind: ClassVar[str | None] = None

    def __new__(cls, *values: Any, **options: Any) -> Self:
        """Refuse what `__init__` does not know; pickle and copy come here with nothing."""
        if values:
            raise OptionError(_by_name(cls, values[0]))
        if options:
            check_names(cls.__name__, options, _fields(cls))
        return super().__new__(cls)

    def __init_subclass__(cls, *, family: str | None = None, kind: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.kind = kind
        if family is not None:
            cls.family = family
            _check_unused(f"the family {family!r}", _FAMILIES.get(family), cls)
            _FAMILIES[family] = cls
            _MEMBERS.setdefault(family, {})
        if kind is not None:
            _register(cls, kind)

    def __post_init__(self) -> None:
        for name, field in _fields(type(self)).items():
            value = _coerced(getattr(self, name), _hints(type(self))[name])
            object.__setattr__(self, name, value)
            _check(f"{type(self).__name__}.{name}", value, _hints(type(self))[name], field.metadata[_OPTION])

    def to_json(self) -> dict[str, Any]:
        """The Spec as plain JSON values; `from_json` gives an equal Spec back."""
        data: dict[str, Any] = {} if self.kind is None else {"kind": self.kind}
        return data | {name: _plain(getattr(self, name)) for name in _fields(type(self))}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Called on a family it picks the member by `kind`; options left out keep their defaults.

        Raises:
            OptionError: unknown kind, unknown option (with the nearest name), or a bad value.
        """
        if not isinstance(data, Mapping):
            raise OptionError(f"{cls.__name__}: must be an object of options, got {data!r}")
        values = dict(data)
        kind = values.pop("kind", None) if cls.family is not None else None
        target: type[Any] = cls
        if kind is not None and kind != cls.kind:
            target = member(cls.family or "", str(kind))
            if not issubclass(target, cls):
                raise OptionError(f"{cls.__name__}: must be a {cls.__name__}, got the kind {kind!r}")
        if kind is None and cls.family is not None and cls.kind is None:
            raise OptionError(
                f"{cls.__name__}: 'kind' must be given; known: {', '.join(sorted(members(cls.family)))}"
            )
        return _from_values(target, values)

    def with_settings(self, settings: Mapping[str, Any]) -> Self:
        """A copy with options changed by dotted name, as `--set optimizer.lr=0.1` does.

        Args:
            settings: dotted name -> value; a text is read by the option's type. A changed
                `kind` starts from that kind's defaults; kinds are set before other options.
        Raises:
            OptionError: unknown name (with the nearest one) or a bad value.
        """
        paths = {name: name.split(".") for name in sorted(settings, key=lambda n: n.count("."))}
        result = self
        for name, path in paths.items():
            if path[-1] == "kind":
                result = _with_options(result, {name: path}, settings)
        # Together, because what must fit each other is checked when a Spec is made.
        return _with_options(result, {n: path for n, path in paths.items() if path[-1] != "kind"}, settings)

    @classmethod
    def options(cls) -> dict[str, tuple[Any, Any, Option]]:
        """Name -> (type, default, Option), in the order of declaration."""
        hints = _hints(cls)
        return {n: (hints[n], f.default, f.metadata[_OPTION]) for n, f in _fields(cls).items()}

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring: what a person reads in a list of choices."""
        return (inspect.getdoc(cls) or "").partition("\n")[0]


def late_members(family: str, load: Callable[[], None]) -> None:
    """Say how members of a large family are imported that are not yet; it is done when they are asked for.

    Making a dataclass takes a third of a millisecond, and nobody should wait for dozens that are not used.
    """
    _LATE[family] = load


def members(family: str) -> dict[str, type[Spec]]:
    """Kind -> class of every registered member of a family, in alphabetical order.

    Raises:
        OptionError: there is no such family.
    """
    if family not in _MEMBERS:
        raise OptionError(f"family: must be a known family, got {family!r}{did_you_mean(family, _MEMBERS)}")
    if family in _LATE:
        _LATE.pop(family)()
    return dict(sorted(_MEMBERS[family].items()))


def member(family: str, kind: str) -> type[Spec]:
    """The class of one kind.

    Raises:
        OptionError: there is no such kind; the nearest name is suggested.
    """
    known = _MEMBERS.get(family, {})
    if kind not in known:
        known = members(family)
    if kind not in known:
        raise OptionError(f"{family}: must be a known kind, got {kind!r}{did_you_mean(str(kind), known)}")
    return known[kind]


def families() -> dict[str, type[Spec]]:
    """Name -> root class of every family."""
    return dict(sorted(_FAMILIES.items()))


def _register(cls: type[Spec], kind: str) -> None:
    if cls.family is None:
        raise TypeError(f"{cls.__module__}.{cls.__name__}: kind={kind!r} was given outside any family")
    _check_unused(f"{cls.family} {kind!r}", _MEMBERS[cls.family].get(kind), cls)
    _MEMBERS[cls.family][kind] = cls


def _check_unused(name: str, known: type[Spec] | None, cls: type[Spec]) -> None:
    # The same class again is a reloaded module, or @dataclass(slots=True), which makes a copy.
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise TypeError(f"{name} is defined twice: in {known.__module__} and in {cls.__module__}")


@functools.cache
def _fields(cls: type[Spec]) -> dict[str, dataclasses.Field[Any]]:
    found = {field.name: field for field in dataclasses.fields(cls)}
    for name, field in found.items():
        if _OPTION not in field.metadata:
            raise TypeError(f"{cls.__name__}.{name}: every field of a Spec is declared with option()")
    return found


@functools.cache
def _hints(cls: type[Spec]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _coerced(value: Any, hint: Any) -> Any:
    """Widen what JSON and Python write differently: 1 for 1.0, a list for a tuple."""
    if isinstance(value, int) and _allows(hint, float) and not _allows(hint, int) and _fits(value, float):
        return float(value)
    if isinstance(value, list) and _allows(hint, tuple):
        return tuple(value)
    return value


def _by_name(cls: type[Spec], value: Any) -> str:
    """The sentence about a value that was given without its name."""
    name = next(iter(_fields(cls)), None)
    if name is None:
        return f"{cls.__name__}: has no options, got {value!r}"
    shown = "(...)" if _allows(_hints(cls)[name], tuple) and not _allows(_hints(cls)[name], float) else "..."
    return (
        f"{cls.__name__}: options must be given by name, as in {cls.__name__}({name}={shown}), got {value!r}"
    )


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (typing.Union, types.UnionType):
        return get_args(hint)
    return (hint,)


def _allows(hint: Any, kind: type) -> bool:
    return any((get_origin(one) or one) is kind for one in _alternatives(hint))


def _check(where: str, value: Any, hint: Any, known: Option) -> None:
    if not any(_fits(value, one) for one in _alternatives(hint)):
        alone = any(_fits((value,), one) for one in _alternatives(hint))
        near = f"; did you mean ({value!r},)?" if alone else ""
        raise OptionError(f"{where}: must be {_type_name(hint)}, got {value!r}{near}")
    if known.choices is not None and value not in known.choices:
        near = did_you_mean(str(value), [str(c) for c in known.choices])
        listed = ", ".join(map(str, known.choices))
        raise OptionError(f"{where}: must be one of {listed}, got {value!r}{near}")
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        low, high = known.low, known.high
        if isinstance(number, float) and not math.isfinite(number):
            raise OptionError(f"{where}: must be a finite number, got {number!r}")
        if (low is not None and number < low) or (high is not None and number > high):
            unit = f" {known.unit}" if known.unit else ""
            raise OptionError(f"{where}: {_range_text(low, high)}{unit}, got {number!r}")


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if hint is Any:
        return True
    if hint is None or hint is type(None):
        return value is None
    if origin is tuple:
        inner = get_args(hint)
        if not isinstance(value, tuple):
            return False
        if len(inner) == 2 and inner[1] is Ellipsis:
            return all(_fits(v, inner[0]) for v in value)
        return len(value) == len(inner) and all(map(_fits, value, inner))
    whole = isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, float) or (whole and abs(value) <= sys.float_info.max)
    if hint is int:
        return whole
    return isinstance(value, origin or hint)


def _type_name(hint: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    names[type(None)] = "none"
    parts = []
    for one in _alternatives(hint):
        if isinstance(one, type) and issubclass(one, Spec):
            parts.append(f"a {one.__name__}")
        elif (
            get_origin(one) is tuple
            and isinstance(inner := get_args(one)[0], type)
            and issubclass(inner, Spec)
        ):
            parts.append(f"a tuple of {inner.__name__}")
        else:
            parts.append(names.get(one, str(one).replace("typing.", "")))
    return " or ".join(parts)


def _range_text(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"must lie in [{low:g}, {high:g}]"
    return f"must be at least {low:g}" if low is not None else f"must be at most {high:g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def _spec_type(hint: Any) -> type[Spec] | None:
    for one in _alternatives(hint):
        if isinstance(one, type) and issubclass(one, Spec):
            return one
    return None


def _from_values(cls: type[Any], values: Mapping[str, Any]) -> Any:
    hints, known = _hints(cls), _fields(cls)
    ready: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise OptionError(f"{cls.__name__}: has no option {name!r}{did_you_mean(str(name), known)}")
        ready[name] = _read(value, hints[name])
    for name, field in known.items():
        if field.default is dataclasses.MISSING and name not in ready:
            raise OptionError(f"{cls.__name__}.{name}: must be given")
    return cls(**ready)


def _read(value: Any, hint: Any) -> Any:
    inner = _spec_type(hint)
    if inner is not None and isinstance(value, Mapping):
        return inner.from_json(value)
    if isinstance(value, list):
        item = next((get_args(one)[0] for one in _alternatives(hint) if get_origin(one) is tuple), Any)
        return tuple(_read(v, item) for v in value)
    return value


def _with_options(spec: Any, paths: Mapping[str, list[str]], settings: Mapping[str, Any]) -> Any:
    """Change the options that paths lead to, all at once; a path goes by its whole dotted name."""
    changed: dict[str, Any] = {}
    deeper: dict[str, dict[str, list[str]]] = {}
    for full, (name, *rest) in paths.items():
        if name == "kind" and not rest and spec.family is not None:
            return _fresh(spec.family, settings[full], full.removesuffix("kind"), settings)
        if name not in _fields(type(spec)):
            near = did_you_mean(name, _fields(type(spec)))
            raise OptionError(f"{full}: {type(spec).__name__} has no option {name!r}{near}")
        if rest:
            deeper.setdefault(name, {})[full] = rest
        else:
            changed[name] = _new_value(_hints(type(spec))[name], full, settings)
    for name, inner_paths in deeper.items():
        inner, (full, rest) = changed.get(name, getattr(spec, name)), next(iter(inner_paths.items()))
        root = _spec_type(_hints(type(spec))[name])
        if isinstance(inner, Spec):
            changed[name] = _with_options(inner, inner_paths, settings)
        elif rest == ["kind"] and root is not None and root.family is not None:
            changed[name] = _fresh(root.family, settings[full], full.removesuffix("kind"), settings)
        else:
            raise OptionError(
                f"{full}: {type(spec).__name__}.{name} is {inner!r} and has no option {rest[0]!r}"
            )
    return dataclasses.replace(spec, **changed)


def _new_value(hint: Any, full: str, settings: Mapping[str, Any]) -> Any:
    value, root = settings[full], _spec_type(hint)
    if not isinstance(value, str):
        return _read(value, hint)
    if root is not None and root.family is not None and not _means_none(value, hint):
        return _fresh(root.family, value, f"{full}.", settings)
    return _from_text(value, hint, full)


def _fresh(family: str, kind: Any, prefix: str, settings: Mapping[str, Any]) -> Spec:
    """A member with its defaults; options it must be given are looked up in the same settings."""
    cls = member(family, str(kind))
    given: dict[str, Any] = {}
    for name, field in _fields(cls).items():
        full = prefix + name
        if field.default is dataclasses.MISSING and full in settings:
            value, hint = settings[full], _hints(cls)[name]
            given[name] = _from_text(value, hint, full) if isinstance(value, str) else value
    return _from_values(cls, given)


def _means_none(text: str, hint: Any) -> bool:
    return text.lower() in ("none", "null") and type(None) in _alternatives(hint)


def _from_text(text: str, hint: Any, where: str) -> Any:
    """Read a text from the command line by the type of the option."""
    if _means_none(text, hint):
        return None
    for one in _alternatives(hint):
        try:
            return _parsed(text, one)
        except ValueError:
            continue  # the next alternative may be able to read it
    raise OptionError(f"{where}: must be {_type_name(hint)}, got {text!r}")


def _parsed(text: str, hint: Any) -> Any:
    if hint is bool:
        if text.lower() not in (*_YES, *_NO):
            raise ValueError(text)
        return text.lower() in _YES
    if hint in (int, float):
        return hint(text)
    if hint is str:
        return text
    if get_origin(hint) is tuple:
        return tuple(_parsed(part.strip(), get_args(hint)[0]) for part in text.split(",") if part.strip())
    raise ValueError(text)
