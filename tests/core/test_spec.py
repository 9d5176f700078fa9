"""The Spec: validation sentences, JSON round trip, families, settings by dotted name."""

import copy
import dataclasses
import inspect
import json
import pickle
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.core import OptionError, Spec, families, member, members, option


@dataclass(frozen=True, kw_only=True)
class Shape(Spec, family="test-shape"):
    """A family for these tests."""


@dataclass(frozen=True, kw_only=True)
class Disk(Shape, kind="disk"):
    """A round one.

    With a second paragraph.
    """

    radius: float = option(2.0, "how far the edge is", unit="px", low=0, high=50)


@dataclass(frozen=True, kw_only=True)
class Star(Shape, kind="star"):
    """A pointed one."""

    points: int = option(help="number of points; must be given", low=3)
    color: str = option("red", "its color", choices=("red", "green", "blue"))


@dataclass(frozen=True, kw_only=True)
class Ring(Spec):
    """A round one with a hole; its two options must fit each other."""

    inside: float = option(1.0, "how far the hole is", unit="px", low=0, high=50)
    outside: float = option(2.0, "how far the edge is", unit="px", low=0, high=50)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.inside >= self.outside:
            raise OptionError(f"Ring: the hole must lie inside, got {self.inside} and {self.outside}")


@dataclass(frozen=True, kw_only=True)
class Scene(Spec):
    """Every type an option can have, and nested Specs."""

    shape: Shape = option(Disk(), "the main shape")
    other: Shape | None = option(None, "a second shape")
    row: tuple[Shape, ...] = option((), "shapes in a row")
    size: tuple[int, int] = option((8, 8), "rows and columns", unit="px", low=1)
    scale: tuple[float, ...] = option((0.5, 1.0), "zoom factors", low=0, high=10)
    steps: int | None = option(None, "how many", low=1)
    factor: float = option(1.0, "a number without bounds")
    word: str = option("", "any text")
    bright: bool = option(False, "yes or no")
    seed: int = option(0, "a whole number without bounds")


finite = st.floats(allow_nan=False, allow_infinity=False)
shapes = st.builds(Disk, radius=st.floats(0, 50)) | st.builds(
    Star, points=st.integers(3, 99), color=st.sampled_from(["red", "green", "blue"])
)
scenes = st.builds(
    Scene,
    shape=shapes,
    other=st.none() | shapes,
    row=st.lists(shapes, max_size=3).map(tuple),
    size=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    scale=st.lists(st.floats(0, 10), max_size=4).map(tuple),
    steps=st.none() | st.integers(1, 10**30),
    factor=finite | st.integers(-(10**6), 10**6),
    word=st.text(),
    bright=st.booleans(),
    seed=st.integers(),
)


@given(scenes)
def test_reading_back_what_was_written_gives_an_equal_spec(scene: Scene) -> None:
    assert Scene.from_json(json.loads(json.dumps(scene.to_json(), allow_nan=False))) == scene


@given(shapes)
def test_a_member_read_through_its_family_has_its_own_class(shape: Shape) -> None:
    again = Shape.from_json(shape.to_json())
    assert type(again) is type(shape)
    assert again == shape


@given(scenes)
def test_a_spec_can_be_a_dictionary_key(scene: Scene) -> None:
    assert {scene: 1}[Scene.from_json(scene.to_json())] == 1


@given(steps=st.integers(1, 10**12), factor=finite, bright=st.booleans(), word=st.text(min_size=5))
def test_settings_as_text_mean_the_same_as_values(steps: int, factor: float, bright: bool, word: str) -> None:
    values = {"steps": steps, "factor": factor, "bright": bright, "word": word}
    texts = {name: str(value) for name, value in values.items()}
    assert Scene().with_settings(texts) == Scene().with_settings(values) == Scene(**values)


def test_options_left_out_of_json_keep_their_defaults() -> None:
    assert Scene.from_json({"seed": 7}) == Scene(seed=7)


def test_a_whole_number_becomes_a_float_where_a_float_is_meant() -> None:
    assert isinstance(Disk(radius=3).radius, float)
    assert isinstance(Scene(steps=3).steps, int)


