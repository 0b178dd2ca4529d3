"""PII of a row: found and masked in every text that is trained on or exported."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.pii import DEFAULT_KINDS, PiiKind, StructuredMasker
from vong.records import Example, Message

TECHNICAL_FIELDS = frozenset(
    {
        *("type", "id", "role", "name", "index", "call_id", "tool_call_id", "tool_use_id", "image_url", "input_audio"),
        *("file_id", "file_url", "file_data", "data", "media_type", "format", "detail", "signature", "required"),
        *("encrypted_content", "cache_control", "pattern", "$ref"),
    }
)
"""Fields of content parts, tool calls and tools that name or link something. Arguments of tools are read completely."""
ARGUMENT_FIELDS = frozenset({"arguments", "input"})
UNMASKED_METADATA = frozenset({"split"})


class MaskedText(NamedTuple):
    """One text or field with its PII masked, the name of the field (empty for content), and the kinds found in it."""

    name: str
    text: str
    kinds: list[PiiKind]


class RowMasker:
    """Masks the PII of rows.

    Reads the content, tool calls and other fields of all messages and of both answers, the tools, and the metadata.
    """

    def __init__(self, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS) -> None:
        self.kinds = kinds

    def mask(self, example: Example) -> tuple[Example, list[MaskedText]]:
        """Return the row with its PII masked, and each text in which PII was found.

        Returns the same object if there is none.
        """
        found: list[MaskedText] = []
        changes = {
            "messages": tuple(self._mask_message(message, found) for message in example.messages),
            "completion": self._mask_message(example.completion, found) if example.completion else None,
            "rejected": self._mask_message(example.rejected, found) if example.rejected else None,
            "tools": tuple(self._mask_parts(tool, found) for tool in example.tools) if example.tools else example.tools,
            "text": None if example.text is None else self._mask(example.text, "", found),
            "metadata": self._mask_metadata(example.metadata, found),
        }
        return (example.model_copy(update=changes) if found else example), found

    def _mask_message(self, message: Message, found: list[MaskedText]) -> Message:
        before = len(found)
        changes: dict[str, Any] = {}
        content = message.content
        if isinstance(content, str):
            changes["content"] = self._mask(content, "", found)
        elif content is not None:
            changes["content"] = [self._mask_parts(part, found) for part in content]
        if message.name is not None:
            changes["name"] = self._mask(message.name, "name", found)
        if message.tool_calls is not None:
            changes["tool_calls"] = [self._mask_parts(call, found) for call in message.tool_calls]
        for name, value in (message.model_extra or {}).items():
            if name not in TECHNICAL_FIELDS:
                changes[name] = self._mask_parts(value, found, name)
        return message.model_copy(update=changes) if len(found) > before else message

    def _mask_parts(self, value: Any, found: list[MaskedText], name: str = "") -> Any:
        """Mask the texts of a content part, a tool call or a tool, but not its technical fields."""
        if name in ARGUMENT_FIELDS or isinstance(value, str):
            return self._mask(value, "" if name == "text" else name, found)
        if isinstance(value, list):
            return [self._mask_parts(item, found, name) for item in value]
        if isinstance(value, dict):
            return {
                key: item
                if key in TECHNICAL_FIELDS and not isinstance(item, dict)
                else self._mask_parts(item, found, key)
                for key, item in value.items()
                if isinstance(key, str)
            }
        return value

    def _mask_metadata(self, metadata: Mapping[str, Any], found: list[MaskedText]) -> dict[str, Any]:
        masked: dict[str, Any] = {}
        for name, value in metadata.items():
            masked[name] = value if name in UNMASKED_METADATA else self._mask(value, name, found)
        return masked

    def _mask(self, value: Any, name: str, found: list[MaskedText]) -> Any:
        masker = StructuredMasker(self.kinds)
        masked = masker.mask_value(value, name)
        if masker.found:
            text = masked if isinstance(masked, str) else json.dumps(masked, ensure_ascii=False)
            found.append(MaskedText(name, text, masker.found))
        return masked
