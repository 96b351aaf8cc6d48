"""Results in notebooks: a table of the fields, and the figures of the report."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from ._result import Columns, Record, Result, _fields, summary

_ROWS = 60


def of(record: Record) -> str:
    """Format a record as self-contained HTML."""
    if isinstance(record, Columns):
        return _table(record)
    parts = [f"<h4>{html.escape(type(record).__name__)}</h4>"]
    simple: list[tuple[str, Any]] = []
    large: list[tuple[str, Columns]] = []
    for name, value in _fields(record):
        if value is None:
            continue
        (large if isinstance(value, Columns) else simple).append((name, value))
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(summary(value)[:400])}</td></tr>"
        for name, value in simple
    )
    if isinstance(record, Result):
        parts += [f"<div style='max-width:32em'>{drawing}</div>" for _, drawing in record.figures()]
    parts.append(f"<table>{rows}</table>")
    parts += [
        f"<details><summary>{html.escape(name)}, {len(value)} rows</summary>{_table(value)}</details>"
        for name, value in large
    ]
    if isinstance(record, Result) and record.notes:
        parts.append("<ul>" + "".join(f"<li>{html.escape(note)}</li>" for note in record.notes) + "</ul>")
    return "\n".join(parts)


def _table(columns: Columns) -> str:
    shown = [(name, column) for name, column in _fields(columns) if column is not None and getattr(column, "ndim", 1) == 1]
    head = "".join(f"<th>{html.escape(name)}</th>" for name, _ in shown)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(column[i])}</td>" for _, column in shown) + "</tr>"
        for i in range(min(len(columns), _ROWS))
    )
    more = f"<p>and {len(columns) - _ROWS} more rows</p>" if len(columns) > _ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(value: Any) -> str:
    return html.escape(summary(value.item() if isinstance(value, np.generic) else value)[:80])
