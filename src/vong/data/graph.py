"""The history of a dataset as a graph: its versions, what each was made from, and by what."""

from datetime import datetime

from sqlalchemy import Connection

from vong.data.versions import find, list_versions
from vong.errors import NotFound
from vong.records import DatasetVersion, Operation, Record

SHOWN = 200
"""How many versions of the dataset are shown, the newest."""


class VersionNode(Record):
    """One version. `known` is false for a parent that is not there (any more): then only its ref is known."""

    ref: str
    name: str
    known: bool = True
    number: int | None = None
    rows: int | None = None
    splits: dict[str, int] = {}
    operation: Operation | None = None
    created_at: datetime | None = None


class VersionEdge(Record):
    """`child` was made from `parent` by `operation`."""

    parent: str
    child: str
    operation: str


class VersionGraph(Record):
    """The newest versions of a dataset and their parents, those of other datasets too; newest first. `more` counts the
    older versions that are not shown.
    """

    name: str
    nodes: list[VersionNode]
    edges: list[VersionEdge]
    more: int


def graph(connection: Connection, name: str, limit: int = SHOWN) -> VersionGraph:
    """The graph of one dataset. NotFound where there is none of that name."""
    newest = find(connection, name)
    shown = list_versions(connection, newest.name, limit=limit)
    nodes = {version.ref: _node(version) for version in shown}
    edges = [
        VersionEdge(parent=parent, child=version.ref, operation=version.operation.name)
        for version in shown
        for parent in version.parents
    ]
    for parent in dict.fromkeys(edge.parent for edge in edges):
        if parent not in nodes:
            nodes[parent] = _parent(connection, parent)
    return VersionGraph(name=newest.name, nodes=list(nodes.values()), edges=edges, more=shown[-1].number - 1)


def _parent(connection: Connection, ref: str) -> VersionNode:
    try:
        return _node(find(connection, ref))
    except NotFound:
        return VersionNode(ref=ref, name=ref.partition("@")[0], known=False)


def _node(version: DatasetVersion) -> VersionNode:
    return VersionNode(
        ref=version.ref,
        name=version.name,
        number=version.number,
        rows=version.rows,
        splits=version.splits,
        operation=version.operation,
        created_at=version.created_at,
    )
