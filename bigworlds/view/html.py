"""What notebooks show of a model, a simulation and a table: HTML text for their `_repr_html_`.

Everything that comes from outside is escaped; pictures are inside the text as data URIs; styles
are inline and take the notebook's own colours, so that dark themes work.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.camera import frame_of
from bigworlds.view.frame import LegendEntry, Source, format_number
from bigworlds.view.look import Look
from bigworlds.view.palette import Rgb
from bigworlds.view.picture import compose, encode_png, picture_size

PICTURE_PIXELS = 320
ROWS_SHOWN = 10
VECTOR_VALUES_SHOWN = 4
_CELL = "style='text-align:left;padding:2px 10px 2px 0'"
_NUMBER = "style='text-align:right;padding:2px 10px 2px 0'"


@dataclass(frozen=True)
class ParameterRow:
    """One parameter as a notebook lists it.

    Attributes:
        name: as it is typed.
        type: its type in words.
        default: its default, as text.
        range: what is allowed, as text; empty: everything of the type.
        help: one sentence.
    """

    name: str
    type: str
    default: str
    range: str = ""
    help: str = ""


def html_of_model(
    name: str,
    parameters: Sequence[ParameterRow],
    *,
    summary: str = "",
    presets: Mapping[str, Mapping[str, object]] | None = None,
) -> str:
    """A model as HTML: its name, what it is, its parameters and presets.

    Args:
        name: the model's name.
        parameters: in the order of declaration.
        summary: the first sentence of its docstring.
        presets: values by preset and parameter.

    Example:
        >>> "radius" in html_of_model("boids", [ParameterRow("radius", "float", "10.0", "0 to inf")])
        True
    """
    lines = [f"<div><b>{escape(name)}</b>" + (f" &mdash; {escape(summary)}" if summary else "")]
    if parameters:
        rows = [
            [f"<code>{escape(row.name)}</code>", *map(escape, (row.type, row.default, row.range, row.help))]
            for row in parameters
        ]
        lines.append(_table(["parameter", "type", "default", "range", ""], rows))
    for preset, values in (presets or {}).items():
        given = ", ".join(f"{key}={value}" for key, value in values.items())
        lines.append(f"<div>preset <code>{escape(preset)}</code>: {escape(given)}</div>")
    return "".join(lines) + "</div>"


def html_of_simulation(source: Source, looks: Sequence[Look] = (), *, caption: str = "") -> str:
    """A simulation as HTML: its tick, counts and metrics beside a small picture of the world.

    Only reads. Costs a copy of the tables that are drawn.

    Args:
        source: the simulation.
        looks: what the model declared.
        caption: the model's name.
    """
    frame = frame_of(source, looks, caption=caption)
    size = picture_size(frame, PICTURE_PIXELS, caption=False)
    data = base64.b64encode(encode_png(compose(frame, size, caption=False))).decode("ascii")
    alt = escape(f"{caption or 'world'} at tick {frame.tick}", quote=True)
    picture = f'<img alt="{alt}" width="{size[0]}" height="{size[1]}" src="data:image/png;base64,{data}">'
    figures = [["tick", format_number(frame.tick)], ["agents", format_number(frame.agents)]]
    figures += [[escape(name), format_number(value)] for name, value in frame.statistics.items()]
    legend = [[_swatch(entry.rgb) + escape(entry.label), _count(entry)] for entry in frame.legend]
    return (
        "<div style='display:flex;gap:16px;align-items:flex-start'>"
        f"{picture}<div><b>{escape(caption or 'simulation')}</b>{_table([], figures + legend)}</div></div>"
    )


def html_of_table(name: str, table: Mapping[str, NDArray[Any]], *, rows: int = ROWS_SHOWN) -> str:
    """A table as HTML: how many rows, and the first ones.

    Args:
        name: the component's name.
        table: columns of one length, (n,) or (n, k).
        rows: how many rows are shown.

    Example:
        >>> text = html_of_table("Bird", {"id": np.array([1, 2]), "age": np.array([3, 0])})
        >>> "2 rows" in text and "age" in text
        True
    """
    columns = {str(key): np.asarray(column) for key, column in table.items()}
    count = len(next(iter(columns.values()))) if columns else 0
    shown = min(count, max(0, rows))
    body = [[_value(column[row]) for column in columns.values()] for row in range(shown)]
    more = f"<div>&hellip; {count - shown:,} more</div>" if count > shown else ""
    plural = "row" if count == 1 else "rows"
    head = f"<div><b>{escape(name)}</b>, {count:,} {plural}</div>"
    return f"<div>{head}{_table([escape(key) for key in columns], body)}{more}</div>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already; cells that are numbers stand at the right."""
    lines = ["<table style='border-collapse:collapse'>"]
    if head:
        cells = "".join(f"<th {_CELL}>{cell}</th>" for cell in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for row in rows:
        lines.append("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>")
    return "".join(lines) + "</tbody></table>"


def _cell(text: str) -> str:
    number = text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()
    return f"<td {_NUMBER if number else _CELL}>{text}</td>"


def _swatch(rgb: Rgb) -> str:
    color = "#{:02x}{:02x}{:02x}".format(*rgb)
    return (
        "<span style='display:inline-block;width:0.7em;height:0.7em;border-radius:50%;"
        f"border:1px solid #888;margin-right:0.5em;background:{color}'></span>"
    )


def _count(entry: LegendEntry) -> str:
    return "" if entry.count is None else f"{entry.count:,}"


def _value(value: Any) -> str:
    """One value of a column as HTML text; long vectors are cut."""
    if isinstance(value, np.ndarray):
        parts = [_value(part) for part in value[:VECTOR_VALUES_SHOWN].tolist()]
        return f"({', '.join(parts)}{', &hellip;' if len(value) > VECTOR_VALUES_SHOWN else ''})"
    if isinstance(value, bytes):
        return escape(value.decode("utf-8", "replace"))
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return escape(f"{value:.6g}")
    return escape(str(value))
