"""History of a dataset as a graph: its versions, their parents, and the operations between them."""

from datetime import datetime

from sqlalchemy import Connection

from vong.data.versions import find, list_versions
from vong.errors import NotFound
from vong.records import DatasetVersion, Operation, Record

MAX_VERSIONS = 200
"""Maximum number of versions shown, newest first."""


class VersionNode(Record):
    """One version of the graph. If a parent no longer exists, `known` is false and only its ref is set."""

    ref: str
    name: str
    known: bool = True
    number: int | None = None
    rows: int | None = None
    splits: dict[str, int] = {}
    operation: Operation | None = None
    created_at: datetime | None = None


class VersionEdge(Record):
    """Edge of the graph: `operation` created `child` from `parent`."""

    parent: str
    child: str
    operation: str


class VersionGraph(Record):
    """Newest versions of a dataset and their parents (also from other datasets), newest first.

    `more` is the number of older versions that are not shown.
    """

    name: str
    nodes: list[VersionNode]
    edges: list[VersionEdge]
    more: int


def build_graph(connection: Connection, name: str, limit: int = MAX_VERSIONS) -> VersionGraph:
    """Return the version graph of a dataset.

    Raises:
        NotFound: There is no dataset with this name.
    """
    newest = find(connection, name)
    versions = list_versions(connection, newest.name, limit=limit)
    nodes = {version.ref: _build_node(version) for version in versions}
    edges = [
        VersionEdge(parent=parent, child=version.ref, operation=version.operation.name)
        for version in versions
        for parent in version.parents
    ]
    for parent in dict.fromkeys(edge.parent for edge in edges):
        if parent not in nodes:
            nodes[parent] = _build_parent_node(connection, parent)
    return VersionGraph(name=newest.name, nodes=list(nodes.values()), edges=edges, more=versions[-1].number - 1)


def _build_parent_node(connection: Connection, ref: str) -> VersionNode:
    try:
        return _build_node(find(connection, ref))
    except NotFound:
        return VersionNode(ref=ref, name=ref.partition("@")[0], known=False)


def _build_node(version: DatasetVersion) -> VersionNode:
    return VersionNode(
        ref=version.ref,
        name=version.name,
        number=version.number,
        rows=version.rows,
        splits=version.splits,
        operation=version.operation,
        created_at=version.created_at,
    )
