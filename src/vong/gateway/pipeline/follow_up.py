"""Actions after a successful response of a route: store it in the cache and send a shadow request."""

from collections.abc import Callable
from random import random
from typing import Any
from uuid import UUID

from vong.gateway.endpoints.parsing import unstreamed
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.shadow import ShadowRequest
from vong.records import Span
from vong.records.cache import ComparedAs


def follow_up(context: CallContext, span: Span, enqueue_shadow: Callable[[UUID, ShadowRequest], None]) -> None:
    """Store the response in the cache and send a shadow request, as the policy of the route requires."""
    completion, policy = context.output, context.route.policy if context.route else None
    if policy is None or completion is None:
        return
    lookup = context.recall
    if lookup is not None:
        lookup.keep(completion, span.id, (span.usage.input_tokens or 0) + (span.usage.output_tokens or 0))
    if context.shape == "embeddings" or context.choice is None:
        return
    if lookup is not None and lookup.doubtful:
        enqueue_shadow(context.principal.project_id, _second(context, "cache", context.choice.target, completion))
    elif policy.shadow is not None and not (lookup and lookup.found) and random() < policy.shadow.share:
        enqueue_shadow(context.principal.project_id, _second(context, "shadow", policy.shadow.model, completion))


def _second(context: CallContext, kind: ComparedAs, target: str, completion: dict[str, Any]) -> ShadowRequest:
    body, route = unstreamed(context.body, target), context.route.name if context.route else ""
    min_agreement = context.recall.rule.agreement if context.recall else 0.0
    return ShadowRequest(kind, route, target, context.shape, body, context.trace, completion, min_agreement)
