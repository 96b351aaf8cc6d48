"""Results in notebooks: a table of the fields, and the figures of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

#: The number of rows that are shown.
ROWS = 60


def page(
    title: str,
    values: Iterable[tuple[str, str]],
    drawings: Iterable[str],
    tables: Iterable[tuple[str, int, str]],
    notes: Iterable[str],
) -> str:
    """Format a record as self-contained HTML: values as text, drawings as SVG, tables by name, rows and HTML."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value[:400])}</td></tr>"
        for name, value in values
    )
    parts = [f"<h4>{escape(title)}</h4>"]
    parts += [f"<div style='max-width:32em'>{drawing}</div>" for drawing in drawings]
    parts.append(f"<table>{rows}</table>")
    for name, length, text in tables:
        parts.append(f"<details><summary>{escape(name)}, {length} rows</summary>{text}</details>")
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return "\n".join([*parts, f"<ul>{listed}</ul>"] if listed else parts)


def table(names: Iterable[str], columns: Sequence[Sequence[str]], length: int) -> str:
    """Format the first rows of a table of `length` rows."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = ("".join(f"<td>{escape(cell[:80])}</td>" for cell in row) for row in zip(*columns, strict=True))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = f"<p>and {length - ROWS} more rows</p>" if length > ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
