"""Differences between two versions of a prompt: by field, and as text."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

from vong.prompts.documents import to_yaml
from vong.prompts.merge import MISSING
from vong.records.prompt import FieldChange, PromptDiff, PromptVersion
from vong.records.record import canonical_json

WHOLE_FIELDS = 2
"""Depth up to which fields are compared one by one: `settings.temperature`, but a schema of a variable as a whole."""


def diff(old: PromptVersion, new: PromptVersion) -> PromptDiff:
    """Return the differences between two versions."""
    before, after = old.template.to_document(), new.template.to_document()
    lines = difflib.unified_diff(
        to_yaml(old.template).splitlines(),
        to_yaml(new.template).splitlines(),
        _title(old),
        _title(new),
        lineterm="",
        n=3,
    )
    return PromptDiff(
        old=old.ref, new=new.ref, changes=list(_compare("", before, after, WHOLE_FIELDS)), text="\n".join(lines)
    )


def _title(version: PromptVersion) -> str:
    return f"{version.ref} (version {version.number})"


def _compare(field: str, old: Any, new: Any, depth: int) -> Iterator[FieldChange]:
    if old is not MISSING and new is not MISSING and _encode(field, old) == _encode(field, new):
        return
    if field == "messages" and isinstance(old, list) and isinstance(new, list):
        yield from _compare_messages(old, new)
    elif isinstance(old, dict) and isinstance(new, dict) and depth > 0:
        for key in dict.fromkeys([*old, *new]):
            path = f"{field}.{key}" if field else key
            yield from _compare(path, old.get(key, MISSING), new.get(key, MISSING), depth - 1)
    else:
        kind = "added" if old is MISSING else "removed" if new is MISSING else "changed"
        yield FieldChange(
            field=field, kind=kind, old=None if old is MISSING else old, new=None if new is MISSING else new
        )


def _encode(field: str, value: Any) -> str:
    """Return a value as JSON. The order of keys counts in tools and in the schema of the answer, as in the hash."""
    return json.dumps(value, ensure_ascii=False, sort_keys=field.split(".")[0] not in ("tools", "output_schema"))


def _compare_messages(old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    """Yield the changed messages. Their numbers are those of the new version, or of the old one for removed ones."""
    matcher = difflib.SequenceMatcher(None, [canonical_json(one) for one in old], [canonical_json(one) for one in new])
    for kind, from_, to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            continue
        shared = min(to - from_, new_to - new_from)
        for step in range(shared):
            yield from _compare(f"messages[{new_from + step}]", old[from_ + step], new[new_from + step], 1)
        for at in range(from_ + shared, to):
            yield FieldChange(field=f"messages[{at}]", kind="removed", old=old[at])
        for at in range(new_from + shared, new_to):
            yield FieldChange(field=f"messages[{at}]", kind="added", new=new[at])
