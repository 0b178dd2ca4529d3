"""What the cache does for one call: an answer found before a model is asked, and the one that came kept.

An answer depends on who may share it, on the very configuration that answers (target, address, model version, route
version), and on all of the request but what merely accounts for it. All of that is hashed into its key, so a new model
version or a changed route never answers with what an old one said.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from random import random
from typing import Any, Literal
from uuid import UUID

import msgspec

from vong.errors import InvalidInput
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.cache.store import CachedResponse, CacheEntry
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.routing.catalog import ResolvedTarget
from vong.records import now
from vong.records.cache import CachePolicy

ACCOUNTING = frozenset(
    {
        *("model", "stream", "stream_options", "user", "metadata", "store", "service_tier"),
        *("safety_identifier", "prompt_cache_key"),
    }
)
"""Fields that change no answer. The model is in the configuration."""
ENDS = {"stop", "length", "tool_calls", "function_call"}
"""How an answer ends that is worth keeping."""
FIGURES = re.compile(r"\S*\d\S*")
"""Words with digits. Questions about two orders, dates or amounts are near in meaning and have different answers, so
only those with the same figures stand in for one another.
"""
Outcome = Literal["hit", "semantic", "miss", "bypass", "refresh"]
_encoder = msgspec.json.Encoder(order="sorted")


class CacheLookup:
    """The cache of one call. `guards` is the version of the project's guards, which an answer has passed."""

    def __init__(
        self,
        answers: ResponseCache,
        rule: CachePolicy,
        principal: GatewayPrincipal,
        choice: ResolvedTarget,
        passage: UpstreamExchange,
        guards: str | None,
    ) -> None:
        self.outcome: Outcome = "miss"
        self.found: CachedResponse | None = None
        self.rule = rule
        self._answers = answers
        self._principal = principal
        self._choice = choice
        self._passage = passage
        self._guards = guards
        self._key = b""
        self._family: bytes | None = None
        self._text: str | None = None

    def wish(self, wish: str | None) -> None:
        """What the caller asks of it: `bypass` or `refresh`. InvalidInput for anything else."""
        if wish is None:
            return
        if wish not in ("bypass", "refresh"):
            raise InvalidInput(f"x-vong-cache is {wish!r}", "send bypass or refresh, or leave it out")
        self.outcome = "bypass" if wish == "bypass" else "refresh"

    @property
    def doubtful(self) -> bool:
        """Whether this hit is one that is answered anew, to see whether it was right."""
        return self.outcome == "semantic" and random() < self.rule.checked

    async def find(self) -> CachedResponse | None:
        """The answer to give again, if there is one. InvalidInput where the request cannot be read."""
        if self.outcome == "bypass":
            return None
        self._hash()
        if self.outcome == "refresh":
            return None
        project_id = self._principal.project_id
        found = await self._answers.exact(project_id, self._key)
        if found is not None:
            self.outcome = "hit"
        elif self._family is not None and self._text is not None:
            found = await self._answers.near(project_id, self._family, self._text, self.rule.threshold)
            self.outcome = "semantic" if found else "miss"
        if found is not None:
            self._answers.hit(project_id, found.key)
        self.found = found
        return found

    def keep(self, answer: Mapping[str, Any], span_id: UUID, tokens: int) -> None:
        """Keep what the model said, where it came to a proper end."""
        if self.outcome not in ("miss", "refresh") or not _whole(answer):
            return
        at = now()
        lasting = CachedResponse(
            self._key, msgspec.json.encode(answer), span_id, at, at + timedelta(seconds=self.rule.ttl)
        )
        route = self._choice.versions.route or ""
        self._answers.keep(self._principal.project_id, CacheEntry(lasting, route, tokens, self._family), self._text)

    def headers(self) -> dict[str, str]:
        """What the caller is told."""
        told = {"x-vong-cache": self.outcome}
        if self.found:
            told["x-vong-cache-source"] = str(self.found.span_id)
            told["age"] = f"{max(0.0, (now() - self.found.at).total_seconds()):.0f}"
        return told

    def attributes(self) -> dict[str, Any]:
        """What the span says of it."""
        told: dict[str, Any] = {"vong.cache": self.outcome}
        if self.found:
            told["vong.cache.source"] = str(self.found.span_id)
            if self.found.similarity is not None:
                told["vong.cache.similarity"] = round(self.found.similarity, 4)
        return told

    def _hash(self) -> None:
        fields = self._passage.chat()
        asked = {name: value for name, value in fields.items() if name not in ACCOUNTING and value is not None}
        self._key = self._hashed(asked)
        if self.rule.mode == "semantic":
            self._text = question(asked)
            if self._text is not None:
                rest = [*asked["messages"][:-1], {**asked["messages"][-1], "content": None}]
                self._family = self._hashed({**asked, "messages": rest, "figures": FIGURES.findall(self._text)})

    def _hashed(self, asked: Mapping[str, Any]) -> bytes:
        scope = {
            "project": "",
            "key": self._principal.actor,
            "user": self._passage.asked.user or f"key {self._principal.actor}",
        }[self.rule.scope]
        parts = (self.rule.scope, scope, self._passage.kind, self._choice.versions.config_hash, self._guards)
        return hashlib.blake2b(_encoder.encode([*parts, asked]), digest_size=32).digest()


def question(chat: Mapping[str, Any]) -> str | None:
    """The text of a chat's last message, where a person said it and it is all that they said."""
    messages = chat.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "user":
        return None
    content = last.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("text")
    return content if isinstance(content, str) and content.strip() else None


def _whole(answer: Mapping[str, Any]) -> bool:
    if answer.get("error") is not None:
        return False
    if answer.get("object") == "list":
        return bool(answer.get("data"))
    choices = answer.get("choices")
    return bool(choices) and all(choice.get("finish_reason") in ENDS for choice in choices or ())
