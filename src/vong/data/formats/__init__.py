"""File formats: convert rows of a file to Examples and back. One module per format, loaded through `vong.plugins`.

A format is a class with the members of `Format`. Its constructor takes the caller's options (`--option k=v`) and raises
InvalidInput for an unknown option. `to_example` raises InvalidInput with the reason if a row cannot be read. A format
with options declares them in `OPTIONS` (name -> description) and stores each value in an attribute of the same name.

May import `records`, `errors` and `plugins`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from vong import plugins
from vong.data.formats.unsupported import find_known_layout, find_unsupported_layout
from vong.errors import InvalidInput
from vong.records import Example


class Format(Protocol):
    """Format of the rows of a file, converted to and from examples."""

    def __init__(self, options: Mapping[str, str]) -> None:
        """Set the options of the format.

        Raises:
            InvalidInput: An option is unknown.
        """
        ...

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return how likely the row has this format, 0..1.

        Generic formats return low values, so that specific formats win.
        """
        ...

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert a row to an Example.

        Raises:
            InvalidInput: The row is invalid. The message gives the reason.
        """
        ...

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert an Example to a row that `to_example` converts to the same Example.

        Raises:
            InvalidInput: The format cannot represent the Example.
        """
        ...


def create_format(name: str, options: Mapping[str, str] | None = None) -> Format:
    """Create the format with this name and these options."""
    format_: Format = plugins.load_extension("format", name)(options or {})
    return format_


def detect_format(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the format that matches the rows best.

    Raises:
        InvalidInput: No format matches.
    """
    matches = rank_formats(rows)
    has_lists = bool(rows) and any(isinstance(value, list) for value in rows[0].values())
    if matches and matches[0].name == "pairs" and has_lists and (found := find_known_layout(rows[0])):
        raise InvalidInput(*found)
    if not matches or matches[0].confidence < 0.25:
        if rows and (found := find_unsupported_layout(rows[0])):
            raise InvalidInput(*found)
        columns = ", ".join(map(repr, list(rows[0])[:12])) if rows else "none"
        raise InvalidInput(
            f"no format matches these rows (columns: {columns})",
            "set it with --format, for example: --format pairs --option input=COLUMN --option output=COLUMN",
        )
    return matches[0].name


class FormatMatch(NamedTuple):
    """Name of a format and how likely the rows have it, 0..1."""

    name: str
    confidence: float


def rank_formats(rows: Sequence[Mapping[str, Any]]) -> list[FormatMatch]:
    """Return all formats with their mean confidence for these rows, best first."""
    matches: list[FormatMatch] = []
    for name in plugins.list_extensions("format"):
        format_ = create_format(name)
        matches.append(FormatMatch(name, sum(format_.confidence(row) for row in rows) / max(1, len(rows))))
    return sorted(matches, key=lambda match: -match.confidence)
