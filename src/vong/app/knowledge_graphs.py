"""Vector graphs of large knowledge indexes: built after an ingestion, dropped after an index was deleted."""

from uuid import UUID

from vong.app.platform import Platform
from vong.knowledge.index import indexes, vectors

SEARCHED_STATES = ("building", "ready", "live", "retired")


def update_graphs(platform: Platform, project_id: UUID, base: str) -> list[int]:
    """Build the missing graphs of the large indexes of a base. Returns the numbers of the indexes.

    Searches are exact until the graph is complete. Writes go on while it is built.
    """
    with platform.scope(project_id) as connection:
        found = [index for index in indexes.list_indexes(connection, base) if index.state in SEARCHED_STATES]
        missing = [index for index in found if vectors.needs_graph(connection, index)]
    for index in missing:
        with platform.database.engine.connect() as connection:
            vectors.build_graph(connection.execution_options(isolation_level="AUTOCOMMIT"), index)
    return [index.number for index in missing]


def drop_unused_graphs(platform: Platform) -> list[str]:
    """Drop the graphs of deleted indexes and return their names."""
    with platform.database.engine.connect() as connection:
        return vectors.drop_unused_graphs(connection.execution_options(isolation_level="AUTOCOMMIT"))
