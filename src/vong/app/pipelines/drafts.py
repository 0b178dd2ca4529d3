"""Definitions of pipelines that are checked before they are stored as versions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong.app.pipelines.lookup import PlatformLookup
from vong.app.platform import Platform
from vong.errors import Conflict, InvalidInput
from vong.pipelines import versions
from vong.pipelines.definition import parse_definition
from vong.pipelines.validation import Finding, validate
from vong.pipelines.versions import PipelineVersion

MAX_LISTED_FINDINGS = 5


def check_draft(
    platform: Platform, connection: Connection, project_id: UUID, source: Mapping[str, Any] | str
) -> list[Finding]:
    """Return the findings of a definition, an object or a text in YAML. A text that cannot be read is one finding."""
    try:
        definition = parse_definition(source)
    except InvalidInput as error:
        return [Finding(message=error.message, hint=error.hint)]
    return validate(definition, PlatformLookup(platform, connection, project_id))


def create_pipeline(
    connection: Connection,
    name: str,
    source: Mapping[str, Any] | str,
    *,
    message: str = "",
    created_by: str,
) -> PipelineVersion:
    """Store the first version of a pipeline.

    Raises: Conflict if there is a pipeline of this name.
    """
    if versions.find_newest(connection, name) is not None:
        raise Conflict(f"pipeline {name!r} exists", "create its next version, or choose another name")
    return create_version(connection, name, source, message=message, created_by=created_by)


def create_version(
    connection: Connection,
    name: str,
    source: Mapping[str, Any] | str,
    *,
    message: str = "",
    created_by: str,
    base: str | None = None,
) -> PipelineVersion:
    """Store the next version of a pipeline if the definition is valid.

    Missing objects, such as a prompt or a knowledge base, do not matter: they may be created later.

    Raises: InvalidInput with the errors of the definition.
    """
    definition = parse_definition(source)
    errors = errors_of(validate(definition))
    if errors:
        raise _invalid(errors)
    return versions.create_version(connection, name, definition, message=message, created_by=created_by, base=base)


def errors_of(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that forbid a run."""
    return [finding for finding in findings if finding.level == "error"]


def _invalid(errors: Sequence[Finding]) -> InvalidInput:
    texts = [str(error) for error in errors[:MAX_LISTED_FINDINGS]]
    more = f"; and {len(errors) - len(texts)} more" if len(errors) > len(texts) else ""
    return InvalidInput(
        f"{'; '.join(texts)}{more}", errors[0].hint or "check it with: vong pipelines validate --file FILE"
    )
