"""Token count of a messages request: by the target if it can count, else an estimate."""

from contextlib import suppress
from functools import partial
from random import random
from typing import Any

import msgspec

from vong.errors import InvalidInput, Unsupported
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.auth.scopes import check_scope
from vong.gateway.endpoints.file_sources import resolve_files
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.endpoints.messages import parse_count_request
from vong.gateway.endpoints.parsing import TraceContext, with_model
from vong.gateway.guards.base import AskModel
from vong.gateway.guards.request_texts import GuardedRequest
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.guarding import GuardSession
from vong.gateway.pipeline.input_tokens import to_countable_request
from vong.gateway.pipeline.prompts import render_counted
from vong.gateway.pipeline.services import CallServices
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import SupportsTokenCount, TokenCount
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.translators.token_estimate import estimate_message_tokens


async def count_request_tokens(
    services: CallServices, principal: GatewayPrincipal, body: bytes, trace: TraceContext, endpoint: Endpoint
) -> TokenCount:
    """Count the tokens of a messages or responses request, with its prompt and its files."""
    catalog, ask_model = await services.load_catalog(principal), partial(services.ask_model, principal, trace)
    context = CallContext(principal, endpoint, b"", trace)
    body = await render_counted(services.prompts, context, body, catalog)
    body = await resolve_files(endpoint, body, partial(services.load_file, principal))
    if endpoint == "responses":
        body = await to_countable_request(body, partial(services.load_history, principal.project_id))
    return await count_message_tokens(principal, catalog, body, trace, ask_model, endpoint)


async def count_message_tokens(
    principal: GatewayPrincipal,
    catalog: ModelCatalog,
    body: bytes,
    trace: TraceContext,
    ask_model: AskModel,
    endpoint: Endpoint = "messages",
) -> TokenCount:
    """Count the tokens of a messages request at its target. `endpoint` is that of the caller.

    Guards that mask texts run first, because a target must receive no text that a call would not send to it.
    """
    check_max_depth(body)
    model = parse_count_request(body).model
    check_scope(principal, endpoint, model)
    resolved = catalog.choose_target(model, random)
    provider = resolved.provider
    masking = [guard for guard in catalog.guards_for(model) if guard.config.action == "mask"]
    if masking:
        request = GuardedRequest("messages", body)
        await GuardSession(masking, ask_model).check_request(request)
        body = request.encode()
    if isinstance(provider, SupportsTokenCount):
        with suppress(Unsupported):  # a provider that cannot count this request
            return await provider.count_tokens(with_model(body, resolved.model), trace.forwarded_headers)
    return TokenCount(estimate_message_tokens(_decode_request(body)), is_exact=False)


def _decode_request(body: bytes) -> dict[str, Any]:
    request = msgspec.json.decode(body, type=dict[str, Any])
    for position, message in enumerate(request["messages"]):
        if not isinstance(message, dict) or not {"role", "content"} <= message.keys():
            raise InvalidInput(f"messages.{position} has no role or no content", "send both")
    if not request["messages"]:
        raise InvalidInput("messages is empty", "send at least one message")
    return request
