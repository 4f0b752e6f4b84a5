"""The documentation says what is so: Python runs and prints what it promises, commands and links work."""

from __future__ import annotations

import inspect
import json
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
# Packages whose Python is shown, not run.
OTHERS = {"mesa", "repast"}

# Runs the steps of a page one after another as one program would: files of Python, and commands of bigworlds.
ONE_AFTER_ANOTHER = """
import json, subprocess, sys
from pathlib import Path
names = {"__name__": "__main__"}
for step in json.loads(sys.argv[1]):
    if isinstance(step, str):
        exec(compile(Path(step).read_text(encoding="utf-8"), step, "exec"), names)
        continue
    done = subprocess.run([sys.executable, "-m", "bigworlds.cli", *step], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode} of bigworlds {' '.join(step)}")
"""


def with_python(page: Path) -> list[Block]:
    """The Python blocks of a page that are bigworlds' own."""
    return [block for block in blocks(page, "python") if not OTHERS.intersection(block.words)]


def steps(page: Path, folder: Path) -> list[str | list[str]]:
    """What a page does, in order: Python files, which are written here, and the words of marked commands."""
    found: list[str | list[str]] = []
    for number, block in enumerate(blocks(page, "python", "sh")):
        if block.language == "sh":
            commands = block.commands if "run" in block.words else []
            found += [until_redirection(shlex.split(command)[1:]) for command in commands]
        elif not OTHERS.intersection(block.words):
            file = folder / (block.file_name or f"block_{number}.py")
            # Line numbers in errors are those of the page.
            file.write_text("\n" * (block.line - 1) + block.text, encoding="utf-8")
            found.append(str(file))
    return found


def until_redirection(words: list[str]) -> list[str]:
    """A command's words without `> FILE`."""
    return words[: words.index(">")] if ">" in words else words


def check_printed(promised: list[str], printed: list[str]) -> None:
    """What is promised was printed, in this order; other lines may stand between."""
    rest = iter(printed)
    for line in promised:
        assert line in rest, f"the page says that {line!r} is printed; printed was {printed}"


RUNNING = [page for page in PAGES if with_python(page) or any("run" in b.words for b in blocks(page, "sh"))]


@pytest.mark.parametrize("page", RUNNING, ids=page_name)
def test_a_page_runs_and_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER, json.dumps(steps(page, tmp_path))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    check_printed([line for block in with_python(page) for line in block.promised], done.stdout.splitlines())


def options_of(command: str) -> set[str]:
    """The options of a command; those of bigworlds itself where an option stands in its place."""
    functions = {known.name: known.callback for known in app.registered_commands}
    for group in app.registered_groups:
        known_ones = group.typer_instance.registered_commands if group.typer_instance else []
        functions |= {f"{group.name} {known.name}": known.callback for known in known_ones}
    if command.startswith("-"):
        return {"--help", "--version"}
    assert command in functions, f"there is no command {command}"
    function = inspect.unwrap(functions[command] or options_of)
    hints = get_type_hints(function, include_extras=True).values()
    marks = [mark for hint in hints for mark in get_args(hint) if isinstance(mark, OptionInfo)]
    # Typer keeps the first name where a default would stand.
    return {"--help"}.union(*({str(mark.default), *(mark.param_decls or ())} for mark in marks))


def options_in(words: list[str]) -> set[str]:
    """The words of a command that are options."""
    return {word.partition("=")[0] for word in words if re.fullmatch("--?[a-z-]+(=.*)?", word)}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_of_a_page_have_options_that_exist(page: Path) -> None:
    for block in blocks(page, "sh"):
        for command in block.commands:
            words = shlex.split(command)[1:]
            end = words.index("--") if "--" in words else len(words)
            in_group = words[0] in {group.name for group in app.registered_groups}
            named = " ".join(words[:2]) if in_group else words[0]
            assert options_in(words[:end]) <= options_of(named), command
            assert options_in(words[end + 1 :]) <= options_of("run"), command  # behind -- of submit


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=page_name)
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


def test_only_pages_for_users_of_other_packages_show_python_that_is_not_run() -> None:
    pages = {page.name for page in PAGES if len(blocks(page, "python")) > len(with_python(page))}
    assert pages <= {f"coming-from-{name}.md" for name in OTHERS}


def test_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\npip install . && bigworlds run boids --view\n" in text
    assert "\npip install '.[test]' && pytest\n" in text
