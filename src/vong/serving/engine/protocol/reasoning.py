"""Reasoning in the output of a model: the text between tags before the answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReasoningTags:
    """Tags around the reasoning of a model."""

    opening: str = "<think>"
    closing: str = "</think>"

    def is_open_in(self, prompt: str) -> bool:
        """Return True if a prompt ends with the opening tag, so that the output starts with reasoning."""
        return prompt.rstrip().endswith(self.opening)


DEFAULT_TAGS = ReasoningTags()
KNOWN_TAGS = (
    DEFAULT_TAGS,
    ReasoningTags("[THINK]", "[/THINK]"),
    ReasoningTags("<|START_THINKING|>", "<|END_THINKING|>"),
    ReasoningTags("<seed:think>", "</seed:think>"),
    ReasoningTags("<|channel|>analysis<|message|>", "<|end|>"),
    ReasoningTags("<reasoning>", "</reasoning>"),
    ReasoningTags("<|begin_of_thought|>", "<|end_of_thought|>"),
)


def find_reasoning_tags(template: str) -> ReasoningTags | None:
    """Return the reasoning tags that a chat template mentions, or None."""
    return next((tags for tags in KNOWN_TAGS if tags.closing in template), None)


class ReasoningSplitter:
    """Splitter of a streamed output into reasoning and answer. Reasoning starts at the beginning or not at all."""

    def __init__(self, tags: ReasoningTags, *, is_open: bool) -> None:
        self._tags = tags
        self._pending = ""
        self._state = "reasoning" if is_open else "start"
        self._answer_started = not is_open
        self._reasoning_started = False

    def add(self, text: str, *, is_last: bool = False) -> tuple[str, str]:
        """Add output and return (reasoning, answer) that are complete now."""
        if self._state == "answer":
            return "", self._answer(text)
        self._pending += text
        if self._state == "start" and not self._find_opening(is_last=is_last):
            return "", ""
        if self._state == "reasoning":
            return self._take_reasoning(is_last=is_last)
        text, self._pending = self._pending, ""
        return "", text

    def _find_opening(self, *, is_last: bool) -> bool:
        """Return False if the beginning of the output may still become the opening tag."""
        opening, text = self._tags.opening, self._pending.lstrip()
        if text.startswith(opening):
            self._state, self._pending, self._answer_started = "reasoning", text[len(opening) :], False
        elif is_last or not opening.startswith(text):
            self._state = "answer"
        return self._state != "start"

    def _take_reasoning(self, *, is_last: bool) -> tuple[str, str]:
        """Return the reasoning without the line breaks at its ends, and the answer after it."""
        if not self._reasoning_started:
            self._pending = self._pending.lstrip("\n")
        reasoning, closing, answer = self._pending.partition(self._tags.closing)
        if closing:
            self._state, self._pending = "answer", ""
            return reasoning.rstrip("\n"), self._answer(answer)
        kept = 0 if is_last else held_back_length(reasoning, self._tags.closing)
        complete = reasoning[: len(reasoning) - kept].rstrip("\n")
        self._pending = "" if is_last else reasoning[len(complete) :]
        self._reasoning_started = self._reasoning_started or bool(complete)
        return complete, ""

    def _answer(self, text: str) -> str:
        """Return a part of the answer without the line breaks that separate it from the reasoning."""
        if not self._answer_started:
            text = text.lstrip("\n")
            self._answer_started = bool(text)
        return text


def held_back_length(text: str, tag: str) -> int:
    """Return the length of the longest end of a text that may become a tag."""
    return next((size for size in range(min(len(text), len(tag) - 1), 0, -1) if text.endswith(tag[:size])), 0)
