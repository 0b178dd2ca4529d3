"""Prompts as project files: the head of the branch `main`, and the versions of labels that differ from it."""

from typing import Any, ClassVar

from vong import prompts
from vong.app.project_files.kinds import FilesContext, Values, validate_values
from vong.app.project_files.labelled import check_labels, labels_schema, split_key, versions_by_key
from vong.app.project_files.prompt_text import write_markdown
from vong.app.prompts import labels as gated_labels
from vong.errors import InvalidInput, NotFound
from vong.prompts import versions
from vong.records.prompt import PromptTemplate, PromptVersion
from vong.yaml_text import dump_yaml

SCHEMA_COMMENT = "# yaml-language-server: $schema=../schemas/prompts.json\n"
PAGE = 500


class PromptKind:
    """Files `prompts/NAME.md` or `.yaml`, and `prompts/NAME@LABEL.…` for a label with another content."""

    folder: ClassVar[str] = "prompts"
    is_single: ClassVar[bool] = False
    owner_only: ClassVar[bool] = False

    def read(self, context: FilesContext) -> dict[str, Values]:
        """Return the prompts of the project by key."""
        found: dict[str, Values] = {}
        names: list[str] = []
        while page := prompts.list_prompts(context.connection, after=names[-1] if names else None, limit=PAGE):
            names += [one.name for one in page]
        for name in names:
            head = versions.find_latest(context.connection, name)
            contents = {head.hash: head.template.to_document()}
            labelled: dict[str, str] = {}
            for label in prompts.list_labels(context.connection, name):
                version = prompts.find(context.connection, f"{name}:{label.label}")
                labelled[label.label] = version.hash
                contents.setdefault(version.hash, version.template.to_document())
            found |= versions_by_key(f"{self.folder}/{name}", head.hash, labelled, contents)
        return found

    def normalize(self, key: str, values: Any) -> Values:
        """Return the content of a file. Raises InvalidInput if it is invalid."""
        if not isinstance(values, dict):
            raise InvalidInput("the file contains no prompt", "write `messages:` with at least one message")
        given = dict(values)
        names = check_labels(key, given.pop("labels", None))
        content = validate_values(PromptTemplate, given).to_document()
        return {"labels": names, **content} if names else content

    def apply(self, context: FilesContext, key: str, values: Values) -> None:
        """Store the content as the head of `main` if it is new, and set its labels if their gates pass."""
        name, label = split_key(key)
        connection = context.connection
        template = PromptTemplate.model_validate({k: value for k, value in values.items() if k != "labels"})
        version = None if label is None else _find_stored(context, name, template.hash)
        if version is None:
            version = prompts.create_version(connection, name, template, created_by=context.principal.actor)
        wanted = set(values.get("labels", ()))
        if label is None:
            for current in prompts.list_labels(connection, name):
                if current.version == version.ref and current.label not in wanted:
                    gated_labels.remove_label(connection, context.caller, name, current.label, context.reason)
        for one in sorted(wanted):
            _set_label(context, name, one, version)

    def delete(self, context: FilesContext, key: str) -> None:
        """Delete the prompt, or the labels of a file `NAME@LABEL`."""
        name, label = split_key(key)
        connection, caller = context.connection, context.caller
        if label is None:
            is_owner = context.principal.role == "owner"
            gated_labels.delete_prompt(connection, name, is_owner=is_owner, force=bool(context.reason))
            return
        version = prompts.find(connection, f"{name}:{label}").ref
        for current in prompts.list_labels(connection, name):
            if current.version == version:
                gated_labels.remove_label(connection, caller, name, current.label, context.reason)

    def write(self, values: Values) -> tuple[str, str]:
        """Return the ending and the text of a file: Markdown if a message has several lines, else YAML."""
        texts = [one.get("content") for one in values["messages"]]
        markdown = write_markdown(values) if any(isinstance(one, str) and "\n" in one for one in texts) else None
        return (".md", markdown) if markdown else (".yaml", SCHEMA_COMMENT + dump_yaml(values))

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a file."""
        found = PromptTemplate.model_json_schema()
        return {**found, "properties": {"labels": labels_schema(), **found["properties"]}}


def _find_stored(context: FilesContext, name: str, digest: str) -> PromptVersion | None:
    try:
        return prompts.find(context.connection, f"{name}@{digest}")
    except NotFound:
        return None


def _set_label(context: FilesContext, name: str, label: str, version: PromptVersion) -> None:
    current = {one.label: one.version for one in prompts.list_labels(context.connection, name)}.get(label)
    if current != version.ref:
        target = gated_labels.PromptLabelTarget(version.ref, {}, context.reason)
        blobs = context.platform.blobs
        gated_labels.set_label(context.connection, blobs, context.caller, name, label, target)
