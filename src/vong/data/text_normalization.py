"""Text normalization, and text transformation across all messages of an Example."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from vong.records import Example, Message

INVISIBLE = re.compile("[\u2060\ufeff\u00ad]|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")
"""Invisible characters. The zero-width space stays in Thai, Lao, Burmese and Khmer, where it separates words."""
SPACES = re.compile("(?<=\\w)[\u00a0\u2000-\u200a\u202f\u205f\u3000](?=\\S)")
"""Spaces between a word and the next character. At the edges of lines they may stand for indentation."""
MISREAD_UTF8 = re.compile("\u00e2[\u0080-\u009f][\u0080-\u00bf]")
"""Three bytes of UTF-8 that were read as three characters of Latin-1: typographic quotes, dashes and the like."""
CP1252 = re.compile("[\u0080-\u009f]")
"""Characters of Windows (cp1252) that were read as Latin-1, in which they are control characters."""
TERMINAL_STYLE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
SEPARATORS = re.compile(r"(?<=\S)[\x1c-\x1f](?=\S)")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
"""Control characters without a meaning in text. Tabs, line feeds, vertical tabs and form feeds are white space."""
PATCH = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)
"""Header of a hunk of a unified diff."""


def normalize_text(text: str) -> str:
    """Return the text in composed Unicode (NFC) with line feeds and plain spaces, without what carries no meaning.

    Removes control and invisible characters and white space at the end, and repairs characters that were read with a
    wrong encoding. Indentation, empty lines, form feeds and spaces at the ends of lines stay, because code and Markdown
    depend on them. A patch is not changed, because it must match its file.
    """
    if PATCH.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if CP1252.search(text):
        text = CP1252.sub(_read_as_cp1252, MISREAD_UTF8.sub(_read_as_utf8, text))
    text = CONTROL.sub("", SEPARATORS.sub(" ", TERMINAL_STYLE.sub("", text)))
    text = SPACES.sub(" ", INVISIBLE.sub("", text))
    return unicodedata.normalize("NFC", text).rstrip(" \t\n")


def _read_as_utf8(match: re.Match[str]) -> str:
    try:
        return match[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _read_as_cp1252(match: re.Match[str]) -> str:
    return match[0].encode("latin-1").decode("cp1252", "ignore")


def map_text(example: Example, change: Callable[[str], str]) -> Example:
    """Return the Example with `change` applied to every text of its messages and completions, or to its document.

    Returns the same object if no text changes.
    """
    if example.text is not None:
        changed = change(example.text)
        return example if changed == example.text else example.model_copy(update={"text": changed})
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
