"""What `bigworlds run MODEL --help` shows of a model: what it is, its parameters, presets and metrics."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from bigworlds.model import Model


def show(model: Model) -> None:
    """Prints the model's docstring, parameters, presets and metrics."""
    console = Console(highlight=False)
    about = (model.__doc__ or "").strip().partition("\n")[0]
    console.print(f"Model [bold]{model.name}[/bold]" + (f": {about}" if about else ""))
    if model.ticks is not None:
        console.print(f"Runs {model.ticks} ticks unless told otherwise.")
    if model.parameters is not None and model.parameters.__bw_parameters__:
        console.print(_parameters(model))
    for name, values in model.presets.items():
        given = ", ".join(f"{key}={value}" for key, value in values.items()) or "the defaults"
        console.print(f"  --set size={name}: {given}", markup=False, soft_wrap=True)
    if model.metrics:
        console.print("Metrics, for --until and --json:")
        for name, function in model.metrics.items():
            help_text = (function.__doc__ or "").strip().partition("\n")[0]
            console.print(f"  {name}" + (f": {help_text}" if help_text else ""), markup=False, soft_wrap=True)


def _parameters(model: Model) -> Table:
    table = Table(title="Parameters (--set KEY=VALUE)", title_justify="left", box=box.SIMPLE, pad_edge=False)
    for heading in ("key", "default", "range", ""):
        table.add_column(heading, overflow="fold")
    assert model.parameters is not None
    for parameter in model.parameters.__bw_parameters__.values():
        table.add_row(parameter.name, parameter.default_text, parameter.range_text, parameter.help)
    return table
