"""Stored prompts in requests: OpenAI's field `prompt`, targets of routes with a prompt, and `MODEL+prompt/REF`.

The request is rendered before anything else reads it, so that guards, limits and the cache apply to what the model
receives. Ids of prompts that OpenAI stores (`pmpt_…`) are forwarded to OpenAI.
"""

import re
from collections.abc import Callable
from random import random
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from vong.errors import InvalidInput, NotFound
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.pipeline.context import AppliedPrompt, CallContext
from vong.gateway.pipeline.services import DEFAULT_OPTIONS, CallOptions, PromptService
from vong.gateway.providers import Endpoint
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.routing.store import pick_weighted
from vong.gateway.translators.prompt_request import (
    PromptContent,
    insert_parts,
    merge_chat,
    merge_messages,
    merge_responses,
    separate_parts,
)
from vong.records.prompt import PromptVersion
from vong.records.route import RouteTarget, TargetKey

PROMPT_MARKER, NAME_MARKER = b'"prompt"', b"prompt"
"""Texts without which a request has no field `prompt`, and names no prompt at all."""
PROMPT_ENDPOINTS: frozenset[Endpoint] = frozenset({"chat", "responses", "messages"})
OPENAI_ID_PREFIX = "pmpt_"
"""Prefix of the ids of prompts that OpenAI stores."""
VERSION_PATTERN = re.compile(r"\d{1,9}|(?=[a-f]*\d)[0-9a-f]{6,64}")
"""Versions that are a number or a hash. Every other version is a label."""
MAX_REF_CHARS = 200
MAX_VARIABLES = 1000
PROMPT_EXAMPLE = '{"id": "NAME", "version": "3", "variables": {"topic": "…"}}'


class _PromptField(msgspec.Struct, forbid_unknown_fields=True):
    id: str | None = None
    version: str | int | None = None
    variables: dict[str, Any] | None = None

    @property
    def name(self) -> str | None:
        """Return the name of the prompt without its version or label."""
        return re.split("[@:]", self.id, maxsplit=1)[0] if self.id else None

    @property
    def is_pinned(self) -> bool:
        """Return True if the request names a version or a label."""
        return self.version is not None or self.id != self.name


class _Outline(msgspec.Struct):
    model: Any = None
    prompt: msgspec.Raw = msgspec.Raw()


class _Choice(NamedTuple):
    """Model of a request, ref of the prompt that it gets, and the target that names the prompt."""

    model: str
    ref: str | None
    target: str | None


_decode_outline = msgspec.json.Decoder(_Outline).decode
_decode_field = msgspec.json.Decoder(_PromptField).decode


def may_have_prompt(endpoint: Endpoint, body: bytes, catalog: ModelCatalog) -> bool:
    """Return True if a request may get a prompt: it names one, or a route of its project does."""
    return endpoint in PROMPT_ENDPOINTS and (NAME_MARKER in body or catalog.names_prompts)


