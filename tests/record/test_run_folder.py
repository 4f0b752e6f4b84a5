"""A folder holds one run, and none is written over."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from bigworlds.errors import UserError
from bigworlds.record import Manifest, RunFolder
from bigworlds.snapshot import write


def manifest(seed: int = 7) -> Manifest:
    return Manifest(
        version="0.1.0",
        model="boids",
        model_hash="abc",
        parameters={"n": 100, "wind": [0.0, 1.0]},
        seed=seed,
        ranks=1,
        threads=2,
    )


def test_a_new_folder_says_what_the_run_is(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "runs" / "a", manifest())
    content = json.loads((run.path / "manifest.json").read_text())
    assert content["model"] == "boids"
    assert content["parameters"] == {"n": 100, "wind": [0.0, 1.0]}
    assert set(content["machine"]) == {"host", "system", "processor", "cores"}
    assert content["started"].endswith("Z")
    assert content["python"].startswith("3.")
    assert run.snapshots.is_dir()
    assert [one.name for one in (run.records, run.journal, run.log)] == [
        "records.h5",
        "journal",
        "log.jsonl",
    ]
    assert RunFolder.open(run.path) == run


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, manifest(seed=41))
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(UserError, match=r"holds a run already: model boids, seed 41, started .* --resume"):
        RunFolder.create(tmp_path, manifest(seed=42))
    assert (tmp_path / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("name", ["records.h5", "journal", "log.jsonl", "snapshots"])
def test_any_part_of_a_run_keeps_others_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("something")
    with pytest.raises(UserError, match=f"holds {name} of another run"):
        RunFolder.create(tmp_path, manifest())
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_other_files_do_not(tmp_path: Path) -> None:
    (tmp_path / "slurm-1.out").write_text("")
    RunFolder.create(tmp_path, manifest())


def test_of_many_at_once_one_gets_the_folder(tmp_path: Path) -> None:
    got: list[int] = []
    refused: list[str] = []

    def start(seed: int) -> None:
        try:
            got.append(RunFolder.create(tmp_path / "run", manifest(seed)).manifest.seed)
        except UserError as error:
            refused.append(str(error))

    starters = [threading.Thread(target=start, args=(seed,)) for seed in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(got) == 1
    assert len(refused) == 7
    assert RunFolder.open(tmp_path / "run").manifest.seed == got[0]


def test_a_path_in_the_folder_finds_the_run(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", manifest())
    write(run.snapshot(3), [], {"tick": 3})
    write(run.snapshot(20), [], {"tick": 20})
    for path in (run.path, run.records, run.snapshots, run.snapshot(3)):
        assert RunFolder.containing(path) == run
    assert RunFolder.containing(tmp_path) is None
    assert run.latest_snapshot() == run.snapshot(20)


def test_what_is_no_folder_of_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        RunFolder.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is no folder"):
        RunFolder.create(tmp_path / "file", manifest())
    with pytest.raises(UserError, match="cannot be made: Not a directory"):
        RunFolder.create(tmp_path / "file" / "below", manifest())
    for content in ("{", "[]", "{}"):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(UserError, match=r"manifest\.json is damaged"):
            RunFolder.open(tmp_path)
