"""Prompts of llama.cpp in which control tokens in the texts of messages stay text.

llama.cpp reads every control token in a rendered conversation, also those that a user wrote. If a message contains one,
the prompt is tokenized here, part by part.
"""

import re
from collections.abc import Callable
from typing import Any

from vong.chat_templates import Markers, iter_texts
from vong.serving.engine.protocol.chat import check_content, part_text

CONTROL_TOKEN_CHARACTERS = re.compile(r"[<>\[\]|｜]")
"""Characters of which every known control token contains one. Texts without them are not examined."""


class PromptEncoder:
    """Encoder of conversations. `post(path, body)` sends a request to llama.cpp's server and returns its answer."""

    def __init__(self, post: Callable[[str, dict[str, Any]], Any]) -> None:
        self._post = post
        self._is_control: dict[str, bool] = {}

    def find_control_tokens(self, *values: Any) -> set[str]:
        """Return the control tokens that occur in the texts of these values."""
        text = "\n".join(one for one in iter_texts(values) if CONTROL_TOKEN_CHARACTERS.search(one))
        if not text:
            return set()
        body = {"content": text, "add_special": False, "parse_special": True, "with_pieces": True}
        pieces = {
            token["piece"] for token in self._post("/tokenize", body)["tokens"] if isinstance(token["piece"], str)
        }
        return {piece for piece in pieces if CONTROL_TOKEN_CHARACTERS.search(piece) and self._check_control(piece)}

    def encode(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None) -> list[int]:
        """Return the token ids of a conversation by the chat template of the GGUF file."""
        return self.render(messages, tools)[1]

    def render(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[str, list[int]]:
        """Return the text and the token ids of a conversation. `options` are variables of the template."""
        messages = [text_message(message) for message in messages]
        control = self.find_control_tokens(messages, tools)
        markers = Markers.choose(messages, tools)
        if control:
            pattern = re.compile("|".join(map(re.escape, sorted(control, key=len, reverse=True))))
            messages = [markers.mark(one, pattern) | {"role": one.get("role")} for one in messages]
            tools = markers.mark(tools, pattern)
        body = {"messages": messages, **({"tools": tools} if tools else {}), **template_fields(options or {})}
        text = markers.restore(self._post("/apply-template", body)["prompt"])
        ids: list[int] = []
        for start, part, is_text in markers.split(text):
            ids += self._tokenize(part, parse_special=not is_text, add_special=not start)
        return text, ids

    def find_token(self, text: str) -> int | None:
        """Return the id of the control token with a text, or None if there is none."""
        ids = self._tokenize(text, parse_special=True, add_special=False)
        return ids[0] if len(ids) == 1 and self._check_control(text) else None

    def _check_control(self, piece: str) -> bool:
        """Check if a token's text is another token sequence as ordinary text."""
        if piece not in self._is_control:
            as_text = self._tokenize(piece, parse_special=False, add_special=False)
            self._is_control[piece] = as_text != self._tokenize(piece, parse_special=True, add_special=False)
        return self._is_control[piece]

    def _tokenize(self, text: str, *, parse_special: bool, add_special: bool) -> list[int]:
        body = {"content": text, "add_special": add_special, "parse_special": parse_special}
        return self._post("/tokenize", body)["tokens"]


def text_message(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose parts have the only type that llama.cpp knows for text.

    Raises: InvalidInput if the message contains anything but text.
    """
    check_content(content := message.get("content"))
    if not isinstance(content, list):
        return message
    return {**message, "content": [{"type": "text", "text": part_text(part)} for part in content]}


def template_fields(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that set variables of the chat template."""
    return {"chat_template_kwargs": options} if options else {}
