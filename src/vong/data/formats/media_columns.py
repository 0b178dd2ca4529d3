"""Columns with images, videos or audio, to which placeholders such as `<image>` in the messages refer."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vong.records import Message

COLUMNS_BY_KIND = {"image": ("images", "image"), "video": ("videos", "video"), "audio": ("audios", "audio")}
"""Columns of each kind of media, in order of preference."""
PLACEHOLDER = re.compile(r"<(image|video|audio)>")


def attach_media(row: Mapping[str, Any], messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the messages with the media of a row as parts in place of their placeholders.

    Placeholders without a file are left as text.
    """
    files = {kind: iter(_find_files(row, names)) for kind, names in COLUMNS_BY_KIND.items()}
    return tuple(
        message.model_copy(update={"content": _split(message.content, files)})
        if isinstance(message.content, str) and PLACEHOLDER.search(message.content)
        else message
        for message in messages
    )


def _find_files(row: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    value = next((row[name] for name in names if row.get(name)), None)
    return value if isinstance(value, list) else [value] if value else []


def _split(text: str, files: Mapping[str, Any]) -> str | list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    rest = ""
    for number, piece in enumerate(PLACEHOLDER.split(text)):
        file = next(files[piece], None) if number % 2 else None
        if file is None:
            rest += f"<{piece}>" if number % 2 else piece
            continue
        parts += [{"type": "text", "text": rest}] if rest else []
        parts.append({"type": piece, piece: file})
        rest = ""
    if not parts:
        return text
    return [*parts, {"type": "text", "text": rest}] if rest else parts
