"""`bigworlds inspect`, `plot` and `query`: what is in the files that runs leave, as text, as pictures and as
the answers to queries."""

from __future__ import annotations

from pathlib import Path

from bigworlds import snapshot
from bigworlds.cli import engine
from bigworlds.cli.failures import short_path
from bigworlds.cli.keeping import latest_in
from bigworlds.cli.locate import examples, find_model, models_in
from bigworlds.cli.profile import profile_of
from bigworlds.errors import UserError
from bigworlds.model import Model
from bigworlds.record import Records, RunFolder
from bigworlds.view import frame_of, plot_records, plot_world

SERIES, WORLD, PROFILE = "series.png", "world.png", "profile.png"


def inspected(path: Path) -> str:
    """A text on a snapshot, or on the latest one of a run's folder; every byte of it has been checked.

    Raises:
        UserError: there is no such file, or no snapshot in the folder.
        SnapshotError: it is damaged or no snapshot.
    """
    return str(snapshot.inspect(_snapshot(path)))


def plotted(path: Path, named: str | None, into: Path | None) -> list[Path]:
    """Draws what a run left: its records over time, and its world at the latest snapshot.

    Args:
        path: the folder of a run, or a snapshot.
        named: the model, as `run` takes it; by default the snapshot says which.
        into: the folder for the pictures; by default the run's folder, or the snapshot's.

    Returns:
        The files that were made.

    Raises:
        UserError: nothing to draw, or the model's file is not where it was.
    """
    target = into if into is not None else (path if path.is_dir() else path.parent)
    if not target.is_dir():
        raise UserError(f"there is no folder {short_path(target)}")
    made = []
    run = RunFolder.containing(path)
    if run is not None and run.records.exists():
        records = Records.open(run.records).to_numpy()
        if len(records) > 1 and len(records["tick"]):
            made.append(plot_records(records, target / SERIES))
    if run is None or run.latest_snapshot() is not None or path.is_file():
        made.append(_draw_world(_snapshot(path), named, target / WORLD))
    return made


def plotted_profile(path: Path, into: Path | None) -> list[Path]:
    """Draws what each rank of a run spent and sent per tick: a panel each, with one line a rank.

    Raises:
        UserError: it recorded none.
    """
    run = RunFolder.containing(path)
    if run is None or not run.records.exists():
        raise UserError(
            f"{short_path(path)} is no folder of a run; a profile is recorded by --profile --out DIR"
        )
    target = into if into is not None else (path if path.is_dir() else path.parent)
    return [plot_records(profile_of(run.records), target / PROFILE)]


def simulation_of(path: Path, named: str | None) -> engine.Simulation:
    """The world of a snapshot, or of the latest one in a run's folder, as it was then.

    Args:
        named: the model, as `run` takes it; by default the snapshot says which.

    Raises:
        UserError: there is no such file, or the model's file is not where it was.
    """
    found = _snapshot(path)
    model = find_model(named) if named is not None else _model_of(found, snapshot.peek(found))
    return engine.resume(model, found, {}, {}, branch=False)


def _draw_world(path: Path, named: str | None, picture: Path) -> Path:
    simulation = simulation_of(path, named)
    model = simulation.model
    frame = frame_of(engine.picture_of(simulation), simulation.description.looks, caption=model.name)
    return plot_world(frame, picture)


def _model_of(path: Path, meta: snapshot.Meta) -> Model:
    """The model that wrote a snapshot: of a shipped file, or of the file it names, as long as it has not
    changed."""
    name, source = str(meta.get("model")), meta.get("source")
    for file in (examples().get(name), Path(str(source)) if source else None):
        if file is not None and file.is_file() and engine.file_hash(file) == meta.get("model_hash"):
            for model in models_in(file).values():
                if model.name == name:
                    return model
    raise UserError(
        f"{short_path(path)} is of model '{name}', whose file is not found or has changed since; "
        "say where it is: --model FILE"
    )


def _snapshot(path: Path) -> Path:
    if path.is_dir():
        return latest_in(path)
    if not path.exists():
        raise UserError(f"there is no file {path}")
    return path
