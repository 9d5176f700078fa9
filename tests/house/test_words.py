"""What the README and the guides tell people to type exists."""

import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Pages that describe what is there today; decisions and the outlook in docs/architecture.md may go further.
GUIDES = [page for kind in ("tutorial", "how-to") for page in sorted((ROOT / "docs" / kind).glob("*.md"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *GUIDES]
LINKED = [*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fenced(page: Path, language: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return "\n".join(blocks)


def typed(program: str) -> list[str]:
    """The word after a program's name, wherever a page shows a command to type."""
    shown = "\n".join(fenced(page, "sh") for page in PAGES)
    return sorted(set(re.findall(rf"^(?:\S*/)?{program} ([a-z][a-z-]*)", shown, flags=re.MULTILINE)))


def test_every_make_target_people_are_told_to_type_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert {"demo", "test"} <= set(typed("make"))
    assert set(typed("make")) <= targets
    assert {"demo", "test", "check", "clean", "format", "lint", "types", "layers"} <= targets


def test_every_command_people_are_told_to_type_exists() -> None:
    for command in typed("vitral"):
        done = subprocess.run(
            [sys.executable, "-m", "vitral", command, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert {"train", "evaluate", "predict", "resume", "look"} <= set(typed("vitral"))


def test_every_option_people_are_told_to_set_can_be_set() -> None:
    from vitral.cli.train import assemble
    from vitral.core import members
    from vitral.tasks import Task

    shown = "\n".join(fenced(page, "sh") for page in PAGES)
    lines = re.findall(r"^(?:\S*/)?vitral train .*--set .*", shown, flags=re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line, comments=True)
        kind = members("task")[words[words.index("train") + 1]]
        assert issubclass(kind, Task)
        pairs = [value for flag, value in itertools.pairwise(words) if flag == "--set"]
        assemble(kind, None, pairs, {})


def test_the_two_commands_come_first_in_the_readme() -> None:
    assert fenced(ROOT / "README.md", "sh").split("\n")[:2] == ["make demo", "make test"]


def test_the_python_in_the_readme_is_python_and_uses_public_names() -> None:
    import vitral

    code = fenced(ROOT / "README.md", "python")
    compile(code, "README.md", "exec")
    names = set(re.findall(r"\bvt\.([A-Za-z_]+)", code))
    assert names
    assert [name for name in names if not hasattr(vitral, name)] == []


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_everything_installed_for_the_tests_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for lines in extras.values() for line in lines] + ["hatchling"]
    names = {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in wanted}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert names - set(pins) == set()
    assert pins["torch"] == "2.13.0"


def test_the_extras_are_those_that_messages_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r'\bextra="([a-z]+)"', source))
    assert named <= set(project["optional-dependencies"])
    assert {"serve", "export", "ray", "timm", "dev"} <= set(project["optional-dependencies"])


def test_a_push_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o100
    assert "set -euo pipefail" in script.read_text()
    assert "make test" in script.read_text()
