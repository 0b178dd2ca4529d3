"""Prompts namespace of the client."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from vong.client.gateway import ChatAnswer, GatewayClient
from vong.client.prompt_cache import CachedPrompt, Fallback, PromptCache, open_cache
from vong.client.prompts_optimiser import OptimiserClient
from vong.client.prompts_red_team import RedTeamClient
from vong.client.transport import Transport, segment
from vong.errors import InvalidInput
from vong.records.prompt import (
    PromptBranch,
    PromptComment,
    PromptDiff,
    PromptLabel,
    PromptMerge,
    PromptSummary,
    PromptTemplate,
    PromptVersion,
    RenderedPrompt,
)

PROMPTS = "/api/v1/prompts"
PAGE = 500


class PromptsClient:
    """Versioned prompts, their labels and branches. A ref is NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL.

    Only `load` and `load_async` use the cache. All other methods ask the server at each call.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._cache: PromptCache | None = None

    @property
    def red_team(self) -> RedTeamClient:
        """Return the namespace for red team tests."""
        return RedTeamClient(self._transport)

    @property
    def optimiser(self) -> OptimiserClient:
        """Return the namespace for optimisations."""
        return OptimiserClient(self._transport)

    def prompts(self) -> list[PromptSummary]:
        """Return all prompts by name."""
        found: list[PromptSummary] = []
        while True:
            after = found[-1].name if found else None
            page = self._transport.get(PROMPTS, list[PromptSummary], after=after, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found

    def summary(self, name: str) -> PromptSummary:
        """Return the newest version and the labels of a prompt."""
        return self._transport.get(_path(name), PromptSummary)

    def create(
        self,
        name: str,
        template: PromptTemplate | Mapping[str, Any],
        *,
        branch: str = "main",
        message: str = "",
        base: str | None = None,
    ) -> PromptVersion:
        """Add a version of a prompt, and create the prompt with its first one. Equal content keeps its version.

        `base` is the ref of the expected head of the branch: if another is there, Conflict is raised.
        """
        content = template.to_document() if isinstance(template, PromptTemplate) else dict(template)
        body = {"template": content, "branch": branch, "message": message, "base": base}
        return self._transport.post(f"{_path(name)}/versions", PromptVersion, body=body)

    def import_prompt(
        self, name: str, document: Mapping[str, Any], *, format: str = "auto", branch: str = "main", message: str = ""
    ) -> PromptVersion:
        """Add a version from a prompt of Langfuse, LangChain or LangSmith, or the body of a request to OpenAI."""
        body = {"document": dict(document), "format": format, "branch": branch, "message": message}
        return self._transport.post(f"{_path(name)}/import", PromptVersion, body=body)

    @property
    def cache(self) -> PromptCache:
        """Return the cache of `load`, in memory and in the cache folder of the user."""
        if self._cache is None:
            self._cache = open_cache(self._transport, _get_version)
        return self._cache

    def load(self, ref: str, *, ttl_seconds: float | None = None, fallback: Fallback | None = None) -> CachedPrompt:
        """Return a version from the cache, which survives an outage of the server: see `vong.client.prompt_cache`."""
        return self.cache.get(ref, ttl_seconds=ttl_seconds, fallback=fallback)

    async def load_async(
        self, ref: str, *, ttl_seconds: float | None = None, fallback: Fallback | None = None
    ) -> CachedPrompt:
        """Return a version from the cache without blocking the event loop."""
        return await self.cache.get_async(ref, ttl_seconds=ttl_seconds, fallback=fallback)

    def statistics(self, name: str, *, since: datetime | None = None, until: datetime | None = None) -> dict[str, Any]:
        """Return calls, users, tokens, cost, latency, errors and scores of each version, in total and by day."""
        params = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        return self._transport.get(f"{_path(name)}/statistics", dict[str, Any], **params)

    def get(self, ref: str) -> PromptVersion:
        """Return the version that a ref names now, from the server. Applications use `load`, which has a cache."""
        return _get_version(self._transport, ref)

    def versions(
        self, name: str, *, branch: str | None = None, after: int | None = None, limit: int = 50
    ) -> list[PromptVersion]:
        """Return the versions of a prompt, newest first. `after` is the last number of the previous page."""
        filters = {"branch": branch, "after": after, "limit": limit}
        return self._transport.get(f"{_path(name)}/versions", list[PromptVersion], **filters)

    def diff(self, name: str, old: str, new: str) -> PromptDiff:
        """Return the differences between two versions, by field and as text."""
        return self._transport.get(f"{_path(name)}/diff", PromptDiff, old=old, new=new)

    def render(self, ref: str, variables: Mapping[str, Any] | None = None) -> RenderedPrompt:
        """Return a version with all variables filled in, by the server. `load(ref).render(...)` needs no request."""
        body = {"version": ref, "variables": dict(variables or {})}
        return self._transport.post(f"{_path(name_of(ref))}/render", RenderedPrompt, body=body)

    def call(
        self, ref: str, variables: Mapping[str, Any] | None = None, *, model: str | None = None, **params: Any
    ) -> ChatAnswer:
        """Call the model with a version that the gateway renders, in one request, and return its answer.

        `model` replaces that of the prompt. `params` are OpenAI's parameters, which replace settings of the prompt.
        """
        prompt = {"id": _version_of(ref), "variables": dict(variables or {})}
        return GatewayClient(self._transport).chat(model or "", [], prompt=prompt, **params)

    def delete(self, name: str, *, force: bool = False) -> PromptSummary:
        """Delete a prompt with its versions. `force` (owners) also deletes one whose labels have a gate."""
        return self._transport.request("DELETE", _path(name), PromptSummary, params={"force": force})

    def labels(self, name: str) -> list[PromptLabel]:
        """Return the labels of a prompt."""
        return self._transport.get(f"{_path(name)}/labels", list[PromptLabel])

    def label_history(self, name: str, label: str | None = None, *, limit: int = 50) -> list[PromptLabel]:
        """Return the changes of all labels or of one, newest first."""
        path = f"{_path(name)}/labels"
        if label is None:
            return self._transport.get(path, list[PromptLabel], history=True, limit=limit)
        return self._transport.get(f"{path}/{segment(label)}/history", list[PromptLabel], limit=limit)

    def set_label(
        self,
        name: str,
        label: str,
        version: str,
        *,
        evidence: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> PromptLabel:
        """Let a label name a version if its gate passes. `evidence` or `reason` supports the change."""
        body = {"version": version, "evidence": dict(evidence or {}), "reason": reason}
        return self._transport.request("PUT", f"{_path(name)}/labels/{segment(label)}", PromptLabel, body=body)

    def remove_label(self, name: str, label: str, *, reason: str | None = None) -> PromptLabel:
        """Remove a label. A label with a gate needs a reason."""
        path = f"{_path(name)}/labels/{segment(label)}"
        return self._transport.request("DELETE", path, PromptLabel, params={"reason": reason})

    def rollback(self, name: str, label: str, *, reason: str | None = None) -> PromptLabel:
        """Let a label name the version before its current one."""
        path = f"{_path(name)}/labels/{segment(label)}/rollback"
        return self._transport.post(path, PromptLabel, body={"reason": reason})

    def approve(self, ref: str, label: str = "prod", *, comment: str | None = None) -> dict[str, Any]:
        """Approve a version for a label."""
        body = {"version": ref, "label": label, "comment": comment}
        return self._transport.post(f"{_path(name_of(ref))}/approvals", dict[str, Any], body=body)

    def approvals(self, ref: str, label: str = "prod") -> list[dict[str, Any]]:
        """Return the approvals of a version for a label, oldest first."""
        path = f"{_path(name_of(ref))}/approvals"
        return self._transport.get(path, list[dict[str, Any]], version=ref, label=label)

    def branches(self, name: str) -> list[PromptBranch]:
        """Return the branches of a prompt."""
        return self._transport.get(f"{_path(name)}/branches", list[PromptBranch])

    def create_branch(self, name: str, branch: str, version: str = "latest") -> PromptBranch:
        """Create a branch that begins at a version."""
        body = {"branch": branch, "version": version}
        return self._transport.post(f"{_path(name)}/branches", PromptBranch, body=body)

    def delete_branch(self, name: str, branch: str) -> PromptBranch:
        """Delete a branch. Its versions stay."""
        return self._transport.request("DELETE", f"{_path(name)}/branches/{segment(branch)}", PromptBranch)

    def merge(
        self,
        name: str,
        source: str,
        target: str = "main",
        *,
        message: str = "",
        resolutions: Mapping[str, Any] | None = None,
        preview: bool = False,
    ) -> PromptMerge:
        """Merge a branch into another. With conflicts `version` is None and nothing is stored.

        `resolutions` decide conflicts by field: `ours` (the target), `theirs`, `both` for messages and tools, or
        `{"value": ...}`.
        """
        chosen = dict(resolutions or {})
        body = {"source": source, "target": target, "message": message, "resolutions": chosen, "preview": preview}
        return self._transport.post(f"{_path(name)}/merge", PromptMerge, body=body)

    def comment(self, ref: str, text: str, *, message: int | None = None) -> PromptComment:
        """Comment on a version, or on one of its messages (counted from 0)."""
        body = {"version": ref, "text": text, "message": message}
        return self._transport.post(f"{_path(name_of(ref))}/comments", PromptComment, body=body)

    def comments(self, name: str, version: str | None = None, *, limit: int = 50) -> list[PromptComment]:
        """Return the comments on a prompt or on one version, newest first."""
        return self._transport.get(f"{_path(name)}/comments", list[PromptComment], version=version, limit=limit)

    def delete_comment(self, name: str, id: UUID | str) -> PromptComment:
        """Delete a comment."""
        return self._transport.request("DELETE", f"{_path(name)}/comments/{segment(id)}", PromptComment)


def name_of(ref: str) -> str:
    """Return the name in a ref."""
    return ref.split("@")[0].split(":")[0]


def _get_version(transport: Transport, ref: str) -> PromptVersion:
    return transport.get(f"{_path(name_of(ref))}/versions/{segment(_version_of(ref))}", PromptVersion)


def _version_of(ref: str) -> str:
    if "/" in ref:
        raise InvalidInput(f"invalid prompt ref {ref[:200]!r}", "write NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL")
    return ref


def _path(name: str) -> str:
    return f"{PROMPTS}/{segment(name)}"
