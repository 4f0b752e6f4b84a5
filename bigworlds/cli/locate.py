"""Finds the model that MODEL names: a Python file, FILE:NAME, or a shipped example; and loads its file.

What is wrong with the file is a UserError with file and line: users never see a traceback of their own
typing errors.
"""

from __future__ import annotations

import ast
from pathlib import Path

from bigworlds.cli.failures import place_in, placed, short_path
from bigworlds.errors import BigworldsError, UserError, nearest_names
from bigworlds.model import Model, models_of_file


def example_folder() -> Path | None:
    """The folder of the shipped examples: installed with the package, or in the source tree; None without
    either."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "examples", package.parent / "examples"):
        if any(folder.glob("*/*.py")):
            return folder
    return None


def examples() -> dict[str, Path]:
    """The model files of the shipped examples by name, sorted."""
    folder = example_folder()
    if folder is None:
        return {}
    found = {path.name: path / f"{path.name}.py" for path in sorted(folder.iterdir()) if path.is_dir()}
    return {name: path for name, path in found.items() if path.is_file()}


def summary_of(path: Path) -> str:
    """The first line of a model file's docstring, read without running the file."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def find_model(named: str) -> Model:
    """The model that a command line names.

    Args:
        named: the path of a Python file, `FILE:NAME` where it holds several models, or the name of a
            shipped example.

    Raises:
        UserError: no such file or example, a file that cannot be loaded, no model or several in it.
    """
    text, colon, name = named.rpartition(":")
    path_text, chosen = (text, name) if colon and text.endswith(".py") else (named, None)
    path = Path(path_text).expanduser()
    shipped = examples()
    if path.is_dir() and (path / "model.toml").is_file():
        raise UserError(
            f"{path_text} is a folder with a model.toml, which this version does not read; "
            "name a Python file with a @bw.model"
        )
    if path.is_file():
        return load_model(path, chosen)
    if path_text in shipped:
        return load_model(shipped[path_text], chosen)
    if path.is_dir():
        held = ", ".join(sorted(entry.name for entry in path.glob("*.py"))) or "no Python file"
        raise UserError(f"{path_text} is a folder, expected a Python file with a @bw.model; it holds {held}")
    if path_text.endswith(".py") or "/" in path_text:
        beside = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise UserError(f"there is no file {path_text}{nearest_names(path.name, beside) if beside else ''}")
    raise UserError(
        f"there is no model '{path_text}': neither a Python file nor a shipped example"
        f"{nearest_names(path_text, shipped)}"
    )


def load_model(path: Path, chosen: str | None = None) -> Model:
    """Runs a model file and picks the model in it.

    Raises:
        UserError: the file cannot be run, or it holds no model, several, or none of the chosen name.
    """
    models, where = models_in(path), short_path(path.resolve())
    if chosen is not None:
        if chosen not in models:
            raise UserError(f"{where} has no model '{chosen}'{nearest_names(chosen, models)}")
        return models[chosen]
    if not models:
        wanted = "decorate the function that describes the world with @bw.model(Params)"
        raise UserError(f"{where} holds no model; {wanted}")
    if len(models) > 1:
        choices = ", ".join(f"{where}:{name}" for name in models)
        raise UserError(f"{where} holds {len(models)} models; choose one: {choices}")
    return next(iter(models.values()))


def models_in(path: Path) -> dict[str, Model]:
    """Runs a model file; gives its models by the names of their variables (see `models_of_file`).

    Raises:
        UserError: the file cannot be run.
    """
    path = path.resolve()
    if path.suffix != ".py":
        raise UserError(f"{short_path(path)} is no Python file; expected a file whose name ends in .py")
    try:
        return models_of_file(path)
    except (Exception, SystemExit) as problem:
        raise _cannot_load(path, problem) from problem


def _cannot_load(path: Path, problem: BaseException) -> UserError:
    """The error for a file whose code failed while it was loaded."""
    if isinstance(problem, SyntaxError) and problem.filename is not None:
        text = f": {problem.text.strip()}" if problem.text else ""
        return UserError(f"{short_path(Path(problem.filename))}:{problem.lineno}: {problem.msg}{text}")
    place = place_in(problem, path.parent) or short_path(path)
    if isinstance(problem, BigworldsError):
        return UserError(placed(place, problem))
    if isinstance(problem, SystemExit):
        return UserError(f"{place}: the file ended the program while it was loaded (sys.exit)")
    return UserError(f"{place}: {type(problem).__name__}: {problem}")
