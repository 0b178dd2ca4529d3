"""Candidates of gates that are versions of pipelines or prompts: labels move between them."""

from sqlalchemy import Connection

from vong.app.gate_candidate import GateCandidate
from vong.pipelines import labels, versions
from vong.prompts import labels as prompt_labels
from vong.prompts import versions as prompt_versions

PIPELINE_PREFIX = "pipeline/"
PROMPT_PREFIX = "prompt/"


def resolve_pipeline(connection: Connection, subject: str, text: str) -> GateCandidate:
    """Return the candidate of a label `NAME:LABEL`: a version of the pipeline, by any ref of it.

    The target `pipeline/NAME@HASH` is what suites evaluate.

    Raises: NotFound if there is no such pipeline or version.
    """
    name, _, label = subject.partition(":")
    version = versions.find_version(connection, name, text.removeprefix(PIPELINE_PREFIX))
    found = labels.find_label(connection, name, label)
    current = found.version if found else None
    return GateCandidate(
        key=version.ref,
        model=None,
        target=f"{PIPELINE_PREFIX}{version.ref}",
        current=current,
        current_target=f"{PIPELINE_PREFIX}{current}" if current else None,
    )


def resolve_prompt(connection: Connection, subject: str, text: str) -> GateCandidate:
    """Return the candidate of a label `NAME:LABEL`: a version of the prompt, by any ref of it.

    The target `prompt/NAME@HASH` is what suites evaluate.

    Raises: NotFound if there is no such prompt or version.
    """
    name, _, label = subject.partition(":")
    ref = prompt_versions.qualify(name, text.removeprefix(PROMPT_PREFIX))
    version = prompt_versions.find(connection, ref)
    found = prompt_labels.find_label(connection, name, label)
    current = found.version if found else None
    return GateCandidate(
        key=version.ref,
        model=None,
        target=f"{PROMPT_PREFIX}{version.ref}",
        current=current,
        current_target=f"{PROMPT_PREFIX}{current}" if current else None,
    )
