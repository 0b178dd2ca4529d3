"""Actions after a successful response of a route: store it in the cache and send a shadow request."""

from random import random
from typing import Any

from vong.gateway.endpoints.parsing import without_stream
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.services import EnqueueShadow
from vong.gateway.pipeline.shadow import ShadowRequest
from vong.gateway.providers.base import VECTOR_ENDPOINTS
from vong.records import Span
from vong.records.cache import ShadowResultKind
from vong.records.route import PROMPT_SEPARATOR


def follow_up(context: CallContext, span: Span, enqueue_shadow: EnqueueShadow) -> None:
    """Store the response in the cache and send a shadow request, as the policy of the route requires."""
    completion, policy = context.output, context.route.policy if context.route else None
    if policy is None or completion is None:
        return
    lookup = context.cache_lookup
    if lookup is not None:
        lookup.store(completion, span.id, (span.usage.input_tokens or 0) + (span.usage.output_tokens or 0))
    if context.endpoint in VECTOR_ENDPOINTS or context.resolved is None:
        return
    if lookup is not None and lookup.should_verify:
        enqueue_shadow(
            context.principal.project_id, _build_shadow_request(context, "cache", context.resolved.target, completion)
        )
    elif policy.shadow is not None and not (lookup and lookup.response) and random() < policy.shadow.share:
        enqueue_shadow(
            context.principal.project_id, _build_shadow_request(context, "shadow", policy.shadow.model, completion)
        )


def _build_shadow_request(
    context: CallContext, kind: ShadowResultKind, target: str, completion: dict[str, Any]
) -> ShadowRequest:
    # A target with a prompt of its own gets the request as the caller sent it. Its own call renders and guards it.
    sent = context.unrendered_body if PROMPT_SEPARATOR in target else None
    body, route = without_stream(sent or context.body, target), context.route.name if context.route else ""
    min_agreement = context.cache_lookup.policy.min_agreement if context.cache_lookup else 0.0
    return ShadowRequest(kind, route, target, context.endpoint, body, context.trace, completion, min_agreement)
