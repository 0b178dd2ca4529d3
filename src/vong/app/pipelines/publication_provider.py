"""Provider `pipeline` of the gateway: the published pipelines of a project as models of `/v1`.

A call goes through the whole request path, so that the scope, the guards, the limits and the routes of the gateway
apply to it. The model calls of its steps are made on behalf of the same caller and are accounted for themselves.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from vong.access.principal import Principal
from vong.app.pipelines.publication_events import PublishedEvent, RunAnswer, ToolEnded
from vong.app.pipelines.publication_format import chat_completion, response_object, stream_chat, stream_response
from vong.app.platform import Platform
from vong.app.providers import PIPELINE
from vong.errors import InvalidInput, NotFound, Unsupported, did_you_mean
from vong.gateway.endpoints.responses import PIPELINE_ADDRESS
from vong.gateway.providers import Endpoint, Provider, ProviderRequest, ProviderResponse
from vong.gateway.translators.responses_request import to_input_items
from vong.pipelines import publications, run_store, versions
from vong.pipelines.chat_inputs import ChatInput, find_state, map_inputs, read_chat
from vong.pipelines.publications import Publication
from vong.pipelines.versions import PipelineVersion

CALL_HINT = "list the published pipelines: vong pipelines publications"
INPUTS_FIELD = "inputs"
IDEMPOTENCY_FIELD = "idempotency_key"
METADATA_PREFIX = "input."
"""Prefix of the entries of `metadata` that are inputs: `input.tone`."""


class PipelineProvider:
    """Published pipelines of one project."""

    address = PIPELINE_ADDRESS
    endpoints: frozenset[Endpoint] = frozenset({"chat", "responses"})
    is_composite = True

    def __init__(self, platform: Platform, project_id: UUID, models: tuple[str, ...]) -> None:
        self._platform, self._project_id, self._models = platform, project_id, models

    async def list_models(self) -> list[str]:
        """Return the names of the published pipelines."""
        return list(self._models)

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Run a pipeline and return its answer.

        Raises: NotFound if no such pipeline is published; InvalidInput if an input is invalid; the errors of the run.
        """
        from vong.app.pipelines.published_runs import PublishedRun, run_published

        caller = request.caller
        if caller is None:
            raise Unsupported(f"pipeline {request.model!r} cannot be called here", "call it through /v1")
        translated = msgspec.json.decode(request.body, type=dict[str, Any])
        check_request(translated)
        publication, version, state = await asyncio.to_thread(self._find, request.model, caller.previous)
        fields = caller.fields or translated  # a chat made of a responses request has no inputs
        given = read_inputs(fields)
        chat = read_request(request.endpoint, translated, has_inputs=bool(given))
        run = PublishedRun(
            cast(Principal, caller.principal),
            version,
            publication.settings.mapping,
            map_inputs(
                version.definition.inputs,
                publication.settings.mapping,
                chat,
                given=given,
                defaults={**publication.settings.inputs, **state},
            ),
            user=caller.user,
            session=caller.session,
            tags=caller.tags,
            trace_id=caller.trace_id,
            parent_span_id=caller.span_id,
            call_id=caller.call_id,
            idempotency_key=_idempotency_key(fields),
        )
        events, model = run_published(self._platform, run), f"{PIPELINE}/{request.model}"
        if not request.stream:
            return ProviderResponse(200, await _answer(request.endpoint, model, caller.call_id, events))
        first = await anext(events)  # an error before the first event becomes an ordinary error response
        stream = stream_chat if request.endpoint == "chat" else stream_response
        return ProviderResponse(200, events=stream(model, caller.call_id, _chain(first, events)))

    def _find(self, model: str, previous: UUID | None) -> tuple[Publication, PipelineVersion, dict[str, Any]]:
        """Return the publication, the version of a model, and the inputs that continue those of a previous call.

        A model is `NAME`, `NAME:LABEL`, `NAME@NUMBER` or `NAME@HASH`.
        """
        name, mark, _ = versions.parse_ref(model)
        with self._platform.scope(self._project_id) as connection:
            publication = publications.find_publication(connection, name)
            if publication is None or not publication.settings.model:
                raise NotFound(
                    f"no pipeline {name!r} is published as a model", did_you_mean(name, list(self._models), CALL_HINT)
                )
            ref = model if mark else publication.ref
            version = versions.find(connection, ref)
            ended = run_store.find_by_call(connection, previous, name) if previous is not None else None
        outputs = (ended.outputs or {}) if ended is not None else {}
        return publication, version, find_state(version.definition, publication.settings.mapping, outputs)


