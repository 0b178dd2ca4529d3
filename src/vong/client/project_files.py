"""Project files in the client: prompts, pipelines, routes, guards, limits and eval suites as texts by path."""

from collections.abc import Mapping
from typing import Any, Literal

from vong.client.transport import Transport

PATH = "/api/v1/project-files"


class ProjectFilesClient:
    """Files of the project: read, plan and apply.

    `files` are texts by path, such as `prompts/answer.md`. `base` are the hashes of the objects that the files were
    made from, by key (the path without the ending); the text `applied` stands for what was last applied, None for any
    state. `prune` deletes objects without a file. `reason` may override gates.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> dict[str, Any]:
        """Return `files` (each with `path`, `text` and `hash`) and the JSON `schemas` of their kinds."""
        return self._transport.get(PATH, dict[str, Any])

    def plan(
        self,
        files: Mapping[str, str],
        *,
        base: Mapping[str, str] | Literal["applied"] | None = "applied",
        prune: bool = False,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Return what the files would change: `changes`, `problems`, `unmanaged` and the `id` of the plan."""
        return self._transport.post(f"{PATH}/plan", dict[str, Any], body=_body(files, base, prune, reason))

    def apply(
        self,
        files: Mapping[str, str],
        *,
        base: Mapping[str, str] | Literal["applied"] | None = "applied",
        prune: bool = False,
        reason: str | None = None,
        plan: str | None = None,
    ) -> dict[str, Any]:
        """Apply the files in one transaction. `plan` is the id of the plan that must be applied.

        Raises: Conflict if the server has changed; InvalidInput if files have other problems.
        """
        body = _body(files, base, prune, reason) | {"plan": plan}
        return self._transport.post(f"{PATH}/apply", dict[str, Any], body=body)


def _body(
    files: Mapping[str, str], base: Mapping[str, str] | str | None, prune: bool, reason: str | None
) -> dict[str, Any]:
    given = base if base is None or isinstance(base, str) else dict(base)
    return {"files": dict(files), "base": given, "prune": prune, "reason": reason}