def test_a_list_becomes_a_tuple_so_that_the_spec_stays_hashable() -> None:
    listed: Any = [4, 5]
    assert Scene(size=listed).size == (4, 5)
    hash(Scene(size=listed))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"steps": 0}, r"Scene\.steps: must be at least 1, got 0$"),
        ({"steps": 1.5}, r"Scene\.steps: must be a whole number or none, got 1\.5$"),
        ({"steps": True}, r"Scene\.steps: must be a whole number or none, got True$"),
        ({"factor": "1"}, r"Scene\.factor: must be a number, got '1'$"),
        ({"factor": float("nan")}, r"Scene\.factor: must be a finite number, got nan$"),
        ({"factor": float("inf")}, r"Scene\.factor: must be a finite number, got inf$"),
        ({"factor": 10**400}, r"Scene\.factor: must be a number, got 1000"),
        ({"bright": 1}, r"Scene\.bright: must be true or false, got 1$"),
        ({"word": None}, r"Scene\.word: must be a text, got None$"),
        ({"size": (1, 2, 3)}, r"Scene\.size: must be tuple\[int, int\], got \(1, 2, 3\)$"),
        ({"size": (0, 4)}, r"Scene\.size: must be at least 1 px, got 0$"),
        ({"scale": (1.0, 11.0)}, r"Scene\.scale: must lie in \[0, 10\], got 11\.0$"),
        ({"shape": "disk"}, r"Scene\.shape: must be a Shape, got 'disk'$"),
        ({"shape": None}, r"Scene\.shape: must be a Shape, got None$"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        Scene(**values)


def test_a_range_names_its_unit() -> None:
    with pytest.raises(OptionError, match=r"^Disk\.radius: must lie in \[0, 50\] px, got 51\.0$"):
        Disk(radius=51)


def test_a_wrong_choice_lists_the_choices_and_suggests_the_nearest() -> None:
    with pytest.raises(
        OptionError, match=r"must be one of red, green, blue, got 'gren'; did you mean 'green'\?$"
    ):
        Star(points=3, color="gren")


def test_an_unknown_option_suggests_the_nearest_name() -> None:
    with pytest.raises(OptionError, match=r"^Disk: has no option 'radios'; did you mean 'radius'\?$"):
        Shape.from_json({"kind": "disk", "radios": 3})


def test_an_unknown_option_of_a_call_suggests_the_nearest_name() -> None:
    given: Any = {"radios": 3}
    with pytest.raises(OptionError, match=r"^Disk: has no option 'radios'; did you mean 'radius'\?$"):
        Disk(**given)
    with pytest.raises(OptionError, match=r"^Disk: has no option 'radios'; did you mean 'radius'\?$"):
        dataclasses.replace(Disk(), **given)


def test_options_are_given_by_name() -> None:
    given: Any = (3,)
    with pytest.raises(
        OptionError, match=r"^Disk: options must be given by name, as in Disk\(radius=\.\.\.\), got 3$"
    ):
        Disk(*given)
    with pytest.raises(OptionError, match=r"^Shape: has no options, got 3$"):
        Shape(*given)


def test_one_alone_where_several_are_meant_is_told_how() -> None:
    alone: Any = Disk()
    with pytest.raises(
        OptionError, match=r"row: must be a tuple of Shape, got Disk\(.*\); did you mean \(Disk\(.*\),\)\?$"
    ):
        Scene(row=alone)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_spec_can_be_pickled_and_copied(protocol: int) -> None:
    scene = Scene(shape=Star(points=4), seed=3)
    assert pickle.loads(pickle.dumps(scene, protocol)) == scene
    assert copy.copy(scene) == copy.deepcopy(scene) == scene


def test_a_signature_names_the_options() -> None:
    assert list(inspect.signature(Star).parameters) == ["points", "color"]


def test_an_unknown_kind_suggests_the_nearest_name() -> None:
    with pytest.raises(
        OptionError, match=r"^test-shape: must be a known kind, got 'dsik'; did you mean 'disk'\?$"
    ):
        Shape.from_json({"kind": "dsik"})


@pytest.mark.parametrize("kind", [["disk"], {"a": 1}, 3, True])
def test_a_kind_that_is_no_text_is_refused(kind: object) -> None:
    with pytest.raises(OptionError, match=r"^test-shape: must be a known kind, got "):
        Shape.from_json({"kind": kind})


def test_a_family_needs_a_kind() -> None:
    with pytest.raises(OptionError, match=r"^Shape: 'kind' must be given; known: disk, star$"):
        Shape.from_json({})


def test_a_kind_of_another_class_is_refused() -> None:
    with pytest.raises(OptionError, match=r"^Disk: must be a Disk, got the kind 'star'$"):
        Disk.from_json({"kind": "star", "points": 5})


def test_a_spec_outside_any_family_has_no_kind() -> None:
    with pytest.raises(OptionError, match=r"^Scene: has no option 'kind'"):
        Scene.from_json({"kind": "disk"})


@pytest.mark.parametrize("data", [None, 3, "disk", [1]])
def test_json_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(OptionError, match=r"^Scene: must be an object of options, got "):
        Scene.from_json(data)


def test_an_option_without_default_must_be_given() -> None:
    with pytest.raises(OptionError, match=r"^Star\.points: must be given$"):
        Shape.from_json({"kind": "star"})


class TestSettings:
    def test_nested_options_are_reached_by_dots(self) -> None:
        assert Scene().with_settings({"shape.radius": "7"}).shape == Disk(radius=7)

    def test_a_kind_is_set_before_its_options_whatever_the_order(self) -> None:
        settings = {"shape.color": "blue", "shape.points": "5", "shape.kind": "star"}
        assert Scene().with_settings(settings).shape == Star(points=5, color="blue")

    def test_the_name_of_a_kind_stands_for_the_kind(self) -> None:
        assert Scene().with_settings({"shape.points": "5", "shape": "star"}).shape == Star(points=5)

    def test_a_kind_fills_an_option_that_was_none(self) -> None:
        assert Scene().with_settings({"other.kind": "disk", "other.radius": 4}).other == Disk(radius=4)

    def test_an_option_of_nothing_is_refused(self) -> None:
        with pytest.raises(OptionError, match=r"^other\.radius: Scene\.other is None and has no option"):
            Scene().with_settings({"other.radius": 4})

    def test_none_as_text_empties_an_option_that_may_be_empty(self) -> None:
        assert Scene(steps=3, other=Disk()).with_settings({"steps": "none", "other": "None"}) == Scene()

    def test_an_option_a_kind_must_have_is_asked_for(self) -> None:
        with pytest.raises(OptionError, match=r"^Star\.points: must be given$"):
            Scene().with_settings({"shape.kind": "star"})

    def test_a_list_is_written_with_commas(self) -> None:
        scene = Scene().with_settings({"size": "3, 4", "scale": "1,2.5"})
        assert (scene.size, scene.scale) == ((3, 4), (1.0, 2.5))
        assert scene.with_settings({"scale": ""}).scale == ()

    def test_a_kind_set_on_a_member_itself_changes_the_member(self) -> None:
        assert Disk().with_settings({"kind": "star", "points": "4"}) == Star(points=4)

    def test_a_value_may_come_as_json(self) -> None:
        settings = {"shape": {"kind": "star", "points": 6}, "row": [{"kind": "disk"}]}
        assert Scene().with_settings(settings) == Scene(shape=Star(points=6), row=(Disk(),))

    @pytest.mark.parametrize("order", [1, -1])
    def test_options_that_must_fit_each_other_are_set_together(self, order: int) -> None:
        settings = dict(list({"inside": "8", "outside": "9"}.items())[::order])
        assert Ring().with_settings(settings) == Ring(inside=8, outside=9)
        with pytest.raises(OptionError, match=r"the hole must lie inside, got 8\.0 and 2\.0"):
            Ring().with_settings({"inside": "8"})

    def test_the_spec_itself_is_left_as_it_was(self) -> None:
        scene = Scene()
        scene.with_settings({"shape.radius": 9})
        assert scene == Scene()

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("shape.radios", "1", r"^shape\.radios: Disk has no option 'radios'; did you mean 'radius'\?$"),
            ("shepe", "disk", r"^shepe: Scene has no option 'shepe'; did you mean 'shape'\?$"),
            ("steps", "many", r"^steps: must be a whole number or none, got 'many'$"),
            ("bright", "perhaps", r"^bright: must be true or false, got 'perhaps'$"),
            ("factor", "nan", r"must be a finite number, got nan$"),
            ("seed", "1.5", r"^seed: must be a whole number, got '1\.5'$"),
            ("seed.deep", "1", r"^seed\.deep: Scene\.seed is 0 and has no option 'deep'$"),
            ("shape", "disc", r"^test-shape: must be a known kind, got 'disc'; did you mean 'disk'\?$"),
        ],
    )
    def test_a_bad_setting_is_named_in_full(self, name: str, value: str, sentence: str) -> None:
        with pytest.raises(OptionError, match=sentence):
            Scene().with_settings({name: value})