def check_request(fields: Mapping[str, Any]) -> None:
    """Raise Unsupported if a request asks for what no pipeline has: several choices, or tools of the caller."""
    if int(fields.get("n") or 1) > 1:
        raise Unsupported(f"n is {fields['n']}, but a pipeline returns one answer", "omit n")
    if fields.get("tools"):
        raise Unsupported("a pipeline accepts no tools of the caller", "omit tools; add them to the steps")


def read_request(endpoint: Endpoint, fields: Mapping[str, Any], *, has_inputs: bool) -> ChatInput:
    """Return the conversation of a chat or responses request. A request with inputs may have an empty message."""
    if endpoint == "chat":
        messages = fields.get("messages") or []
    else:
        items = [item for item in to_input_items(fields.get("input")) if "role" in item]
        messages = [{"role": item["role"], "content": item.get("content")} for item in items]
        if fields.get("instructions"):
            messages.insert(0, {"role": "system", "content": fields["instructions"]})
    if has_inputs and not _has_question(messages):
        return ChatInput("", (), "")
    return read_chat(messages)


def read_inputs(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that a request sets: in the field `inputs`, and in entries of `metadata` such as `input.tone`.

    Raises: InvalidInput if `inputs` is no object.
    """
    given = fields.get(INPUTS_FIELD) or {}
    if not isinstance(given, dict):
        raise InvalidInput("inputs is not an object", 'send {"inputs": {"NAME": VALUE}}')
    metadata = fields.get("metadata")
    entries = metadata.items() if isinstance(metadata, dict) else ()
    named = {name.removeprefix(METADATA_PREFIX): value for name, value in entries if name.startswith(METADATA_PREFIX)}
    return named | given


def pipeline_providers(platform: Platform, project_id: UUID, connection: Connection) -> dict[str, Provider]:
    """Return the provider of the published pipelines of the connection's project, if there are any."""
    found = publications.list_publications(connection)
    models = tuple(one.pipeline for one in found if one.settings.model)
    return {PIPELINE: PipelineProvider(platform, project_id, models)} if models else {}


async def _answer(endpoint: Endpoint, model: str, id: UUID, events: AsyncGenerator[PublishedEvent]) -> bytes:
    tools, answer = list[ToolEnded](), None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, ToolEnded):
                tools.append(event)
            elif isinstance(event, RunAnswer):
                answer = event
    assert answer is not None
    if endpoint == "chat":
        return msgspec.json.encode(chat_completion(model, id, answer))
    return msgspec.json.encode(response_object(model, id, answer, tools))


async def _chain(first: PublishedEvent, events: AsyncGenerator[PublishedEvent]) -> AsyncIterator[PublishedEvent]:
    async with aclosing(events):
        yield first
        async for event in events:
            yield event


def _has_question(messages: list[Any]) -> bool:
    return any(isinstance(message, dict) and message.get("role") == "user" for message in messages)


def _idempotency_key(fields: Mapping[str, Any]) -> str | None:
    key = fields.get(IDEMPOTENCY_FIELD)
    if key is None:
        return None
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        raise InvalidInput("idempotency_key is not a text of 1 to 255 characters", "use a UUID")
    return key
