"""Pipelines as project files: the newest version, and the versions of labels that differ from it."""

from typing import Any, ClassVar

from vong.app.pipelines import drafts
from vong.app.pipelines import labels as gated_labels
from vong.app.pipelines.labels import LabelTarget
from vong.app.pipelines.runnables import check_call_rights
from vong.app.project_files.kinds import FilesContext, Values
from vong.app.project_files.labelled import check_labels, labels_schema, split_key, versions_by_key
from vong.errors import InvalidInput
from vong.pipelines import labels, schema, versions
from vong.pipelines.definition import hash_definition, parse_definition, to_values
from vong.yaml_text import dump_yaml

SCHEMA_COMMENT = "# yaml-language-server: $schema=../schemas/pipelines.json\n"


class PipelineKind:
    """Files `pipelines/NAME.yaml`, and `pipelines/NAME@LABEL.yaml` for a label with another content."""

    folder: ClassVar[str] = "pipelines"
    is_single: ClassVar[bool] = False
    owner_only: ClassVar[bool] = False

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the pipelines of the project by key."""
        found: dict[str, Values] = {}
        for summary in versions.list_pipelines(context.connection, limit=None):
            newest = versions.find_newest(context.connection, summary.name)
            assert newest is not None
            contents = {newest.hash: to_values(newest.definition)}
            labelled: dict[str, str] = {}
            for label in summary.labels:
                version = versions.find(context.connection, f"{summary.name}:{label}")
                labelled[label] = version.hash
                contents.setdefault(version.hash, to_values(version.definition))
            found |= versions_by_key(f"{self.folder}/{summary.name}", newest.hash, labelled, contents)
        return found

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file. Raises InvalidInput if it is invalid."""
        if not isinstance(values, dict):
            raise InvalidInput("the file contains no pipeline", "write `steps:` with at least one step")
        given = dict(values)
        names = check_labels(key, given.pop("labels", None))
        content = to_values(parse_definition(given))
        return {"labels": names, **content} if names else content

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Store the next version of the pipeline if its content is new, and set its labels if their gates pass."""
        name, label = split_key(key)
        content = {field: value for field, value in values.items() if field != "labels"}
        digest = hash_definition(parse_definition(content))
        stored = None
        if label is not None:
            stored = next((one for one in _all_versions(context, name) if one.hash == digest), None)
        check_call_rights(context.principal.role, parse_definition(content))
        version = stored or drafts.create_version(context.connection, name, content, created_by=context.principal.actor)
        wanted = set(values.get("labels", ()))
        if label is None:
            for current in labels.list_labels(context.connection, name):
                if current.version == version.ref and current.label not in wanted:
                    gated_labels.remove_label(
                        context.connection, context.caller, name, current.label, reason=context.reason
                    )
        for one in sorted(wanted):
            target = LabelTarget(version.ref, {}, context.reason)
            gated_labels.set_label(context.connection, context.platform.blobs, context.caller, name, one, target)

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete the pipeline, or the labels of a file `NAME@LABEL`."""
        name, label = split_key(key)
        if label is None:
            versions.delete_pipeline(context.connection, name)
            return
        version = versions.find(context.connection, f"{name}:{label}").ref
        for current in labels.list_labels(context.connection, name):
            if current.version == version:
                gated_labels.remove_label(
                    context.connection, context.caller, name, current.label, reason=context.reason
                )

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file."""
        return ".yaml", SCHEMA_COMMENT + dump_yaml(values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file."""
        found = dict(schema.pipeline_schema())
        return {**found, "properties": {"labels": labels_schema(), **found["properties"]}}


def _all_versions(context: FilesContext, name: str) -> list[versions.PipelineVersion]:
    if versions.find_newest(context.connection, name) is None:
        return []
    return versions.list_versions(context.connection, name, limit=None)
