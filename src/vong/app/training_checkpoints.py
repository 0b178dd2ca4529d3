"""Registration of the weights at the end of each epoch as versions of their own."""

from typing import Any

from sqlalchemy import Connection

from vong import registry
from vong.app.platform import Platform
from vong.registry.versions import VersionInfo
from vong.training.runs.epoch_checkpoints import EpochCheckpoints


def register_checkpoints(
    connection: Connection, platform: Platform, name: str, kept: EpochCheckpoints, fields: VersionInfo
) -> list[dict[str, Any]]:
    """Register the kept weights of a run, oldest first, and return step and ref of each. `fields` are shared by all."""
    registered: list[dict[str, Any]] = []
    kept.keep_newest()
    for weights in kept.weights():
        info = fields.copy()
        info["metadata"] = {**fields.get("metadata", {}), "checkpoint_step": weights.step}
        version = registry.register(connection, platform.blobs, name, weights.folder, **info)
        registered.append({"step": weights.step, "model": version.ref})
    return registered
