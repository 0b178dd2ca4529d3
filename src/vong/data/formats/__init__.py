"""How rows of a file become Examples, and Examples rows again: one file a format, found through `vong.plugins`.

A format is a class with four members. It is made with the options that the caller gave (`--option k=v`), refuses
those that it does not know, and raises InvalidInput for a row that it cannot read, with the reason. One that takes
options says so in `OPTIONS` (name -> what it means), and keeps the value in force in an attribute of that name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from vong import plugins
from vong.errors import InvalidInput
from vong.records import Example


class Format(Protocol):
    """One shape of rows."""

    def __init__(self, options: Mapping[str, str]) -> None:
        """`options` are this format's own; an unknown one raises InvalidInput."""
        ...

    def confidence(self, row: Mapping[str, Any]) -> float:
        """How surely this row has this shape, 0..1. Generic shapes stay low, so that exact ones win."""
        ...

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """The row as an Example. InvalidInput says what is wrong with it."""
        ...

    def to_row(self, example: Example) -> dict[str, Any]:
        """The Example as a row that `to_example` reads as the same. InvalidInput where the shape cannot hold it."""
        ...


def make(name: str, options: Mapping[str, str] | None = None) -> Format:
    """The format of that name, with these options."""
    made: Format = plugins.load("format", name)(options or {})
    return made


def detect(rows: Sequence[Mapping[str, Any]]) -> str:
    """The name of the format that fits these rows best. InvalidInput where none fits."""
    fits = confidences(rows)
    if not fits or fits[0].confidence < 0.25:
        columns = ", ".join(map(repr, list(rows[0])[:12])) if rows else "none"
        raise InvalidInput(
            f"no format fits these rows (columns: {columns})",
            "name it with --format, for example: --format pairs --option input=COLUMN --option output=COLUMN",
        )
    return fits[0].name


class FormatMatch(NamedTuple):
    """How surely rows have a format's shape, 0..1."""

    name: str
    confidence: float


def confidences(rows: Sequence[Mapping[str, Any]]) -> list[FormatMatch]:
    """Every format with how well it fits these rows, the best first."""
    found: list[FormatMatch] = []
    for name in plugins.names("format"):
        known = make(name)
        found.append(FormatMatch(name, sum(known.confidence(row) for row in rows) / max(1, len(rows))))
    return sorted(found, key=lambda fit: -fit.confidence)
