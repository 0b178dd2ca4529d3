"""Lineage of an object: its sources and its uses."""

from typing import Any, Literal

from vong.records.record import Record

LineageKind = Literal["answer", "deployment", "model", "run", "dataset", "row", "file", "span", "document", "annotator"]


class LineageNode(Record):
    """Object with its sources (backwards) or uses (forwards) as children. `more` counts the omitted children."""

    kind: LineageKind
    ref: str
    title: str = ""
    detail: dict[str, Any] = {}
    children: tuple["LineageNode", ...] = ()
    more: int = 0


class Lineage(Record):
    """Lineage in both directions. `backwards` ends at files, spans and people, `forwards` at counts of answers."""

    ref: str
    backwards: LineageNode | None = None
    forwards: LineageNode | None = None
