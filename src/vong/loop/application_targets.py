"""Candidates that are versions of prompts and pipelines: `MODEL+prompt/REF` and `pipeline/REF`."""

from sqlalchemy import Connection

from vong import prompts
from vong.pipelines import versions
from vong.records.route import TargetKey

PIPELINE_PREFIX = "pipeline/"


def pin_target(connection: Connection, target: str) -> str:
    """Return a target with the versions that the labels of its prompt and its pipeline name now.

    A label may move while a candidate is compared, but its evidence is about one version.

    Raises: NotFound if the prompt or the pipeline does not exist.
    """
    key = TargetKey.parse(target)
    if key.prompt is not None and "@" not in key.prompt:
        key = key._replace(prompt=prompts.find(connection, key.prompt).ref)
    if key.model.startswith(PIPELINE_PREFIX):
        version = versions.find(connection, key.model.removeprefix(PIPELINE_PREFIX))
        key = key._replace(model=f"{PIPELINE_PREFIX}{version.ref}")
    return str(key)
