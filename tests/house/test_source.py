"""Rules of the house that can be read off the source text."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vitral"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 500
MOST_LINES_OF_A_FUNCTION = 60
LONGEST_FIRST_LINE = 100
LONG_ENOUGH_FOR_WORDS = 8

UNSAFE_CALLS = {
    "eval",
    "exec",
    "compile",
    "torch.load",
    "torch.save",
    "pickle.load",
    "pickle.loads",
    "yaml.load",
    "np.load",
}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
NETWORK_MODULES = {"requests", "urllib.request", "http.client", "httpx", "socket", "ftplib"}
VAGUE_NAMES = re.compile(r"^(utils?|helpers?|common|misc|tools?|base\d*|new_.*|old_.*|legacy_.*|.*_v?\d)$")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield relative(path), node


def functions() -> Iterator[tuple[str, Function]]:
    for name, node in nodes():
        if isinstance(node, Function):
            yield f"{name}:{node.lineno} {node.name}", node


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def public_things() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Functions and classes at the top of a file, and every longer function with a public name."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
                continue
            long = isinstance(node, Function) and length(node) > LONG_ENOUGH_FOR_WORDS
            if node in tree.body or long:
                yield f"{relative(path)}:{node.lineno} {node.name}", node


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def imports_of(forbidden: set[str]) -> list[str]:
    return [
        f"{where}: {module}"
        for where, node in nodes()
        for module in imported(node)
        if module in forbidden or module.partition(".")[0] in forbidden
    ]


def test_there_is_source_to_check() -> None:
    assert len(FILES) > 30


def test_nothing_opens_untrusted_bytes_as_code() -> None:
    calls = [
        f"{where}:{node.lineno} {ast.unparse(node.func)}"
        for where, node in nodes()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in UNSAFE_CALLS
    ]
    assert calls == []
    assert imports_of(UNSAFE_MODULES) == []


def test_nothing_talks_to_the_network() -> None:
    assert [line for line in imports_of(NETWORK_MODULES) if "/serve/" not in line] == []


def test_every_public_function_and_class_says_what_it_is() -> None:
    assert [where for where, node in public_things() if not ast.get_docstring(node)] == []


def test_the_first_line_of_a_docstring_is_one_sentence() -> None:
    firsts = {where: (ast.get_docstring(node) or "").partition("\n")[0] for where, node in public_things()}
    too_long = [where for where, line in firsts.items() if len(line) > LONGEST_FIRST_LINE]
    open_ended = [where for where, line in firsts.items() if line and line[-1] not in ".:?"]
    assert (too_long, open_ended) == ([], [])


def test_every_module_says_what_it_holds() -> None:
    silent = [
        relative(path)
        for path in FILES
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_file_is_too_long() -> None:
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_function_is_too_long() -> None:
    assert [where for where, node in functions() if length(node) > MOST_LINES_OF_A_FUNCTION] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    names = [path.stem for path in FILES] + [path.name for path in SOURCE.rglob("*") if path.is_dir()]
    assert [name for name in names if VAGUE_NAMES.match(name)] == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name == "__init__.py" and path.parent != SOURCE], ids=relative
)
def test_an_init_file_only_passes_names_on(path: Path) -> None:
    allowed = (ast.Import, ast.ImportFrom)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        # Names that are imported late are told to type checkers.
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            assert all(isinstance(line, allowed) for line in node.body)
            continue
        assert isinstance(node, allowed) or is_docstring or is_all, ast.unparse(node)


def test_nobody_imports_a_star() -> None:
    stars = [
        where
        for where, node in nodes()
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []


def test_no_exception_is_swallowed_without_a_reason() -> None:
    silent = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            idle = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
            if idle and not any("#" in line for line in lines):
                silent.append(f"{relative(path)}:{node.lineno}")
    assert silent == []


def test_every_test_asserts_something() -> None:
    idle = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function) and node.name.startswith("test_"):
                body = ast.get_source_segment(text, node) or ""
                if not re.search(r"\bassert|raises|check|gradcheck", body):
                    idle.append(f"{relative(path)}:{node.lineno} {node.name}")
    assert idle == []
