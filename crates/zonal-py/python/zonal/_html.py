"""Results in notebooks: the text of the program, the figures of the report, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

#: The number of rows that are shown.
ROWS = 60


def page(
    title: str,
    drawings: Iterable[str],
    text: str,
    notes: Iterable[str],
    tables: Iterable[tuple[str, int, str]] = (),
) -> str:
    """Format a result as self-contained HTML: drawings as SVG, text, tables by name, rows and HTML."""
    parts = [f"<h4>{escape(title)}</h4>"]
    parts += [f"<div style='max-width:32em'>{drawing}</div>" for drawing in drawings]
    parts.append(f"<pre>{escape(text)}</pre>")
    for name, length, content in tables:
        parts.append(f"<details><summary>{escape(name)}, {length} rows</summary>{content}</details>")
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return "\n".join([*parts, f"<ul>{listed}</ul>"] if listed else parts)


def record(title: str, values: Iterable[tuple[str, str]], tables: Iterable[tuple[str, int, str]]) -> str:
    """Format a record as HTML: a row for each value, and tables by name, rows and HTML."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value[:400])}</td></tr>"
        for name, value in values
    )
    parts = [f"<h4>{escape(title)}</h4>", f"<table>{rows}</table>"]
    for name, length, content in tables:
        parts.append(f"<details><summary>{escape(name)}, {length} rows</summary>{content}</details>")
    return "\n".join(parts)


def table(names: Iterable[str], columns: Sequence[Sequence[str]], length: int) -> str:
    """Format the first rows of a table of `length` rows."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = ("".join(f"<td>{escape(cell[:80])}</td>" for cell in row) for row in zip(*columns, strict=True))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = f"<p>and {length - ROWS} more rows</p>" if length > ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
