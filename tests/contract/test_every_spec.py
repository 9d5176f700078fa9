"""What must hold for every member of every family, whoever adds it."""

import dataclasses
import json
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

import vitral
from vitral.core import OptionError, Spec, families, members

for module in pkgutil.walk_packages(vitral.__path__, "vitral."):
    if not module.name.endswith("__main__"):
        import_module(module.name)


def every_member() -> Iterator[type[Spec]]:
    for family, root in families().items():
        if root.__module__.startswith("vitral."):
            yield from members(family).values()


MEMBERS = list(every_member())
every = pytest.mark.parametrize("cls", MEMBERS, ids=lambda cls: f"{cls.family}/{cls.kind}")


def with_defaults(cls: type[Spec]) -> Spec | None:
    required = [name for name, (_, default, _) in cls.options().items() if default is dataclasses.MISSING]
    return None if required else cls()


def test_there_are_members() -> None:
    assert len(MEMBERS) > 5


@every
def test_its_kind_is_written_in_small_letters(cls: type[Spec]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", str(cls.kind))


@every
def test_it_says_in_one_line_what_it_is(cls: type[Spec]) -> None:
    assert cls.summary().endswith(".")
    assert len(cls.summary()) <= 100


@every
def test_every_option_explains_itself(cls: type[Spec]) -> None:
    assert [name for name, (_, _, known) in cls.options().items() if not known.help] == []


@every
def test_its_defaults_are_allowed_and_survive_json(cls: type[Spec]) -> None:
    spec = with_defaults(cls)
    if spec is None:
        with pytest.raises(OptionError, match="must be given"):
            cls.from_json({"kind": cls.kind})
        return
    text = json.dumps(spec.to_json(), allow_nan=False)
    again = families()[str(cls.family)].from_json(json.loads(text))
    assert again == spec
    assert type(again) is cls


@every
def test_values_outside_its_ranges_are_refused(cls: type[Spec]) -> None:
    spec = with_defaults(cls)
    if spec is None:
        return
    for name, (_, default, known) in cls.options().items():
        if isinstance(default, bool) or not isinstance(default, int | float):
            continue
        for limit, outside in ((known.low, -1), (known.high, +1)):
            if limit is not None:
                with pytest.raises(OptionError, match=rf"{cls.__name__}\.{name}: must"):
                    dataclasses.replace(spec, **{name: type(default)(limit + outside)})


@every
def test_a_search_range_lies_within_what_is_allowed(cls: type[Spec]) -> None:
    for name, (_, _, known) in cls.options().items():
        if isinstance(known.search, tuple):
            low, high = known.search[:2]
            assert low < high, name
            assert known.low is None or known.low <= low, name
            assert known.high is None or high <= known.high, name
