"""Where a thing comes from, and what came of it."""

from typing import Any, Literal

from vong.records.record import Record

Kind = Literal["answer", "deployment", "model", "run", "dataset", "row", "file", "span", "document", "annotator"]


class LineageNode(Record):
    """One thing and what it came from (backwards) or what came of it (forwards). `more` counts children not shown."""

    kind: Kind
    ref: str
    title: str = ""
    detail: dict[str, Any] = {}
    children: tuple["LineageNode", ...] = ()
    more: int = 0


class Lineage(Record):
    """Both ways from one thing. `backwards` ends at files, spans and people, `forwards` at counts of answers."""

    of: str
    backwards: LineageNode | None = None
    forwards: LineageNode | None = None
