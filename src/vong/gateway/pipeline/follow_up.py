"""What follows from an answer of a route: it is kept, and somebody else is asked as well."""

from collections.abc import Callable
from random import random
from typing import Any
from uuid import UUID

from vong.gateway.endpoints.parsing import unstreamed
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.shadow import ShadowRequest
from vong.records import Span
from vong.records.cache import ComparedAs


def follow_up(course: CallContext, span: Span, mirror: Callable[[UUID, ShadowRequest], None]) -> None:
    """Keep the answer of a call that went well, and have it compared, as its route says."""
    answer, policy = course.output, course.route.policy if course.route else None
    if policy is None or answer is None:
        return
    recall = course.recall
    if recall is not None:
        recall.keep(answer, span.id, (span.usage.input_tokens or 0) + (span.usage.output_tokens or 0))
    if course.shape == "embeddings" or course.choice is None:
        return
    if recall is not None and recall.doubtful:
        mirror(course.principal.project_id, _second(course, "cache", course.choice.target, answer))
    elif policy.shadow is not None and not (recall and recall.found) and random() < policy.shadow.share:
        mirror(course.principal.project_id, _second(course, "shadow", policy.shadow.model, answer))


def _second(course: CallContext, kind: ComparedAs, target: str, answer: dict[str, Any]) -> ShadowRequest:
    body, route = unstreamed(course.body, target), course.route.name if course.route else ""
    least = course.recall.rule.agreement if course.recall else 0.0
    return ShadowRequest(kind, route, target, course.shape, body, course.trace, answer, least)
