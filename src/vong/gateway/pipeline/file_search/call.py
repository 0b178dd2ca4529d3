"""Call of `/v1/responses` with the tool `file_search`: model calls and searches in turn, one response to the caller.

Each model call is a `ModelCall` of the same caller, so that scopes, guards, limits and budgets apply to it. The span of
the whole response is their parent, and what `GET /v1/responses/{id}` and `previous_response_id` read.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, cast

import msgspec

from vong.errors import NotFound, Unavailable, Unsupported, UpstreamFailed, VongError
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints.file_search import FileHit, VectorStoreMissing
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.file_search.request import FileSearchRequest, output_item, parse_queries
from vong.gateway.pipeline.file_search.response import FileSearchResponse, has_client_calls, search_calls
from vong.gateway.pipeline.file_search.stream import RoundStream
from vong.gateway.pipeline.services import CallOptions, CallServices
from vong.gateway.providers import Endpoint, ProviderResponse
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.upstream.sse import encode_named_event
from vong.records import Span, new_id, now
from vong.records.span import SpanVersions

MAX_ROUNDS = 8
"""Model calls of one response. The last one gets no function, so that it answers."""
LOCAL_PREFIX = "deployment/"
RANDOM_TARGET = 0.5


class RoundCall(ModelCall):
    """One model call of a response with file searches."""

    @property
    def chat(self) -> Any:
        """Return the request as it is recorded, a chat if it can be translated; None if bodies are not stored."""
        exchange = self._context.exchange
        return exchange.recorded_request() if exchange and self._context.captures_bodies else None


class FileSearchCall(ModelCall):
    """Call with the tool `file_search`. A call that searches no vector store of this server is a plain model call."""

    def __init__(
        self,
        services: CallServices,
        principal: GatewayPrincipal,
        body: bytes,
        trace: TraceContext,
        options: CallOptions,
    ) -> None:
        endpoint: Endpoint = "responses"
        super().__init__(services, principal, endpoint, body, trace, options)
        self._principal = principal
        self._started_at, self._start_seconds = now(), time.perf_counter()
        self._search_request: FileSearchRequest | None = None
        self._search_response: FileSearchResponse | None = None
        self._round: RoundCall | None = None
        self._items: list[dict[str, Any]] = []
        """Items of the input of the next model call."""
        self._with_function = True
        self._completion: dict[str, Any] = {}
        self._recorded = False

    @property
    def response_headers(self) -> dict[str, str]:
        """Return the response headers of the latest model call."""
        return self._round.response_headers if self._round else super().response_headers

    async def open(self) -> ProviderResponse:
        """Run the call up to the start of its response: complete, or up to the first event of a stream."""
        await self._render_prompt(await self._services.load_catalog(self._principal))
        request = await self._parse_search()
        if request is None:
            return await self._open_plain()
        self._search_request = request
        self._search_response = FileSearchResponse(request, self.id.hex)
        self._items = request.input_items()
        if not request.tools or request.is_forbidden:
            self._with_function = False
        elif await self._searches_first(request):
            await self._search_question(request)
        reply = await self._open_round(request, is_first=True)
        if reply.status >= 400 or reply.events is not None:
            return reply
        return await self._complete(request, self._search_response, reply)

    async def events(self, reply: ProviderResponse) -> AsyncGenerator[bytes]:
        """Yield the events of all model calls and searches as those of one response."""
        request, response = self._search_request, self._search_response
        if request is None or response is None:
            async with aclosing(super().events(reply)) as plain:
                async for chunk in plain:
                    yield chunk
            return
        stream, rounds = RoundStream(request, response), 1
        while True:
            async with aclosing(self._stream_round(request, response, stream, reply)) as events:
                async for chunk in events:
                    yield chunk
            self._close_round()
            if not stream.continues or rounds >= MAX_ROUNDS:
                break
            self._items += stream.round_items
            rounds += 1
            reply = await self._open_round(request, is_first=False, rounds=rounds)
            if reply.events is None:
                raise UpstreamFailed(f"the model returned status {reply.status} after a file search", "try again")
        for event in stream.finish():
            yield encode_named_event(event)

    def close(self, error: BaseException | None = None, status: int | None = None) -> None:
        """Close the latest model call and record the span of the whole response, once."""
        if self._search_request is None:
            super().close(error, status)
            return
        if self._round is not None:
            self._round.close(error, status)
        if not self._recorded and self._services.file_search is not None:
            self._recorded = True
            self._services.file_search.record(self._principal, self._build_span(error, status))

    async def _parse_search(self) -> FileSearchRequest | None:
        """Return the request if it names vector stores of this server, or continues calls of the tool.

        Raises: VectorStoreMissing if only some of the vector stores exist.
        """
        try:
            fields = msgspec.json.decode(self._body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # the plain call reports the error
        if not isinstance(fields.get("tools") or [], list) or not isinstance(fields.get("model"), str):
            return None
        request, service = FileSearchRequest(fields), self._services.file_search
        if service is None:
            return None
        if not request.tools:
            return request if len(request.input_items()) != len(_items(fields)) else None
        missing = await service.find_missing(self._principal, request.stores)
        if not missing:
            return request
        if len(missing) == len(request.stores):
            return None  # stores of OpenAI, perhaps
        raise _missing_error(missing)

    async def _open_plain(self) -> ProviderResponse:
        """Open the call as a plain model call, whose provider may run the tool itself."""
        try:
            return await super().open()
        except Unsupported as error:
            if "'file_search'" not in error.message:
                raise
            stores = FileSearchRequest(msgspec.json.decode(self._body, type=dict[str, Any])).stores
            raise _missing_error(stores) from error

    async def _searches_first(self, request: FileSearchRequest) -> bool:
        """Return True if the results come before the model call: for models that this server runs.

        They are often too small to decide when to search.
        """
        catalog: ModelCatalog = await self._services.load_catalog(self._principal)
        try:
            plan = catalog.plan_route(str(request.fields["model"]), lambda: RANDOM_TARGET)
        except (NotFound, Unavailable):
            return False  # the model call reports the error
        return any(target.startswith(LOCAL_PREFIX) for target in plan.targets)

    async def _search_question(self, request: FileSearchRequest) -> None:
        """Search for the question of the user and put the results in front of it."""
        assert self._search_response is not None
        self._with_function = False
        question = request.question()
        item = self._search_response.new_search_item()
        hits = await self._find(request, [question])
        self._search_response.items.append(self._search_response.complete_search(item, [question], hits))
        self._items = request.items_with_results(hits)

    async def _find(self, request: FileSearchRequest, queries: Sequence[str]) -> list[FileHit]:
        assert self._services.file_search is not None
        hits: list[FileHit] = []
        for tool in request.tools:
            hits += await self._services.file_search.search(
                self._principal, tool, queries, self.trace.trace_id, self.trace.span_id
            )
        return hits

    async def _open_round(self, request: FileSearchRequest, *, is_first: bool, rounds: int = 1) -> ProviderResponse:
        """Open the next model call. A model that rejects tools gets the results of a search instead."""
        try:
            reply = await self._open_model(request, is_first=is_first, rounds=rounds)
        except Unsupported as error:
            if not is_first or not self._with_function or request.other_tools or "tool" not in error.message:
                raise
            reply = None
        if reply is not None and not (is_first and self._with_function and _rejects_tools(reply)):
            return reply
        await self._search_question(request)
        return await self._open_model(request, is_first=False, rounds=rounds)

    async def _open_model(self, request: FileSearchRequest, *, is_first: bool, rounds: int) -> ProviderResponse:
        may_search = self._with_function and rounds < MAX_ROUNDS and not self._is_exhausted(request)
        body = request.encode(self._items, with_function=may_search, is_first=is_first)
        id, own = new_id(), self.trace
        trace = own._replace(id=id, span_id=id.hex[16:], parent_span_id=own.span_id)
        self._round = RoundCall(self._services, self._principal, self.endpoint, body, trace, self._options)
        try:
            return await self._round.open()
        except VongError as error:
            self._round.close(error, error.status)
            raise

    def _is_exhausted(self, request: FileSearchRequest) -> bool:
        response = self._search_response
        return request.max_calls is not None and response is not None and response.searches >= request.max_calls

    def _close_round(self) -> None:
        """Close the latest model call and keep its response for the span."""
        if self._round is not None:
            self._round.close()
            self._completion = self._round.output or {}

    async def _complete(
        self, request: FileSearchRequest, response: FileSearchResponse, reply: ProviderResponse
    ) -> ProviderResponse:
        """Run searches and further model calls until the response is complete. Nothing is streamed."""
        rounds = 1
        while True:
            self._close_round()
            fields = msgspec.json.decode(reply.body, type=dict[str, Any])
            response.add_usage(fields.get("usage"))
            output = cast(list[dict[str, Any]], fields.get("output") or [])
            calls = list(search_calls(output, request.function))
            outputs: list[dict[str, Any]] = []
            for item in output:
                if item in calls:
                    outputs.append(await self._run_search(request, response, item))
                else:
                    response.items.append(response.annotate(item))
            if not calls or has_client_calls(output, request.function) or rounds >= MAX_ROUNDS:
                reply.body = msgspec.json.encode(response.finish(fields))
                return reply
            self._items += [*output, *outputs]
            rounds += 1
            reply = await self._open_round(request, is_first=False, rounds=rounds)
            if reply.status >= 400:
                return reply

    async def _run_search(
        self, request: FileSearchRequest, response: FileSearchResponse, call: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the search of a call and return the output of the call for the model."""
        item, first = response.new_search_item(), len(response.hits)
        queries = parse_queries(str(call.get("arguments") or ""), request.question())
        hits = await self._find(request, queries)
        response.items.append(response.complete_search(item, queries, hits))
        return output_item(str(call["call_id"]), hits, first)

    async def _stream_round(
        self, request: FileSearchRequest, response: FileSearchResponse, stream: RoundStream, reply: ProviderResponse
    ) -> AsyncGenerator[bytes]:
        """Yield the events of one model call, and those of the searches that it calls for."""
        assert self._round is not None
        stream.begin_round()
        async with aclosing(self._round.events(reply)) as events:
            async for chunk in events:
                for group in stream.read(chunk):
                    if group:
                        yield b"".join(map(encode_named_event, group))
                    if (call := stream.take_search()) is not None:
                        async for event in self._stream_search(request, response, stream, call):
                            yield encode_named_event(event)

    async def _stream_search(
        self, request: FileSearchRequest, response: FileSearchResponse, stream: RoundStream, call: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any]]:
        """Yield the events of one search."""
        item, first = response.new_search_item(), len(response.hits)
        for event in stream.begin_search(item):
            yield event
        queries = parse_queries(str(call.get("arguments") or ""), request.question())
        hits = await self._find(request, queries)
        for event in stream.end_search(response.complete_search(item, queries, hits)):
            yield event
        stream.round_items.append(output_item(str(call["call_id"]), hits, first))

    def _build_span(self, error: BaseException | None, status: int | None) -> Span:
        """Return the span of the whole response. Tokens and costs are those of its children."""
        request, response, round_call = self._search_request, self._search_response, self._round
        assert request is not None and response is not None
        chat = round_call.chat if round_call else None
        model = str(request.fields.get("model"))
        attributes: dict[str, Any] = {
            "vong.endpoint": "responses",
            "vong.file_searches": response.searches,
            "gen_ai.request.model": model,
            "http.response.status_code": status or 200,
        }
        flags = {
            "vong.instructions": bool(request.fields.get("instructions")),
            "vong.unstored": request.fields.get("store") is False,
            "vong.previous_response": request.fields.get("previous_response_id"),
        }
        attributes |= {name: value for name, value in flags.items() if value}
        attributes |= self._context.prompt_attributes(captured=chat is not None)
        output = {**self._completion, "output_items": response.items} if chat is not None else None
        message = None if error is None else str(error) or type(error).__name__
        return Span(
            id=self.id,
            trace_id=self.trace.trace_id,
            span_id=self.trace.span_id,
            parent_span_id=self.trace.parent_span_id,
            name=f"file_search {model}",
            kind="pipeline",
            status="ok" if message is None else "error",
            error=message,
            started_at=self._started_at,
            duration_ms=(time.perf_counter() - self._start_seconds) * 1000,
            session=self.trace.session,
            key=self._principal.actor,
            versions=SpanVersions(prompt_version=self._context.prompt_version),
            attributes=attributes,
            input=chat,
            output=output,
        )


def _missing_error(stores: Sequence[str]) -> VectorStoreMissing:
    names = ", ".join(map(repr, stores))
    return VectorStoreMissing(f"no vector store has the id {names}", "list them: GET /v1/vector_stores")


def _rejects_tools(reply: ProviderResponse) -> bool:
    """Return True if a server rejects the request because its model has no tools, as Ollama does."""
    return reply.status == 400 and b"support tools" in reply.body


def _items(fields: dict[str, Any]) -> list[Any]:
    content = fields.get("input")
    return content if isinstance(content, list) else [content]
