"""From tokens to text as they come: no half characters, and nothing past a stop string."""

from collections.abc import Callable, Sequence


class IncrementalDetokenizer:
    """The text of one growing answer.

    A token may end inside a character, and its text may depend on the token before: so a few tokens are decoded
    together and only the difference is given out. What could be the beginning of a stop string is held back.
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
        """The text that can be given out now that this token has come."""
        self._ids.append(token)
        known = self._decode(self._ids[self._from : self._read])
        grown = self._decode(self._ids[self._from :])
        if len(grown) <= len(known) or grown.endswith("\ufffd"):
            return ""
        self._from, self._read = self._read, len(self._ids)
        return self._release(grown[len(known) :])

    def end(self) -> str:
        """What was held back, now that nothing more comes."""
        rest = "" if self.stopped else self._decode(self._ids[self._from :])
        known = "" if self.stopped else self._decode(self._ids[self._from : self._read])
        text = self._release(rest[len(known) :]) + self._held
        self._held = ""
        return text

    def _release(self, text: str) -> str:
        if not self._stop:
            return text
        self._held += text
        found = [place for stop in self._stop if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max(_overlap(self._held, stop) for stop in self._stop)
        text, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` begin `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)
