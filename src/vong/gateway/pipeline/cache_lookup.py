"""Cache lookup of one model call: find a stored response before the call, store the new one after it.

A response depends on the scope that may share it, on the configuration that answers (target, address, model version,
route version) and on all fields of the request except those used only for accounting. The cache key is a hash of all of
them, so a new model version or a changed route never returns a response of the old one.
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
from vong.gateway.translators.chat_variants import is_finish_reason, list_calls, resolve_finish_reason
from vong.gateway.translators.content import ACCOUNTING_FIELDS
from vong.records import now
from vong.records.cache import CachePolicy

UNHASHED_FIELDS = ACCOUNTING_FIELDS | {"model", "stream"}
"""Request fields that do not change the response. The model is part of the hashed configuration."""
CACHEABLE_FINISH_REASONS = {"stop", "length", "tool_calls"}
"""Finish reasons of responses that may be cached."""
RESPONSE_FORMAT = 2
"""Version of the stored responses. It is a part of the key, so that a new server does not return old ones."""
NUMBER_PATTERN = re.compile(r"\S*\d\S*")
"""Words with digits. Questions about two orders, dates or amounts are similar in meaning but have different answers, so
a semantic hit requires the same numbers.
"""
Outcome = Literal["hit", "semantic", "miss", "bypass", "refresh"]
_encoder = msgspec.json.Encoder(order="sorted")


class CacheLookup:
    """Cache lookup of one call. `guards_version` is the version of the guards that the stored response has passed."""

    def __init__(
        self,
        cache: ResponseCache,
        policy: CachePolicy,
        principal: GatewayPrincipal,
        resolved: ResolvedTarget,
        exchange: UpstreamExchange,
        guards_version: str | None,
    ) -> None:
        self.outcome: Outcome = "miss"
        self.response: CachedResponse | None = None
        self.policy = policy
        self._cache = cache
        self._principal = principal
        self._resolved = resolved
        self._exchange = exchange
        self._guards_version = guards_version
        self._key = b""
        self._semantic_group: bytes | None = None
        self._question: str | None = None
        self._exact_only = False

    def apply_cache_header(self, value: str | None) -> None:
        """Apply the header x-vong-cache: `bypass`, `refresh`, or `exact` for hits of equal requests only.

        Raises InvalidInput for any other value.
        """
        if value is None:
            return
        if value not in ("bypass", "refresh", "exact"):
            hint = "send bypass, refresh or exact, or omit the header"
            raise InvalidInput(f"invalid header x-vong-cache: {value!r}", hint)
        if value == "exact":
            self._exact_only = True
        else:
            self.outcome = "bypass" if value == "bypass" else "refresh"

    @property
    def should_verify(self) -> bool:
        """Return True if this semantic hit is drawn for verification by a second call."""
        return self.outcome == "semantic" and random() < self.policy.verify_rate

    async def find(self) -> CachedResponse | None:
        """Return the cached response, or None.

        Raises InvalidInput if the request cannot be parsed.
        """
        if self.outcome == "bypass":
            return None
        self._compute_keys()
        if self.outcome == "refresh":
            return None
        project_id = self._principal.project_id
        response = await self._cache.find_exact(project_id, self._key)
        if response is not None:
            self.outcome = "hit"
        elif self._semantic_group is not None and self._question is not None:
            response = await self._cache.find_similar(
                project_id, self._semantic_group, self._question, self.policy.threshold
            )
            self.outcome = "semantic" if response else "miss"
        if response is not None:
            self._cache.record_hit(project_id, response.key)
        self.response = response
        return response

    def store(self, completion: Mapping[str, Any], span_id: UUID, tokens: int) -> None:
        """Store the response of the model if it is complete."""
        if self.outcome not in ("miss", "refresh") or not _is_cacheable(completion):
            return
        created_at = now()
        if "choices" in completion and not completion.get("created"):
            completion = {**completion, "created": int(created_at.timestamp())}
        response = CachedResponse(
            self._key,
            msgspec.json.encode(completion),
            span_id,
            created_at,
            created_at + timedelta(seconds=self.policy.ttl),
        )
        route = self._resolved.versions.route or ""
        self._cache.store(
            self._principal.project_id, CacheEntry(response, route, tokens, self._semantic_group), self._question
        )

    def headers(self) -> dict[str, str]:
        """Return the response headers: outcome, source span and age."""
        headers = {"x-vong-cache": self.outcome}
        if self.response:
            headers["x-vong-cache-source"] = str(self.response.span_id)
            headers["age"] = f"{max(0.0, (now() - self.response.created_at).total_seconds()):.0f}"
        return headers

    def span_attributes(self) -> dict[str, Any]:
        """Return the span attributes of the lookup."""
        attributes: dict[str, Any] = {"vong.cache": self.outcome}
        if self.response:
            attributes["vong.cache.source"] = str(self.response.span_id)
            if self.response.similarity is not None:
                attributes["vong.cache.similarity"] = round(self.response.similarity, 4)
        return attributes

    def _compute_keys(self) -> None:
        chat = self._exchange.chat_request()
        fields = {name: value for name, value in chat.items() if name not in UNHASHED_FIELDS and value is not None}
        self._key = self._hash_request(fields)
        if self.policy.mode == "semantic" and not self._exact_only:
            self._question = question_text(fields)
            if self._question is not None:
                other_messages = [*fields["messages"][:-1], {**fields["messages"][-1], "content": None}]
                self._semantic_group = self._hash_request(
                    {**fields, "messages": other_messages, "numbers": NUMBER_PATTERN.findall(self._question)}
                )

    def _hash_request(self, fields: Mapping[str, Any]) -> bytes:
        scope = {
            "project": "",
            "key": self._principal.actor,
            "user": self._exchange.request.user or f"key {self._principal.actor}",
        }[self.policy.scope]
        parts = (
            RESPONSE_FORMAT,
            self.policy.scope,
            scope,
            "text" if self._exchange.completes_text(self._resolved) else self._exchange.kind,
            self._resolved.versions.config_hash,
            self._guards_version,
        )
        return hashlib.blake2b(_encoder.encode([*parts, fields]), digest_size=32).digest()


def question_text(chat: Mapping[str, Any]) -> str | None:
    """Return the text of the last message if it is a user message with exactly one text, else None."""
    messages = chat.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "user":
        return None
    content = last.get("content")
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("text")
    return content if isinstance(content, str) and content.strip() else None


def _is_cacheable(completion: Mapping[str, Any]) -> bool:
    if completion.get("error") is not None:
        return False
    if completion.get("object") == "list":
        return bool(completion.get("data"))
    choices = completion.get("choices")
    return bool(choices) and all(_is_complete(choice) for choice in choices or ())


def _is_complete(choice: Mapping[str, Any]) -> bool:
    """Return True if the model ended a choice itself or reached a limit, in the words of any server."""
    reason, message = choice.get("finish_reason"), choice.get("message") or {}
    is_known = isinstance(reason, str) and is_finish_reason(reason)
    return is_known and resolve_finish_reason(reason, bool(list_calls(message))) in CACHEABLE_FINISH_REASONS
