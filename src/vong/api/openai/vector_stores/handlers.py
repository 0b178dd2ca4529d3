"""Handlers of `/v1/vector_stores`, of its files and of search."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vong.api.openai.files_and_batches import parse_id, parse_known_id
from vong.api.openai.list_page import build_page, parse_limit
from vong.api.openai.requests import authenticate_stored, json_response, limit_body
from vong.api.openai.vector_stores import objects
from vong.api.openai.vector_stores.bodies import (
    AttributesBody,
    BatchBody,
    SearchBody,
    StoreCreateBody,
    StoreFileBody,
    StoreUpdateBody,
    parse_body,
)
from vong.app import Platform
from vong.app import vector_stores as stores_app
from vong.app.vector_store_search import search_stores
from vong.errors import InvalidInput
from vong.gateway.gateway import Gateway
from vong.knowledge.vector_stores.paging import StorePage
from vong.knowledge.vector_stores.stores import VectorStoreNotFound
from vong.records import new_id

PATH = "/v1/vector_stores"
MAX_BODY_BYTES = 2_000_000
"""Maximum bytes of a request. A batch of 2,000 files with 16 attributes each fits."""
MAX_PAGE_SIZE = 100
STORE_PREFIX, BATCH_PREFIX, FILE_PREFIX = "vs_", "vsfb_", "file-"
FILE_STATUSES = ("in_progress", "completed", "failed", "cancelled")
POLL_HEADERS = {"openai-poll-after-ms": "250"}
"""Header by which OpenAI's clients choose the interval of their polls."""
KINDS = {
    STORE_PREFIX: ("vector store", "vector_store_id"),
    FILE_PREFIX: ("file", "file_id"),
    BATCH_PREFIX: ("file batch", "batch_id"),
}
"""Name and parameter of an object by the prefix of its id."""
ResultT = TypeVar("ResultT")


