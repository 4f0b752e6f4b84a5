"""The documentation says what is so: Python runs and prints what it promises, commands and links work."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from typer.models import OptionInfo

from bigworlds.cli.app import app

from .pages import PAGES, ROOT, Block, blocks, page_name

SECONDS = 300.0

# Runs files one after another as one program would, so that the blocks of a page go on from each other.
ONE_AFTER_ANOTHER = """
import sys
from pathlib import Path
names = {"__name__": "__main__"}
for file in sys.argv[1:]:
    exec(compile(Path(file).read_text(encoding="utf-8"), file, "exec"), names)
"""


def with_python(page: Path) -> list[Block]:
    """The Python blocks of a page that are bigworlds' own."""
    return [block for block in blocks(page, "python") if "mesa" not in block.words]


def call(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder, with this bigworlds and its cache of kernels."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )


def save(page: Path, folder: Path) -> list[Path]:
    """Writes a page's Python blocks into files."""
    files = []
    for number, block in enumerate(with_python(page)):
        file = folder / (block.file_name or f"block_{number}.py")
        # Line numbers in errors are those of the page.
        file.write_text("\n" * (block.line - 1) + block.text, encoding="utf-8")
        files.append(file)
    return files


def check_printed(promised: list[str], printed: list[str]) -> None:
    """What is promised was printed, in this order; other lines may stand between."""
    rest = iter(printed)
    for line in promised:
        assert line in rest, f"the page says that {line!r} is printed; printed was {printed}"


@pytest.mark.parametrize("page", [p for p in PAGES if with_python(p)], ids=page_name)
def test_python_of_a_page_runs_and_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    files = save(page, tmp_path)
    done = call(["-c", ONE_AFTER_ANOTHER, *map(str, files)], tmp_path)
    assert done.returncode == 0, done.stderr
    check_printed([line for block in with_python(page) for line in block.promised], done.stdout.splitlines())


WITH_COMMANDS = [page for page in PAGES if any("run" in block.words for block in blocks(page, "sh"))]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=page_name)
def test_marked_commands_of_a_page_run(page: Path, tmp_path: Path) -> None:
    save(page, tmp_path)
    for block in blocks(page, "sh"):
        for command in block.commands if "run" in block.words else []:
            words = shlex.split(command)[1:]
            if ">" in words:
                words = words[: words.index(">")]
            done = call(["-m", "bigworlds.cli", *words], tmp_path)
            assert done.returncode == 0, f"{command}: {done.stderr}"


def options_of(command: str) -> set[str]:
    """The options of a command; those of bigworlds itself where an option stands in its place."""
    functions = {known.name: known.callback for known in app.registered_commands}
    if command.startswith("-"):
        return {"--help", "--version"}
    assert command in functions, f"there is no command {command}"
    function = inspect.unwrap(functions[command] or options_of)
    hints = get_type_hints(function, include_extras=True).values()
    marks = [mark for hint in hints for mark in get_args(hint) if isinstance(mark, OptionInfo)]
    # Typer keeps the first name where a default would stand.
    return {"--help"}.union(*({str(mark.default), *(mark.param_decls or ())} for mark in marks))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_of_a_page_have_options_that_exist(page: Path) -> None:
    for block in blocks(page, "sh"):
        for command in block.commands:
            words = shlex.split(command)[1:]
            options = {word for word in words if re.fullmatch("--?[a-z-]+", word)}
            assert options <= options_of(words[0]), command


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=page_name)
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


def test_only_the_page_for_mesa_shows_python_that_is_not_run() -> None:
    pages = {page_name(p) for p in PAGES if len(blocks(p, "python")) > len(with_python(p))}
    assert pages <= {"docs/coming-from-mesa.md"}


def test_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\npip install . && bigworlds run boids --view\n" in text
    assert "\npip install '.[test]' && pytest\n" in text
