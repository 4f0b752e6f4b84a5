"""The script that publishes dry runs: its table and plot, and that messages do not grow with the ranks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "scaling" / "dry_run.py"


def test_messages_of_a_rank_do_not_grow_with_the_number_of_ranks(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--agents", "300", "--ranks", "16", "256", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (tmp_path / "dry_run.md").read_text().splitlines()
        if line.startswith(("| 16", "| 256"))
    ]
    assert [row[3] for row in rows] == ["3", "5", "8", "8"] * 2  # neighbours
    few, many = rows[:4], rows[4:]
    assert [row[4] for row in few] == [row[4] for row in many]  # messages
    assert (tmp_path / "dry_run.png").read_bytes().startswith(b"\x89PNG")
