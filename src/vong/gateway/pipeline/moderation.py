"""Texts held against guards outside of a call: `POST /v1/moderations` in OpenAI's form, and people who try guards."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from vong import plugins
from vong.errors import ContentBlocked, InvalidInput, NotFound, Unsupported, nearest
from vong.gateway.guards.base import Ask
from vong.gateway.guards.registry import ConfiguredGuard
from vong.gateway.guards.run import GuardRun
from vong.gateway.routing.catalog import ModelCatalog
from vong.records import new_id
from vong.records.guard import GuardConfig, GuardOutcome, GuardTestResult

OPENAI = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic"),
)
"""OpenAI's categories: all are in every answer, as its clients expect; those that no guard looks for are false, and
`category_applied_input_types` says so.
"""
THEIRS = ("omni-moderation", "text-moderation")
"""How OpenAI's own models begin: they stand for the project's guards."""
DEFAULT = tuple(GuardConfig(guard=name, action="flag") for name in ("personal", "secrets", "injection"))
"""Who answers in a project without guards."""
MOST = 1000
"""Texts of one request."""


class _Asked(msgspec.Struct):
    input: Any = None
    model: str | None = None


class ModerationRequest:
    """A request for moderation. InvalidInput and Unsupported say what is wrong with it."""

    def __init__(self, body: bytes) -> None:
        hint = 'send {"input": "a text"}'
        try:
            body.decode()
            asked = msgspec.json.decode(body, type=_Asked)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the body cannot be used: {error}", hint) from error
        self.model = asked.model
        self.texts = _texts(asked.input)
        if not self.texts or len(self.texts) > MOST:
            raise InvalidInput(f"input has none, or more than {MOST}, texts", hint)

    def posts(self, directory: ModelCatalog) -> list[ConfiguredGuard]:
        """The guards that are named: a route's, one by itself, or the project's."""
        model = self.model
        if model is None or model.startswith(THEIRS):
            return list(directory.posts("")) or [directory.makers.post(use) for use in DEFAULT]
        if model in directory.routes:
            found = list(directory.posts(model))
            if not found:
                raise NotFound(f"no guards stand over the route {model!r}", "leave model out for those of the project")
            return found
        if model in plugins.names("guard"):
            return [directory.makers.sound(GuardConfig(guard=model, action="flag"))]
        known = [*directory.routes, *plugins.names("guard")]
        raise NotFound(f"no route and no guard is named {model!r}", nearest(model, known, "vong gateway guard kinds"))

    async def answer(self, posts: Sequence[ConfiguredGuard], ask: Ask) -> dict[str, Any]:
        """OpenAI's answer. GuardFailed where a guard could not look."""
        results = [await _result(text, posts, ask) for text in self.texts]
        return {"id": f"modr-{new_id().hex}", "model": self.model or "vong-guards", "results": results}


async def trial(
    posts: Sequence[ConfiguredGuard], ask: Ask, text: str, on: Literal["input", "output"]
) -> GuardTestResult:
    """What becomes of a text, as of one of a call."""
    duties = [GuardRun(post, on, ask) for post in posts if (post.reads_input if on == "input" else post.reads_output)]
    blocked = None
    passed: str | None = text
    for duty in duties:
        try:
            passed = await duty.over(passed or "")
        except ContentBlocked:
            passed, blocked = None, duty.name
            break
    outcomes: list[GuardOutcome] = [duty.outcome() for duty in duties if duty.seconds]
    return GuardTestResult(text=passed, blocked_by=blocked, outcomes=outcomes)


def _texts(given: Any) -> list[str]:
    """The texts of an input: one, a list, or one in parts."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list):
        return []
    if all(isinstance(item, str) for item in given):
        return list(given)
    parts = [item for item in given if isinstance(item, dict)]
    if len(parts) < len(given) or any(part.get("type") != "text" for part in parts):
        raise Unsupported("guards read texts, and this input holds something else", "send the texts alone")
    return ["\n".join(str(part.get("text", "")) for part in parts)]


async def _result(text: str, posts: Sequence[ConfiguredGuard], ask: Ask) -> dict[str, Any]:
    scores: dict[str, float] = dict.fromkeys(OPENAI, 0.0)
    read = set[str]()
    for post in posts:
        name = post.use.guard
        scores.setdefault(name, 0.0)
        read |= {name, *_promised(post)}
        for item in await GuardRun(post, "input", ask).look(text):
            own = item.kind if item.kind in OPENAI else f"{name}/{item.kind}"
            read.add(own)
            for category in (name, own):
                scores[category] = max(scores.get(category, 0.0), item.score)
    return {
        "flagged": any(scores.values()),
        "categories": {name: score > 0 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] if name in read else [] for name in scores},
    }


def _promised(post: ConfiguredGuard) -> Iterable[str]:
    """OpenAI's categories that a guard looks for: those of a judge, or names of patterns."""
    settings = post.use.settings
    named = [*settings.get("categories", ()), *settings.get("patterns", ()), settings.get("name")]
    return (name for name in named if name in OPENAI)
