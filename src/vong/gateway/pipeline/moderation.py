"""Guard checks of texts outside of a call: `POST /v1/moderations` in OpenAI's format, and the test of guards."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from vong import plugins
from vong.errors import ContentBlocked, InvalidInput, NotFound, Unsupported, did_you_mean
from vong.gateway.guards.base import AskModel
from vong.gateway.guards.registry import ConfiguredGuard
from vong.gateway.guards.run import GuardRun
from vong.gateway.routing.catalog import ModelCatalog
from vong.records import new_id
from vong.records.guard import GuardConfig, GuardOutcome, GuardTestResult

OPENAI_CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic"),
)
"""OpenAI's categories. Every response contains all of them, as OpenAI's clients expect. Categories that no guard checks
are false, and `category_applied_input_types` marks them.
"""
OPENAI_MODEL_PREFIXES = ("omni-moderation", "text-moderation")
"""Prefixes of OpenAI's moderation models, which select the guards of the project."""
DEFAULT_GUARDS = tuple(GuardConfig(guard=name, action="flag") for name in ("pii", "secrets", "injection"))
"""Guards used if the project has none."""
MAX_TEXTS = 1000
"""Maximum number of texts in one request."""


class _ModerationBody(msgspec.Struct):
    input: Any = None
    model: str | None = None


class ModerationRequest:
    """Parsed moderation request. Raises InvalidInput or Unsupported if it is invalid."""

    def __init__(self, body: bytes) -> None:
        hint = 'send {"input": "a text"}'
        try:
            body.decode()
            request = msgspec.json.decode(body, type=_ModerationBody)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"invalid request body: {error}", hint) from error
        self.model = request.model
        self.texts = _input_texts(request.input)
        if not self.texts or len(self.texts) > MAX_TEXTS:
            raise InvalidInput(f"input has {len(self.texts)} texts; allowed are 1 to {MAX_TEXTS}", hint)

    def select_guards(self, catalog: ModelCatalog) -> list[ConfiguredGuard]:
        """Return the guards that the request names: those of a route, a single guard, or those of the project."""
        model = self.model
        if model is None or model.startswith(OPENAI_MODEL_PREFIXES):
            return list(catalog.guards_for("")) or [catalog.guard_factory.create(config) for config in DEFAULT_GUARDS]
        if model in catalog.routes:
            guards = list(catalog.guards_for(model))
            if not guards:
                raise NotFound(f"the route {model!r} has no guards", "omit model to use the guards of the project")
            return guards
        if model in plugins.list_extensions("guard"):
            return [catalog.guard_factory.create_validated(GuardConfig(guard=model, action="flag"))]
        known = [*catalog.routes, *plugins.list_extensions("guard")]
        raise NotFound(f"no route or guard named {model!r}", did_you_mean(model, known, "vong gateway guards types"))

    async def moderate(self, guards: Sequence[ConfiguredGuard], ask: AskModel) -> dict[str, Any]:
        """Return the response in OpenAI's format. Raises GuardFailed if a guard cannot check a text."""
        results = [await _moderate_text(text, guards, ask) for text in self.texts]
        return {"id": f"modr-{new_id().hex}", "model": self.model or "vong-guards", "results": results}


async def run_guard_test(
    guards: Sequence[ConfiguredGuard], ask: AskModel, text: str, on: Literal["input", "output"]
) -> GuardTestResult:
    """Run guards on a text as in a call and return the resulting text and the outcomes."""
    runs = [
        GuardRun(guard, on, ask) for guard in guards if (guard.checks_input if on == "input" else guard.checks_output)
    ]
    blocked_by = None
    output: str | None = text
    for run in runs:
        try:
            output = await run.apply(output or "")
        except ContentBlocked:
            output, blocked_by = None, run.name
            break
    outcomes: list[GuardOutcome] = [run.build_outcome() for run in runs if run.elapsed_seconds]
    return GuardTestResult(text=output, blocked_by=blocked_by, outcomes=outcomes)


def _input_texts(value: Any) -> list[str]:
    """Return the texts of an input: a string, a list of strings, or a list of text parts."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return []
    if all(isinstance(item, str) for item in value):
        return list(value)
    parts = [item for item in value if isinstance(item, dict)]
    if len(parts) < len(value) or any(part.get("type") != "text" for part in parts):
        raise Unsupported("the input has parts that are not texts, and guards check texts only", "send only texts")
    return ["\n".join(str(part.get("text", "")) for part in parts)]


async def _moderate_text(text: str, guards: Sequence[ConfiguredGuard], ask: AskModel) -> dict[str, Any]:
    """Return the moderation result of one text."""
    scores: dict[str, float] = dict.fromkeys(OPENAI_CATEGORIES, 0.0)
    checked = set[str]()
    for guard in guards:
        name = guard.config.guard
        scores.setdefault(name, 0.0)
        checked |= {name, *_declared_categories(guard)}
        for detection in await GuardRun(guard, "input", ask).check(text):
            category = detection.kind if detection.kind in OPENAI_CATEGORIES else f"{name}/{detection.kind}"
            checked.add(category)
            for affected in (name, category):
                scores[affected] = max(scores.get(affected, 0.0), detection.score)
    return {
        "flagged": any(scores.values()),
        "categories": {name: score > 0 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] if name in checked else [] for name in scores},
    }


def _declared_categories(guard: ConfiguredGuard) -> Iterable[str]:
    """Return OpenAI's categories that a guard checks: those of a judge, or the names of its patterns."""
    settings = guard.config.settings
    names = [*settings.get("categories", ()), *settings.get("patterns", ()), settings.get("name")]
    return (name for name in names if name in OPENAI_CATEGORIES)
