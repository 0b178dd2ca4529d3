"""Text normalization, and text transformation across all messages of an Example."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from vong.records import Example, Message

INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
TRAILING = re.compile(r"[ \t]+(?=\n)")
EMPTY_LINES = re.compile(r"\n{3,}")


def normalize_text(text: str) -> str:
    """Return the text in composed Unicode (NFC) with line feeds and plain spaces only.

    Removes control and invisible characters, trailing spaces of lines, repeated empty lines and surrounding whitespace.
    Indentation is preserved, because code depends on it.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = SPACES.sub(" ", CONTROL.sub("", INVISIBLE.sub("", text)))
    return EMPTY_LINES.sub("\n\n", TRAILING.sub("", text)).strip()


def map_text(example: Example, change: Callable[[str], str]) -> Example:
    """Return the Example with `change` applied to every text of its messages and completions.

    Returns the same object if no text changes.
    """
    messages = tuple(_map_message(message, change) for message in example.messages)
    completion = _map_message(example.completion, change) if example.completion else None
    rejected = _map_message(example.rejected, change) if example.rejected else None
    if messages == example.messages and completion == example.completion and rejected == example.rejected:
        return example
    return example.model_copy(update={"messages": messages, "completion": completion, "rejected": rejected})


def _map_message(message: Message, change: Callable[[str], str]) -> Message:
    content = message.content
    if isinstance(content, str):
        changed: Any = change(content)
    elif content is None:
        return message
    else:
        changed = [_map_part(part, change) for part in content]
    return message if changed == content else message.model_copy(update={"content": changed})


def _map_part(part: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return {**part, "text": change(part["text"])} if isinstance(part.get("text"), str) else part
