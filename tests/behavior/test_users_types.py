"""Users' model files pass mypy --strict, and mistakes in them are found."""

from __future__ import annotations

from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api")
MODEL = Path(__file__).with_name("typed_model.py")


def errors_of(path):
    out, _, _ = api.run(["--strict", "--follow-imports=silent", "--config-file=", str(path)])
    assert "error: " not in out or path.name in out, out
    return [line for line in out.splitlines() if Path(line.split(":")[0]).name == path.name]


def test_a_model_passes_strict():
    assert errors_of(MODEL) == []


def test_mistakes_are_found(tmp_path):
    wrong = tmp_path / "wrong.py"
    text = MODEL.read_text().replace(
        "total += nearest.velocity", 'total += nearest.velocty\n        bird.age = "old"'
    )
    wrong.write_text(text)
    found = "\n".join(errors_of(wrong))
    assert '"Bird" has no attribute "velocty"' in found
    assert 'expression has type "str", variable has type "int"' in found
