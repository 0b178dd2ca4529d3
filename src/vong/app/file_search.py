"""Search of the tool `file_search` in the vector stores of a project."""

import asyncio
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from vong.access import Principal
from vong.app.otlp_exports import enqueue_export
from vong.app.platform import Platform
from vong.app.vector_store_search import SearchTrace, StoreSearch, search_stores
from vong.errors import NotFound
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints.file_search import FileHit, FileSearchTool
from vong.knowledge.vector_stores import stores
from vong.records import Span


class VectorStoreSearch:
    """Search service of the gateway. A vector store is named by its id, or by its knowledge base."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def find_missing(self, principal: GatewayPrincipal, names: Sequence[str], /) -> list[str]:
        """Return the vector stores that do not exist."""
        found = await asyncio.to_thread(self._find, principal, names)
        return [name for name in names if name not in found]

    async def search(
        self,
        principal: GatewayPrincipal,
        tool: FileSearchTool,
        queries: Sequence[str],
        trace_id: str,
        parent_span_id: str,
        /,
    ) -> list[FileHit]:
        """Return the passages that match the queries, and record each search as a span."""
        assert isinstance(principal, Principal)
        found = await asyncio.to_thread(self._find, principal, tool.stores)
        request = StoreSearch(tuple(queries), tool.filters, tool.limit, tool.score_threshold, tool.rerank, tool.weights)
        trace = SearchTrace(trace_id, parent_span_id)
        search = partial(search_stores, self._platform, principal, list(found.values()), request, trace)
        outcome = await asyncio.to_thread(search)
        return [
            FileHit(result.file_tag, result.filename, result.text, result.score, result.attributes)
            for result in outcome.results
        ]

    def record(self, principal: GatewayPrincipal, span: Span, /) -> None:
        """Queue the span of a response. It has no ledger row: its model calls have their own."""
        exported = enqueue_export(self._platform, span)
        self._platform.span_writer.append_durable(principal.project_id, exported)

    def _find(self, principal: GatewayPrincipal, names: Sequence[str]) -> dict[str, UUID]:
        """Return the ids of the vector stores that exist, by their names in the request."""
        found: dict[str, UUID] = {}
        with self._platform.scope(principal.project_id) as connection:
            for name in names:
                try:
                    id = UUID(hex=name.removeprefix("vs_")) if name.startswith("vs_") else None
                except ValueError:
                    id = None
                try:
                    store = (
                        stores.get_store(connection, id, counts=False) if id else stores.find_store(connection, name)
                    )
                except NotFound:
                    continue
                found[name] = store.id
        return found
