"""Routes of index versions of knowledge bases: create, compare, switch and delete. Part of the knowledge API."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.app import gated_changes
from vong.app import knowledge_index_versions as versions_app
from vong.app.gate_retrieval import find_index_pair
from vong.app.gated_changes import IndexChange
from vong.app.gates import GateCaller
from vong.app.knowledge_index_versions import IndexCreate, IndexStarted
from vong.app.knowledge_statistics import KnowledgeComparison, compare_evaluations
from vong.knowledge import index_versions
from vong.knowledge.documents import check_base_exists
from vong.knowledge.index.indexes import get_index
from vong.knowledge.index_versions import IndexSwitch, IndexVersion
from vong.records import Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class IndexSwitchRequest(Record):
    """Switch to an index. Without finished evaluations of both indexes, evidence or a reason is required.

    With `allow_missing` the index may lack documents that were added just now.
    """

    reason: str | None = Field(default=None, max_length=2000)
    evidence: dict[str, Any] = {}
    allow_missing: bool = False


@routes.get("/bases/{base}/indexes")
def list_indexes(base: str, context: CurrentUser) -> list[IndexVersion]:
    """List the indexes of a base with their states and numbers of documents, oldest first."""
    with context.project_transaction() as connection:
        check_base_exists(connection, base)
        return index_versions.list_versions(connection, base)


@routes.post("/bases/{base}/indexes", status_code=202)
def create_index(base: str, body: IndexCreate, context: CurrentUser) -> IndexStarted:
    """Build an index with another chunker or embedding model beside the live one. It runs as a job."""
    with context.project_transaction() as connection:
        return versions_app.start_build(
            context.platform, connection, base, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/bases/{base}/indexes/switches")
def list_index_switches(
    base: str, context: CurrentUser, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[IndexSwitch]:
    """List the switches of the live index of a base with their reasons and evidence, newest first."""
    with context.project_transaction() as connection:
        check_base_exists(connection, base)
        return index_versions.list_switches(connection, base, limit=limit)


@routes.get("/bases/{base}/indexes/compare")
def compare_indexes(
    base: str,
    a: Annotated[int, Query(ge=1, le=2**31 - 1)],
    b: Annotated[int, Query(ge=1, le=2**31 - 1)],
    context: CurrentUser,
    metric: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    changes: Annotated[int, Query(ge=0, le=500)] = 20,
) -> KnowledgeComparison:
    """Compare index b with index a by their newest evaluations on the same questions."""
    with context.project_transaction() as connection:
        before, after = find_index_pair(connection, base, a, b)
        return compare_evaluations(connection, before, after, metric=metric, changes=changes)


@routes.get("/bases/{base}/indexes/{number}")
def get_index_version(base: str, number: Number, context: CurrentUser) -> IndexVersion:
    """Return an index of a base."""
    with context.project_transaction() as connection:
        return index_versions.describe_index(connection, get_index(connection, base, number))


@routes.post("/bases/{base}/indexes/{number}/switch")
def switch_index(base: str, number: Number, body: IndexSwitchRequest, context: CurrentUser) -> IndexSwitch:
    """Make an index the live one if its gate passes. The previous one is kept for switching back."""
    caller = GateCaller.from_principal(context.principal)
    change = IndexChange(number, body.reason, body.evidence, body.allow_missing)
    with context.project_transaction() as connection:
        return gated_changes.switch_index(connection, context.platform.blobs, caller, base, change)


@routes.delete("/bases/{base}/indexes/{number}", status_code=204)
def delete_index(base: str, number: Number, context: CurrentUser) -> None:
    """Delete an index with its chunks. The live index cannot be deleted."""
    with context.project_transaction() as connection:
        index_versions.delete_index(connection, base, number)