async def render_request(
    service: PromptService | None, context: CallContext, body: bytes, catalog: ModelCatalog, options: CallOptions
) -> tuple[bytes, CallOptions]:
    """Return the body of a request with its prompt rendered, and the options of the call.

    The options contain the draw that has chosen the target of a route. The prompt is recorded in the context.

    Raises:
        InvalidInput: the field `prompt` or a variable is invalid, or no model is named.
        NotFound: the prompt does not exist.
    """
    check_max_depth(body)
    try:
        outline = _decode_outline(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body, options  # the parser of the endpoint reports the error
    field = _parse_field(outline.prompt)
    if field is not None and (field.id or "").startswith(OPENAI_ID_PREFIX):
        return body, options
    draw = random() if options.random_draw is None else options.random_draw
    model = outline.model if isinstance(outline.model, str) else ""
    if field is None and TargetKey.parse(model).prompt is None and not _has_prompts(catalog, model):
        return body, options
    if service is None:
        raise NotFound("this process has no prompts", "send the request to a server: vong up")
    project_id = context.principal.project_id
    choice = await _choose(service, project_id, field or _PromptField(), model, catalog, lambda: draw)
    context.unrendered_body = body
    request: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    request.pop("prompt", None)
    request["model"] = choice.model
    if choice.target is not None:
        options = options._replace(random_draw=draw)
    if choice.ref is None:
        context.prompt = AppliedPrompt(None, choice.target)
        return msgspec.json.encode(request), options._replace(prompt=context.prompt)
    version = await service.find(project_id, choice.ref)
    field = field or _PromptField()
    reference = {"id": field.id or version.name, "version": str(version.number), "variables": field.variables}
    context.prompt = AppliedPrompt(version.ref, choice.target, reference)
    merged = _merge(context.endpoint, request, version, field.variables or {}, service)
    return msgspec.json.encode(merged), options._replace(prompt=context.prompt)


async def render_counted(
    service: PromptService | None, context: CallContext, body: bytes, catalog: ModelCatalog
) -> bytes:
    """Return the body of a request whose tokens are counted, with its prompt rendered."""
    if not may_have_prompt(context.endpoint, body, catalog):
        return body
    return (await render_request(service, context, body, catalog, DEFAULT_OPTIONS))[0]


async def normalize_ref(service: PromptService | None, project_id: UUID, text: str) -> str:
    """Return the ref (NAME@HASH) of a prompt that the caller has rendered, or its text if there is no such prompt."""
    if service is None or len(text) > MAX_REF_CHARS or not re.search("[@:]", text):
        return text
    try:
        return (await service.find(project_id, text)).ref
    except (NotFound, InvalidInput):
        return text


def _parse_field(raw: msgspec.Raw) -> _PromptField | None:
    """Return the field `prompt`, or None if it is missing or null."""
    if not bytes(raw) or bytes(raw) == b"null":
        return None
    try:
        field = _decode_field(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the field prompt is invalid: {error}", f"send {PROMPT_EXAMPLE}") from None
    if field.id is not None and len(field.id) > MAX_REF_CHARS:
        raise InvalidInput(f"prompt.id has {len(field.id)} characters", f"send at most {MAX_REF_CHARS}")
    if field.version is not None and field.id is not None and field.id != field.name:
        message = f"prompt.id {field.id!r} and prompt.version {field.version!r} both name a version"
        raise InvalidInput(message, "send the version in one of them")
    if len(field.variables or ()) > MAX_VARIABLES:
        raise InvalidInput(
            f"prompt.variables has {len(field.variables or ())} entries", f"send at most {MAX_VARIABLES}"
        )
    return field


async def _choose(
    service: PromptService,
    project_id: UUID,
    field: _PromptField,
    model: str,
    catalog: ModelCatalog,
    draw: Callable[[], float],
) -> _Choice:
    """Return the model and the prompt. A target that names a prompt decides about its version."""
    requested = _requested_ref(field)
    if not model:
        if requested is None:
            raise InvalidInput("prompt.id is missing", f"send {PROMPT_EXAMPLE}")
        version = await service.find(project_id, requested)
        if version.template.model is None:
            hint = "send model, or set model in the prompt"
            raise InvalidInput(f"model is missing, and the prompt {version.ref!r} names none", hint)
        model = version.template.model
    key = TargetKey.parse(model)
    target = RouteTarget(model=model) if key.prompt is not None else _pick(catalog, model, draw)
    if target is not None and target.prompt is not None:
        _check_same_prompt(field, target.prompt, model)
        return _Choice(key.model, target.prompt, target.key)
    if requested is None and target is None:
        raise InvalidInput("prompt.id is missing", f"send {PROMPT_EXAMPLE}")
    return _Choice(model, requested, target.key if target else None)


def _requested_ref(field: _PromptField) -> str | None:
    """Return the ref of the prompt that a request names."""
    if not field.id:
        return None
    if field.version is None:
        return field.id
    version = str(field.version)
    return f"{field.id}@{version}" if VERSION_PATTERN.fullmatch(version) else f"{field.id}:{version}"


def _has_prompts(catalog: ModelCatalog, model: str) -> bool:
    route = catalog.routes.get(model)
    return route is not None and any(target.prompt for target in route.targets)


def _pick(catalog: ModelCatalog, model: str, draw: Callable[[], float]) -> RouteTarget | None:
    """Return the target of a route whose targets have prompts, chosen by weight. Returns None for all other models."""
    return pick_weighted(catalog.routes[model], draw) if _has_prompts(catalog, model) else None


def _check_same_prompt(field: _PromptField, ref: str, model: str) -> None:
    name = re.split("[@:]", ref, maxsplit=1)[0]
    if field.name is not None and field.name != name:
        message = f"the request names the prompt {field.name!r}, but the target of {model!r} has the prompt {ref!r}"
        raise InvalidInput(message, f"send the id {name!r}, or call a model without a prompt")
    if field.is_pinned and field.id is not None:
        message = f"the request names a version of the prompt {name!r}, which {model!r} chooses"
        raise InvalidInput(message, f"send only the id {name!r}, or call a model without a prompt")


def _merge(
    endpoint: Endpoint,
    request: dict[str, Any],
    version: PromptVersion,
    variables: dict[str, Any],
    service: PromptService,
) -> dict[str, Any]:
    values, parts = separate_parts(variables)
    content: PromptContent = service.render(version, values)
    content = content._replace(messages=insert_parts(content.messages, parts, as_chat=endpoint != "responses"))
    merge = {"chat": merge_chat, "responses": merge_responses}.get(endpoint, merge_messages)
    return merge(request, content)
