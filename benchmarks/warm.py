"""Times the ticks of a model after a warm-up that does not count, and prints one JSON object.

    python benchmarks/warm.py MODEL --warmup T --ticks T [--seed S] [--set NAME=VALUE ...]

MODEL is an example's name or a file. Of `--ticks`, the first `--warmup` come before the clock starts. Time is
CPU time of this process, on one thread; `metrics` are the model's at the end.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from bigworlds.cli.locate import load_model

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def main() -> None:
    """Reads the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--warmup", type=int, required=True)
    parser.add_argument("--ticks", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    given = parser.parse_args()
    file = Path(given.model) if given.model.endswith(".py") else EXAMPLES / given.model / f"{given.model}.py"
    pairs = (setting.split("=", 1) for setting in given.settings)
    values = {name: json.loads(value) for name, value in pairs}
    simulation = load_model(file).simulate(rng=given.seed, threads=1, **values)
    simulation.run(given.warmup)
    began = time.process_time(), time.perf_counter()
    simulation.run(given.ticks - given.warmup)
    spent = time.process_time() - began[0], time.perf_counter() - began[1]
    report = {"cpu_seconds": spent[0], "seconds": spent[1], "metrics": simulation.metrics()}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
