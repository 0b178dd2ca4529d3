"""Markdown tables of the generated reference pages."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        lines.append("|" + "".join(f" {cell(text)} |" if text else " |" for text in row))
    return lines


def cell(text: str) -> str:
    """Return a text as one line without characters that end a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def first_line(docstring: str | None, owner: str) -> str:
    """Return the first line of a docstring.

    Raises: ValueError if there is no docstring.
    """
    if not docstring:
        raise ValueError(f"{owner} has no docstring; the reference shows its first line")
    return docstring.strip().splitlines()[0]
