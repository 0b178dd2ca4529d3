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
        self._from = 0
        self._read = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """Add a token and return the text that is complete now."""
        self._ids.append(token)
        previous = self._decode(self._ids[self._from : self._read])
        extended = self._decode(self._ids[self._from :])
        if len(extended) <= len(previous) or extended.endswith("\ufffd"):
            return ""
        self._from, self._read = self._read, len(self._ids)
        return self._release(extended[len(previous) :])

    def end(self) -> str:
        """Return the remaining text at the end of the completion."""
        remaining = "" if self.stopped else self._decode(self._ids[self._from :])
        previous = "" if self.stopped else self._decode(self._ids[self._from : self._read])
        text = self._release(remaining[len(previous) :]) + self._held
        self._held = ""
        return text

    def _release(self, text: str) -> str:
        if not self._stop:
            return text
        self._held += text
        positions = [position for stop in self._stop if (position := self._held.find(stop)) >= 0]
        if positions:
            self.stopped = True
            text, self._held = self._held[: min(positions)], ""
            return text
        overlap = max(_overlap(self._held, stop) for stop in self._stop)
        text, self._held = self._held[: len(self._held) - overlap], self._held[len(self._held) - overlap :]
        return text


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` that is a beginning of `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)
