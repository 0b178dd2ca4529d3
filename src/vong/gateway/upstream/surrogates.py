"""Repair of lone UTF-16 surrogates in JSON.

A character above U+FFFF is escaped in JSON as two surrogates (`\\ud83d\\ude00`). Programs that cut a text at any
position send one half alone, which no strict parser accepts, and some write the halves as three bytes each. Pairs are
joined, also across two events of a stream, and a half without its other half becomes U+FFFD.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

REPLACEMENT = "\ufffd"
BACKSLASH = 0x5C
_ESCAPE_PATTERN = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""Pattern of any escape. The group matches a surrogate that is not part of a pair."""
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_VALID_ESCAPES = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+", re.DOTALL
)
"""Pattern of JSON up to its first lone surrogate."""
_RAW_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""Pattern of a surrogate that is written as three bytes, which is not valid UTF-8."""
INDEX_FIELDS = ("index", "output_index", "content_index", "item_id")
"""Fields that tell apart texts which arrive at the same time."""
FINISH_FIELDS = ("finish_reason", "finishReason", "stop_reason")
Path = tuple[Any, ...]


def repair_surrogates(data: bytes) -> bytes:
    """Return JSON in which lone surrogates are replaced by U+FFFD. Other data is returned unchanged."""
    if _has_lone_escape(data):
        data = _ESCAPE_PATTERN.sub(_replace_lone_escape, data)
    return _repair_raw(data) if _has_raw_surrogate(data) else data


def has_lone_surrogate(data: bytes) -> bool:
    """Return True if JSON contains a lone surrogate, or one that is written as three bytes."""
    return _has_lone_escape(data) or _has_raw_surrogate(data)


def _has_lone_escape(data: bytes) -> bool:
    if BACKSLASH not in data or not _SURROGATE_ESCAPE.search(data):
        return False
    valid = _VALID_ESCAPES.match(data)
    return valid is None or valid.end() < len(data)


def _has_raw_surrogate(data: bytes) -> bool:
    return not data.isascii() and _RAW_SURROGATE.search(data) is not None


def _replace_lone_escape(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[1] else match[0]


def _repair_raw(data: bytes) -> bytes:
    """Join and replace surrogates that are written as three bytes each."""
    try:
        return _join(data.decode("utf-8", "surrogatepass")).encode()
    except UnicodeDecodeError:
        return data  # not UTF-8 at all


def _join(text: str) -> str:
    """Return a text with its surrogates joined to characters or replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """Repair of the events of one stream: a high surrogate at the end of a text waits for the next part of the text."""

    def __init__(self) -> None:
        self._waiting: dict[Path, tuple[str, Any]] = {}
        """High surrogate by the position of its text, and the event that ended with it."""

    @property
    def is_waiting(self) -> bool:
        """Return True if a half is held back, so that the next event must be repaired too."""
        return bool(self._waiting)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of the events to pass on instead of one event."""
        try:
            value = _decode(data)
        except (ValueError, RecursionError):
            return [*self.finish(), data]
        texts = {path: (container, key) for container, key, path in _iter_texts(value, ())}
        before = list[bytes]()
        for path, (half, event) in list(self._waiting.items()):
            if path in texts:
                container, key = texts[path]
                container[key] = half + container[key]
            elif _touches(value, path):
                before.append(_encode_replacement(event, path))
            else:
                continue
            del self._waiting[path]
        is_last = _has_finish_reason(value)
        for path, (container, key) in texts.items():
            text: str = container[key]
            if not is_last and _ends_with_high(text):
                self._waiting[path] = text[-1], value
                text = text[:-1]
            container[key] = _join(text)
        return [*before, msgspec.json.encode(value)]

    def finish(self) -> list[bytes]:
        """Return events with U+FFFD for the halves that are still held back, at the end of the stream."""
        events = [_encode_replacement(event, path) for path, (_, event) in self._waiting.items()]
        self._waiting.clear()
        return events


def _decode(data: bytes) -> Any:
    """Decode JSON with surrogates. Numbers keep their spelling."""
    return json.loads(
        data.decode("utf-8", "surrogatepass"),
        parse_float=_raw,
        parse_int=_raw,
        parse_constant=_refuse,
        object_pairs_hook=lambda pairs: {_join(key): value for key, value in pairs},
    )


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _ends_with_high(text: str) -> bool:
    return bool(text) and "\ud800" <= text[-1] <= "\udbff"


def _has_finish_reason(value: Any) -> bool:
    """Return True if an event contains a reason why the answer ends."""
    if isinstance(value, dict):
        return any(value.get(name) for name in FINISH_FIELDS) or any(map(_has_finish_reason, value.values()))
    return isinstance(value, list) and any(map(_has_finish_reason, value))


def _iter_texts(value: Any, path: Path) -> Any:
    """Yield each text of a value as (container, key, path). A path is the same in every event of a stream."""
    if isinstance(value, dict):
        path = (*path, _identity(value))
        items = list(value.items())
    else:
        items = list(enumerate(value)) if isinstance(value, list) else []
    for key, item in items:
        step = None if isinstance(value, list) and isinstance(item, dict) and "index" in item else key
        if isinstance(item, str):
            yield value, key, (*path, step)
        elif isinstance(item, (dict, list)):
            yield from _iter_texts(item, (*path, step))


def _identity(value: Mapping[str, Any]) -> Path:
    """Return the fields that tell apart objects at the same position."""
    return tuple(
        (name, str(bytes(found) if isinstance(found, msgspec.Raw) else found))
        for name in INDEX_FIELDS
        if (found := value.get(name)) is not None
    )


def _touches(value: Any, path: Path) -> bool:
    """Return True if an event is about the object that contains a text, for example its end."""
    steps = list(path[:-1])
    while steps:
        step = steps.pop(0)
        if isinstance(step, tuple):
            if not isinstance(value, dict) or _identity(value) != step:
                return False
        elif isinstance(value, list):
            identity = steps[0] if steps else ()
            found = [item for item in value if isinstance(item, dict) and _identity(item) == identity]
            if not found:
                return False
            if identity:
                return True
            value = found[0]
        elif isinstance(value, dict):
            if step not in value:
                return bool(_identity(value))
            value = value[step]
        else:
            return False
    return True


def _encode_replacement(event: Any, path: Path) -> bytes:
    """Return an event like the one that ended with half a character, with U+FFFD as its only text at that position."""
    copy = _decode(msgspec.json.encode(event))
    for container, key, found in _iter_texts(copy, ()):
        if found == path:
            container[key] = REPLACEMENT
    return msgspec.json.encode(copy)
