"""Incremental detokenization: no incomplete characters, and no text after a stop string."""

from collections.abc import Callable, Sequence


class IncrementalDetokenizer:
    """Incremental detokenizer of one completion.

    A token may end inside a character, and its text may depend on the previous token. So a few tokens are decoded
    together, and only the difference is returned. A possible beginning of a stop string is held back.
    """

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = tuple(stop)
        self._ids: list[int] = []
        self._context_start = 0
        self._read_end = 0
        self._held_back = ""
        self.stopped = False

    def add_token(self, token: int) -> str:
        """Add a token and return the text that is complete now."""
        self._ids.append(token)
        previous = self._decode(self._ids[self._context_start : self._read_end])
        extended = self._decode(self._ids[self._context_start :])
        if len(extended) <= len(previous) or extended.endswith("\ufffd"):
            return ""
        self._context_start, self._read_end = self._read_end, len(self._ids)
        return self._release(extended[len(previous) :])

    def finish(self) -> str:
        """Return the remaining text at the end of the completion."""
        remaining = "" if self.stopped else self._decode(self._ids[self._context_start :])
        previous = "" if self.stopped else self._decode(self._ids[self._context_start : self._read_end])
        text = self._release(remaining[len(previous) :]) + self._held_back
        self._held_back = ""
        return text

    def _release(self, text: str) -> str:
        if not self._stop:
            return text
        self._held_back += text
        positions = [position for stop in self._stop if (position := self._held_back.find(stop)) >= 0]
        if positions:
            self.stopped = True
            text, self._held_back = self._held_back[: min(positions)], ""
            return text
        overlap = max(_overlap_length(self._held_back, stop) for stop in self._stop)
        text, self._held_back = (
            self._held_back[: len(self._held_back) - overlap],
            self._held_back[len(self._held_back) - overlap :],
        )
        return text


def _overlap_length(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` that is a beginning of `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)
