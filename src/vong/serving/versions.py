"""Versions of a deployment that engines serve: the desired one, and the previous one until the desired one is ready."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from vong.errors import Unavailable
from vong.serving.settings import DeploymentSettings, read_settings

VERSION_FIELDS = ("model", "base", "engine", "engine_key", "settings", "parity", "job", "dataset")
"""Columns of a deployment that describe its version; `previous` holds those of the version that it replaces."""


class FilesPending(Unavailable):
    """Files that the engine loads and that a job still converts."""


@dataclass(frozen=True)
class ServedVersion:
    """Version of a deployment that an engine serves under `served_name`.

    The served name contains the hash of the model, so that two versions can be served at the same time.
    """

    project_id: UUID
    name: str
    model: str
    base: str
    engine: str
    engine_key: str
    settings: DeploymentSettings
    dataset: str | None
    is_previous: bool

    @property
    def served_name(self) -> str:
        """Return the name under which engines serve this version."""
        return f"{self.name}@{self.model.rpartition('@')[2]}"


def desired_version(row: RowMapping) -> ServedVersion:
    """Return the version that a deployment should serve."""
    return _to_version(row, dict(row), is_previous=False)


def previous_version(row: RowMapping) -> ServedVersion | None:
    """Return the version that answers until the desired one is ready. Returns None if there is none."""
    return _to_version(row, row["previous"], is_previous=True) if row["previous"] else None


def active_version(row: RowMapping) -> ServedVersion | None:
    """Return the version that answers calls now. Returns None if there is none."""
    if row["desired_state"] != "running":
        return None
    if row["state"] in {"ready", "sleeping"}:
        return desired_version(row)
    return previous_version(row)


def served_versions(row: RowMapping) -> list[ServedVersion]:
    """Return the versions of a deployment that engines load. A failed version is not loaded."""
    if row["desired_state"] != "running":
        return []
    desired = [] if row["state"] == "failed" else [desired_version(row)]
    previous = previous_version(row)
    return [*desired, previous] if previous else desired


def version_values(row: RowMapping) -> dict[str, Any]:
    """Return the values of the desired version, to store them as the previous one."""
    values = {name: row[name] for name in VERSION_FIELDS}
    return {**values, "job": str(row["job"]) if row["job"] else None}


def _to_version(row: RowMapping, values: dict[str, Any], *, is_previous: bool) -> ServedVersion:
    return ServedVersion(
        project_id=row["project_id"],
        name=row["name"],
        model=values["model"],
        base=values["base"],
        engine=values["engine"],
        engine_key=values["engine_key"],
        settings=read_settings(values["settings"]),
        dataset=values["dataset"],
        is_previous=is_previous,
    )