class TestRegistry:
    def test_members_come_in_alphabetical_order(self) -> None:
        assert list(members("test-shape")) == ["disk", "star"]
        assert member("test-shape", "disk") is Disk
        assert families()["test-shape"] is Shape

    def test_an_unknown_family_suggests_the_nearest_name(self) -> None:
        with pytest.raises(OptionError, match=r"got 'test-shap'; did you mean 'test-shape'\?$"):
            members("test-shap")

    def test_two_members_of_one_name_name_both_modules(self) -> None:
        with pytest.raises(
            TypeError, match=r"^test-shape 'disk' is defined twice: in .*test_spec and in .*test_spec$"
        ):

            class Coin(Shape, kind="disk"):
                pass

        assert member("test-shape", "disk") is Disk

    def test_two_families_of_one_name_are_refused(self) -> None:
        with pytest.raises(TypeError, match=r"^the family 'test-shape' is defined twice"):

            class Form(Spec, family="test-shape"):
                pass

        assert families()["test-shape"] is Shape

    def test_a_kind_outside_any_family_is_refused(self) -> None:
        with pytest.raises(TypeError, match=r"kind='lonely' was given outside any family$"):

            class Lonely(Spec, kind="lonely"):
                pass

    def test_a_field_without_option_is_refused(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Bare(Spec):
            size: int = 3

        with pytest.raises(
            TypeError, match=r"^Bare\.size: every field of a Spec is declared with option\(\)$"
        ):
            Bare()


def test_options_tell_type_default_and_help() -> None:
    hint, default, known = Disk.options()["radius"]
    assert (hint, default, known.help, known.unit) == (float, 2.0, "how far the edge is", "px")
    assert (known.low, known.high, known.choices, known.flag) == (0, 50, None, None)


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    assert Disk.summary() == "A round one."


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Disk().radius = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_a_variant_made_by_replace_is_checked_too() -> None:
    with pytest.raises(OptionError, match=r"^Disk\.radius: must lie in"):
        dataclasses.replace(Disk(), radius=-1)
