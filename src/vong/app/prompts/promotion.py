"""Promotion of prompt versions by canaries and releases."""

from typing import Any

from sqlalchemy import Connection

from vong import prompts
from vong.app.gates import GateCaller
from vong.app.prompts.labels import PromptLabelTarget, set_label
from vong.prompts.labels import find_label
from vong.prompts.versions import DEFAULT_LABEL
from vong.store.blobs import BlobStore


def promote_version(
    connection: Connection, blobs: BlobStore, caller: GateCaller, ref: str, evidence: dict[str, Any], reason: str
) -> None:
    """Move the label `prod` of a prompt to a version that a canary or a release has promoted.

    A prompt without that label stays without it. The gate of the label decides.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the version.
    """
    version = prompts.find(connection, ref)
    current = find_label(connection, version.name, DEFAULT_LABEL)
    if current is not None and current.version != version.ref:
        set_label(
            connection, blobs, caller, version.name, DEFAULT_LABEL, PromptLabelTarget(version.ref, evidence, reason)
        )