class VectorStoreHandlers:
    """Handlers of the routes of vector stores."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    def routes(self) -> list[Route]:
        """Return the routes."""
        store, file = f"{PATH}/{{id}}", f"{PATH}/{{id}}/files/{{file}}"
        batches, batch = f"{PATH}/{{id}}/file_batches", f"{PATH}/{{id}}/file_batches/{{batch}}"
        return [
            Route(PATH, self.create_store, methods=["POST"]),
            Route(PATH, self.list_stores, methods=["GET"]),
            Route(store, self.get_store, methods=["GET"]),
            Route(store, self.update_store, methods=["POST"]),
            Route(store, self.delete_store, methods=["DELETE"]),
            Route(f"{store}/search", self.search_store, methods=["POST"]),
            Route(f"{store}/files", self.add_file, methods=["POST"]),
            Route(f"{store}/files", self.list_files, methods=["GET"]),
            Route(file, self.get_file, methods=["GET"]),
            Route(file, self.update_file, methods=["POST"]),
            Route(file, self.remove_file, methods=["DELETE"]),
            Route(f"{file}/content", self.get_content, methods=["GET"]),
            Route(batches, self.create_batch, methods=["POST"]),
            Route(batch, self.get_batch, methods=["GET"]),
            Route(f"{batch}/cancel", self.cancel_batch, methods=["POST"]),
            Route(f"{batch}/files", self.list_batch_files, methods=["GET"]),
        ]

    async def create_store(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores`: create a vector store with its knowledge base."""
        principal = await authenticate_stored(self._gateway, request)
        body = parse_body(StoreCreateBody, await _read(request))
        values, additions = body.values(), body.additions()
        store = await run_in_threadpool(stores_app.create_store, self._platform, principal, values, additions)
        return _respond(objects.store_object(store))

    async def list_stores(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores`: list vector stores, newest first."""
        page = _parse_page(request, STORE_PREFIX)
        principal = await authenticate_stored(self._gateway, request)
        found = await run_in_threadpool(stores_app.list_stores, self._platform, principal, page)
        return _respond(build_page([objects.store_object(store) for store in found], page.limit))

    async def get_store(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}`: return a vector store."""
        return _respond(objects.store_object(await self._call(request, stores_app.get_store)), poll=True)

    async def update_store(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}`: change name, expiry or metadata."""
        values = parse_body(StoreUpdateBody, await _read(request)).values()
        return _respond(objects.store_object(await self._call(request, stores_app.update_store, values)))

    async def delete_store(self, request: Request) -> Response:
        """Handle `DELETE /v1/vector_stores/{id}`: delete a vector store with its knowledge base."""
        deleted = await self._call(request, stores_app.delete_store)
        return _respond({"id": deleted.tag, "object": "vector_store.deleted", "deleted": True})

    async def search_store(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}/search`: return the passages that match a query."""
        principal, id = await authenticate_stored(self._gateway, request), _path_id(request, "id", STORE_PREFIX)
        search = parse_body(SearchBody, await _read(request)).request()
        found = await run_in_threadpool(search_stores, self._platform, principal, [id], search)
        page: dict[str, Any] = {"object": "vector_store.search_results.page", "search_query": list(found.queries)}
        data = [objects.result_object(result) for result in found.results]
        return _respond({**page, "data": data, "has_more": False, "next_page": None})

    async def add_file(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}/files`: add an uploaded file."""
        addition = parse_body(StoreFileBody, await _read(request)).addition()
        return _respond(objects.file_object(await self._call(request, stores_app.add_file, addition)))

    async def list_files(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}/files`: list the files of a store, newest first."""
        return await self._list_files(request, None)

    async def list_batch_files(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}/file_batches/{batch}/files`: list the files of a batch."""
        return await self._list_files(request, _path_id(request, "batch", BATCH_PREFIX))

    async def get_file(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}/files/{file}`: return a file of a store with its status."""
        file = await self._call(request, stores_app.get_file, _path_id(request, "file", FILE_PREFIX))
        return _respond(objects.file_object(file), poll=True)

    async def update_file(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}/files/{file}`: replace the attributes of a file."""
        attributes = parse_body(AttributesBody, await _read(request)).attributes or {}
        file_id = _path_id(request, "file", FILE_PREFIX)
        changed = await self._call(request, stores_app.set_attributes, file_id, attributes)
        return _respond(objects.file_object(changed))

    async def remove_file(self, request: Request) -> Response:
        """Handle `DELETE /v1/vector_stores/{id}/files/{file}`: remove a file. The upload is kept."""
        file_id = _path_id(request, "file", FILE_PREFIX)
        await self._call(request, stores_app.remove_file, file_id)
        return _respond({"id": f"file-{file_id.hex}", "object": "vector_store.file.deleted", "deleted": True})

    async def get_content(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}/files/{file}/content`: return the text of a file, chunk by chunk."""
        texts = await self._call(request, stores_app.read_file, _path_id(request, "file", FILE_PREFIX))
        data = [{"type": "text", "text": text} for text in texts]
        page = {"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None}
        return _respond(page)

    async def create_batch(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}/file_batches`: add several uploaded files."""
        additions = parse_body(BatchBody, await _read(request)).additions()
        return _respond(objects.batch_object(await self._call(request, stores_app.create_batch, additions)))

    async def get_batch(self, request: Request) -> Response:
        """Handle `GET /v1/vector_stores/{id}/file_batches/{batch}`: return a batch with its counts."""
        batch = await self._call(request, stores_app.get_batch, _path_id(request, "batch", BATCH_PREFIX))
        return _respond(objects.batch_object(batch), poll=True)

    async def cancel_batch(self, request: Request) -> Response:
        """Handle `POST /v1/vector_stores/{id}/file_batches/{batch}/cancel`: cancel what is not indexed yet."""
        batch = await self._call(request, stores_app.cancel_batch, _path_id(request, "batch", BATCH_PREFIX))
        return _respond(objects.batch_object(batch))

    async def _list_files(self, request: Request, batch_id: UUID | None) -> Response:
        page, status = _parse_page(request, FILE_PREFIX), request.query_params.get("filter")
        if status is not None and status not in FILE_STATUSES:
            raise InvalidInput(f"filter {status!r} is invalid", f"use one of: {', '.join(FILE_STATUSES)}")
        principal, id = await authenticate_stored(self._gateway, request), _path_id(request, "id", STORE_PREFIX)

        def find() -> list[dict[str, Any]]:
            found = stores_app.list_files(self._platform, principal, id, page, status=status, batch_id=batch_id)
            return [objects.file_object(file) for file in found]

        return _respond(build_page(await run_in_threadpool(find), page.limit))

    async def _call(self, request: Request, function: Callable[..., ResultT], *values: Any) -> ResultT:
        """Call a function on the vector store in the path of a request."""
        principal, id = await authenticate_stored(self._gateway, request), _path_id(request, "id", STORE_PREFIX)
        return await run_in_threadpool(function, self._platform, principal, id, *values)


async def _read(request: Request) -> bytes:
    return await limit_body(request, MAX_BODY_BYTES).body()


def _path_id(request: Request, name: str, prefix: str) -> UUID:
    """Return an id in the path of a request. Raises NotFound if it is not an id of this server."""
    text = request.path_params[name]
    try:
        return parse_id(text, prefix)
    except InvalidInput:
        kind, param = KINDS[prefix]
        error = VectorStoreNotFound(f"no {kind} has the id {text!r}", f"use an id of this server: {prefix}…")
        error.param = param
        raise error from None


def _parse_page(request: Request, prefix: str) -> StorePage:
    """Return the requested page."""
    query = request.query_params
    limit, order = parse_limit(query.get("limit", "20"), MAX_PAGE_SIZE), query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise InvalidInput(f"order {order!r} is invalid", "use asc or desc")
    after, before = (parse_known_id(query[name], prefix) if query.get(name) else None for name in ("after", "before"))
    return StorePage(limit, after, before, oldest_first=order == "asc")


def _respond(content: Any, *, poll: bool = False) -> Response:
    return json_response(content, {"x-request-id": f"req_{new_id().hex}", **(POLL_HEADERS if poll else {})})
