"""Merge of two templates with a common version, by field: messages, variables, tools, schemas and settings.

A field that only one side changed takes that side. Texts that both sides changed are merged by line. Everything else
that both changed in different ways is a conflict, with the values of both sides.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from vong.errors import InvalidInput
from vong.records.prompt import MergeConflict
from vong.records.record import canonical_json

MIN_SIMILARITY = 0.5
"""Similarity of the texts of two messages from which one counts as a changed form of the other."""
MAX_COMPARED_CHARS = 20_000
"""Length of texts up to which their similarity is computed."""
ITEM_FIELDS = ("messages", "tools")
"""Lists that are merged item by item."""


class _Missing:
    """Value of a field that a template does not have."""


MISSING = _Missing()


class MergeOutcome(NamedTuple):
    """Merged template and its conflicts."""

    document: dict[str, Any]
    conflicts: list[MergeConflict]


def merge_templates(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], resolutions: Mapping[str, Any]
) -> MergeOutcome:
    """Return the merge of two templates. A conflict keeps the value of `ours` unless it is resolved.

    A resolution is `ours`, `theirs`, `both` (for messages and tools) or `{"value": VALUE}`, by the field of a conflict.

    Raises: InvalidInput if a resolution names no conflict.
    """
    merger = _Merger(resolutions)
    document = merger.merge("", dict(base), dict(ours), dict(theirs))
    unused = sorted(set(resolutions) - merger.resolved)
    if unused:
        fields = ", ".join(one.field for one in merger.conflicts) or "none"
        raise InvalidInput(f"there is no conflict in {unused[0][:200]!r}", f"fields with conflicts: {fields}")
    return MergeOutcome(document, merger.conflicts)


class _Merger:
    def __init__(self, resolutions: Mapping[str, Any]) -> None:
        self._resolutions = resolutions
        self.resolved = set[str]()
        self.conflicts: list[MergeConflict] = []

    def merge(self, field: str, base: Any, ours: Any, theirs: Any) -> Any:
        """Return the merged value of a field."""
        if _same(ours, theirs) or _same(base, theirs):
            return ours
        if _same(base, ours):
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self._merge_mapping(field, base if isinstance(base, dict) else {}, ours, theirs)
        if field in ITEM_FIELDS and isinstance(ours, list) and isinstance(theirs, list):
            return self._merge_items(field, base if isinstance(base, list) else [], ours, theirs)
        if isinstance(base, str) and isinstance(ours, str) and isinstance(theirs, str):
            merged = merge_text(base, ours, theirs)
            if merged is not None:
                return merged
        return self._conflict(field, base, ours, theirs)

    def _merge_mapping(
        self, field: str, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
    ) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for key in dict.fromkeys([*ours, *theirs]):
            path = f"{field}.{key}" if field else key
            value = self.merge(path, *(one.get(key, MISSING) for one in (base, ours, theirs)))
            if value is not MISSING:
                merged[key] = value
        return merged

    def _merge_items(self, field: str, base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
        merged: list[Any] = []
        for chunk in _chunks(base, ours, theirs):
            where = f"{field}[{len(merged)}]"
            if chunk.is_item:
                item = self.merge(where, chunk.base[0], chunk.ours[0], chunk.theirs[0])
                merged += [] if item is MISSING else [item]
            else:
                merged += self._merge_gap(where, chunk)
        return merged

    def _merge_gap(self, where: str, chunk: "_Chunk") -> list[Any]:
        """Return the items between two items that all sides have."""
        if _same(chunk.ours, chunk.theirs) or _same(chunk.base, chunk.theirs):
            return chunk.ours
        if _same(chunk.base, chunk.ours):
            return chunk.theirs
        resolved = self._conflict(where, chunk.base, chunk.ours, chunk.theirs)
        return resolved if isinstance(resolved, list) else [resolved]

    def _conflict(self, field: str, base: Any, ours: Any, theirs: Any) -> Any:
        """Return the resolved value, or record the conflict and return the value of ours."""
        if field in self._resolutions:
            self.resolved.add(field)
            return _resolve(field, self._resolutions[field], ours, theirs)
        values = [None if one is MISSING else one for one in (base, ours, theirs)]
        self.conflicts.append(MergeConflict(field=field, base=values[0], ours=values[1], theirs=values[2]))
        return ours


def _resolve(field: str, resolution: Any, ours: Any, theirs: Any) -> Any:
    if resolution == "ours":
        return ours
    if resolution == "theirs":
        return theirs
    if resolution == "both" and isinstance(ours, list) and isinstance(theirs, list):
        return [*ours, *theirs]
    if isinstance(resolution, dict) and set(resolution) == {"value"}:
        return resolution["value"]
    raise InvalidInput(f"invalid resolution of {field!r}", "write ours, theirs, both (for lists) or {value: ...}")


def merge_text(base: str, ours: str, theirs: str) -> str | None:
    """Return the merge of two texts by line, or None if both changed the same lines in different ways."""
    sides = [text.split("\n") for text in (base, ours, theirs)]
    merged: list[str] = []
    for chunk in _chunks(*sides):
        if chunk.ours == chunk.theirs or chunk.base == chunk.theirs:
            merged += chunk.ours
        elif chunk.base == chunk.ours:
            merged += chunk.theirs
        else:
            return None
    return "\n".join(merged)


class _Chunk(NamedTuple):
    """Part of three lists. With `is_item` it is one item that all sides have, perhaps changed."""

    base: list[Any]
    ours: list[Any]
    theirs: list[Any]
    is_item: bool


def _chunks(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[_Chunk]:
    """Yield the items that all three lists have, and the parts between them."""
    in_ours, in_theirs = _align(base, ours), _align(base, theirs)
    start = (0, 0, 0)
    for at in range(len(base)):
        if at not in in_ours or at not in in_theirs:
            continue
        here = (at, in_ours[at], in_theirs[at])
        gap = [list(side[first:last]) for side, first, last in zip((base, ours, theirs), start, here, strict=True)]
        if any(gap):
            yield _Chunk(gap[0], gap[1], gap[2], is_item=False)
        yield _Chunk([base[here[0]]], [ours[here[1]]], [theirs[here[2]]], is_item=True)
        start = (here[0] + 1, here[1] + 1, here[2] + 1)
    rest = [list(side[first:]) for side, first in zip((base, ours, theirs), start, strict=True)]
    if any(rest):
        yield _Chunk(rest[0], rest[1], rest[2], is_item=False)


def _align(base: Sequence[Any], side: Sequence[Any]) -> dict[int, int]:
    """Return the position in `side` of each item of `base`, also if it was changed a little."""
    keys = [[one if isinstance(one, str) else canonical_json(one) for one in items] for items in (base, side)]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    found: dict[int, int] = {}
    for kind, from_, to, other_from, other_to in matcher.get_opcodes():
        if kind == "equal":
            found |= dict(zip(range(from_, to), range(other_from, other_to), strict=True))
        elif kind == "replace":
            found |= _align_changed(base, side, range(from_, to), range(other_from, other_to))
    return found


def _align_changed(base: Sequence[Any], side: Sequence[Any], old: range, new: range) -> dict[int, int]:
    """Return the positions of items that were changed, in their order."""
    if len(old) == len(new) == 1 and isinstance(base[old[0]], dict) and _kind(base[old[0]]) == _kind(side[new[0]]):
        return {old[0]: new[0]}
    found: dict[int, int] = {}
    start = new.start
    for at in old:
        for other in range(start, new.stop):
            if _is_changed_form(base[at], side[other]):
                found[at] = other
                start = other + 1
                break
    return found


def _is_changed_form(first: Any, second: Any) -> bool:
    """Return True if one message or tool is a changed form of the other. Lines of a text are never."""
    if not isinstance(first, dict) or not isinstance(second, dict) or _kind(first) != _kind(second):
        return False
    if "role" not in first:
        return True
    texts = [str(one.get("content", ""))[:MAX_COMPARED_CHARS] for one in (first, second)]
    return SequenceMatcher(None, *texts, autojunk=len(texts[0]) > 2000).quick_ratio() >= MIN_SIMILARITY


def _kind(item: Mapping[str, Any]) -> str:
    """Return what two forms of an item share: the role, the name of the placeholder or of the tool."""
    function = item.get("function")
    name = function.get("name") if isinstance(function, dict) else item.get("name")
    return str(item.get("role") or item.get("placeholder") or f"{item.get('type')} {name}")


def _same(first: Any, second: Any) -> bool:
    """Return True if two values are equal as JSON, with the same order of keys."""
    if first is MISSING or second is MISSING:
        return first is second
    return json.dumps(first, ensure_ascii=False) == json.dumps(second, ensure_ascii=False)
