"""Files of objects with versions and labels: prompts and pipelines.

`NAME` contains the newest version and the labels that point to its content. A label that points to another content has
its own file `NAME@LABEL`, so that every labelled version is in the folder.
"""

from collections.abc import Mapping
from typing import Any

from vong.app.project_files.kinds import Values, name_of
from vong.errors import InvalidInput
from vong.records.name import check_versioned_name


def split_key(key: str) -> tuple[str, str | None]:
    """Return the name of an object and the label of its file: `prompts/answer@prod` is `answer` and `prod`."""
    name, _, label = name_of(key).partition("@")
    return name, label or None


def versions_by_key(
    key: str, newest: str, labelled: Mapping[str, str], contents: Mapping[str, Values]
) -> dict[str, Values]:
    """Return the files of one object. `labelled` and `contents` have the hashes of labels and their contents.

    A version with several labels has one file, which is named after the first of them.
    """
    groups: dict[str, list[str]] = {newest: []}
    for label in sorted(labelled):
        groups.setdefault(labelled[label], []).append(label)
    return {
        (key if digest == newest else f"{key}@{names[0]}"): {"labels": names, **contents[digest]}
        if names
        else contents[digest]
        for digest, names in groups.items()
    }


def check_labels(key: str, value: Any) -> list[str]:
    """Return the labels of a file, sorted.

    Raises: InvalidInput if they are invalid, or if a file `NAME@LABEL` does not have that label.
    """
    _, own = split_key(key)
    names = [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise InvalidInput(f"labels: {value!r} is no list of names", "write labels: [staging, prod]")
    for one in names:
        check_versioned_name(one, "label")
        if one == "latest":
            raise InvalidInput("labels: 'latest' always names the newest version", "remove it")
    if len(set(names)) < len(names):
        raise InvalidInput("labels: a label occurs twice", "name each label once")
    if own is not None and own not in names:
        raise InvalidInput(f"labels: the file is named after the label {own!r} and has not that label", "add it")
    return sorted(names)


def labels_schema() -> dict[str, Any]:
    """Return the JSON schema of the labels of a file."""
    return {"type": "array", "items": {"type": "string"}, "description": "Labels that point to this version."}
