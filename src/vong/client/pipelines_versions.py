"""Versions and labels of pipelines in the client."""

from typing import Any

from vong.client.transport import Transport, segment

PATH = "/api/v1/pipelines"
list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class PipelineVersionsClient:
    """Versions of pipelines: create, compare, label and delete. `version` is a number, a hash or a label."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, after: str = "", limit: int = 50) -> list_of_objects:
        """Return the pipelines by name, each with its newest version and labels."""
        return self._transport.get(PATH, list_of_objects, after=after, limit=limit)

    def get(self, name: str, version: str | int | None = None) -> dict[str, Any]:
        """Return the newest version of a pipeline, or the given one."""
        return self._transport.get(_path(name), dict[str, Any], version=version)

    def create(self, name: str, definition: dict[str, Any] | str, *, message: str = "") -> dict[str, Any]:
        """Create a pipeline from a definition: an object, or a text in YAML or JSON."""
        body = {"name": name, "definition": definition, "message": message}
        return self._transport.post(PATH, dict[str, Any], body=body)

    def create_version(
        self,
        name: str,
        definition: dict[str, Any] | str,
        *,
        message: str = "",
        base: str | int | None = None,
    ) -> dict[str, Any]:
        """Store the next version of a pipeline. `base` is the version that was edited.

        Raises: Conflict if `base` is not the newest version.
        """
        body = {"definition": definition, "message": message, "base": None if base is None else str(base)}
        return self._transport.post(f"{_path(name)}/versions", dict[str, Any], body=body)

    def versions(self, name: str, *, after: int | None = None, limit: int = 50) -> list_of_objects:
        """Return the versions of a pipeline, newest first. `after` is the last number of the previous page."""
        return self._transport.get(f"{_path(name)}/versions", list_of_objects, after=after, limit=limit)

    def validate(self, definition: dict[str, Any] | str) -> dict[str, Any]:
        """Check a definition without storing it. The result has `valid` and `findings`."""
        return self._transport.post(f"{PATH}/validate", dict[str, Any], body={"definition": definition})

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of pipelines."""
        return self._transport.get(f"{PATH}/schema", dict[str, Any])

    def export(self, name: str, version: str | int | None = None) -> str:
        """Return a version of a pipeline as YAML."""
        query = "" if version is None else f"?version={segment(version)}"
        return self._transport.get_text(f"{_path(name)}/yaml{query}")

    def diff(self, name: str, old: str | int, new: str | int) -> dict[str, Any]:
        """Compare two versions of a pipeline: `text`, `fields`, `steps` and `edges`."""
        return self._transport.get(f"{_path(name)}/diff", dict[str, Any], old=old, new=new)

    def labels(self, name: str, *, history: bool = False) -> list_of_objects:
        """Return the labels of a pipeline, or with `history` every change of them, newest first."""
        return self._transport.get(f"{_path(name)}/labels", list_of_objects, history=history)

    def set_label(
        self,
        name: str,
        label: str,
        version: str | int,
        *,
        evidence: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Point a label to a version, if its gate passes."""
        body = {"version": str(version), "evidence": evidence or {}, "reason": reason}
        return self._transport.request("PUT", f"{_path(name)}/labels/{segment(label)}", dict[str, Any], body=body)

    def remove_label(self, name: str, label: str, *, reason: str | None = None) -> dict[str, Any]:
        """Remove a label."""
        path = f"{_path(name)}/labels/{segment(label)}"
        return self._transport.request("DELETE", path, dict[str, Any], params={"reason": reason})

    def rollback(
        self, name: str, label: str, *, version: str | int | None = None, reason: str | None = None
    ) -> dict[str, Any]:
        """Point a label back to the version before the current one, or to `version`."""
        body = {"version": None if version is None else str(version), "reason": reason}
        return self._transport.post(f"{_path(name)}/labels/{segment(label)}/rollback", dict[str, Any], body=body)

    def delete(self, name: str) -> None:
        """Delete a pipeline with all versions and labels."""
        self._transport.request("DELETE", _path(name))


def _path(name: str) -> str:
    return f"{PATH}/{segment(name)}"
