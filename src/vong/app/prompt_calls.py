"""Stored prompts for the gateway: versions from a cache, rendered with the variables of a request."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import prompts
from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.gateway.refreshing_cache import RefreshingCache
from vong.gateway.translators.prompt_request import PromptContent
from vong.prompts.versions import parse_ref
from vong.records.prompt import PromptTemplate, PromptVersion
from vong.records.route import TargetKey

MAX_AGE_SECONDS = 1.0
"""Maximum age of a label without change notifications."""
MAX_PROJECTS = 1_000
"""Projects whose prompts are cached at the same time."""
JSON_TYPES: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
"""Types of variables that a text may hold as JSON, because OpenAI's clients send texts only."""


class PromptCalls:
    """Prompts of one server process. A cached version is used without a database query until a prompt changes."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._caches: dict[UUID, RefreshingCache[str, PromptVersion]] = {}

    async def find(self, project_id: UUID, ref: str) -> PromptVersion:
        """Return the version that a ref names."""
        cache = self._caches.get(project_id)
        if cache is None:
            if len(self._caches) >= MAX_PROJECTS:
                self._caches.clear()
            cache = self._caches[project_id] = RefreshingCache(
                self._load, max_age=MAX_AGE_SECONDS, events_connected=self._receives_changes
            )
        return await cache.get(ref, project_id, ref)

    def render(self, version: PromptVersion, variables: Mapping[str, Any]) -> PromptContent:
        """Return a version with its variables inserted. Raises InvalidInput, which names the prompt."""
        try:
            rendered = prompts.render(version.template, _decode_texts(version.template, variables))
        except InvalidInput as error:
            raise type(error)(f"prompt {version.ref!r}: {error.message}", error.hint) from None
        fields = rendered.model_dump(mode="json", exclude_none=True)
        return PromptContent(
            version.name,
            fields["messages"],
            fields.get("tools") or [],
            fields.get("output_schema"),
            fields.get("settings") or {},
        )

    def invalidate(self, project_id: UUID | None = None) -> None:
        """Invalidate the prompts of a project, or of all projects."""
        if project_id is None:
            self._caches.clear()
        else:
            self._caches.pop(project_id, None)

    def _receives_changes(self) -> bool:
        gateway = self._platform.gateway
        return gateway is not None and gateway.events_connected

    def _load(self, project_id: UUID, ref: str) -> PromptVersion:
        with self._platform.scope(project_id) as connection:
            return prompts.find(connection, ref)


def check_target_prompt(connection: Connection, target: str) -> None:
    """Check the prompt of a target, if it has one.

    Raises:
        InvalidInput: the ref names neither a version nor a label.
        NotFound: the prompt does not exist.
    """
    ref = TargetKey.parse(target).prompt
    if ref is None:
        return
    name, version, label = parse_ref(ref)
    if version is None and label is None:
        hint = f"write {name}:prod to follow the label, or {name}@NUMBER for one version"
        raise InvalidInput(f"the target {target!r} names no version of the prompt {name!r}", hint)
    prompts.find(connection, ref)


def _decode_texts(template: PromptTemplate, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables, with a text decoded as JSON if the type of its variable is another."""
    values = dict(variables)
    for name, value in variables.items():
        declared = template.variables.get(name, {}).get("type")
        expected = JSON_TYPES.get(declared) if isinstance(declared, str) else None
        if expected is None or not isinstance(value, str):
            continue
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            continue  # the check of the type reports the error
        if isinstance(decoded, expected) and (declared == "boolean" or not isinstance(decoded, bool)):
            values[name] = decoded
    return values
