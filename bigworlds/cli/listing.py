"""`bigworlds examples`: the shipped models with one line each, and where their files are."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from bigworlds.cli.locate import example_folder, examples, summary_of
from bigworlds.errors import BigworldsError


def list_examples() -> None:
    """Prints the list.

    Raises:
        BigworldsError: the examples are not there.
    """
    found = examples()
    if not found:
        raise BigworldsError(
            "the examples are not there: this installation of bigworlds is incomplete; reinstall it"
        )
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for name, path in found.items():
        table.add_row(f"[bold]{name}[/bold]", summary_of(path))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"Run one: bigworlds run {next(iter(found))} --view")
    console.print(f"Read and copy them: {example_folder()}", soft_wrap=True)
