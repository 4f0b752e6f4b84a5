"""Models of a Python file: runs the file and finds them in it."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from bigworlds.errors import UserError
from bigworlds.model.recipe import Model

_MODULE_PREFIX = "bigworlds_model_"


def models_of_file(path: Path) -> dict[str, Model]:
    """Runs a model file; gives its models by the names of their variables.

    The file's folder comes first in `sys.path`, as with `python FILE`. Models that the file imports count
    only where it has none of its own. What the file's code raises comes through.

    Raises:
        UserError: it is no Python file.
    """
    path = path.resolve()
    # One name for one file, so that what is cached by module name is found again.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"{_MODULE_PREFIX}{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python file; expected a file whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    found = {name: value for name, value in vars(module).items() if isinstance(value, Model)}
    # A second name of one model is no second model.
    once = {id(model): name for name, model in reversed(found.items())}
    models = {name: found[name] for name in sorted(once.values(), key=list(found).index)}
    return {name: model for name, model in models.items() if model.source == path} or models
