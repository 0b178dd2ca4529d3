"""Prompt injection and jailbreaks: telltale phrases, and likeness to known attacks."""

import asyncio
import json
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from vong.gateway.guards.base import PIECE, Ask, Detection, Embed, GuardDependencies, Reads
from vong.records import Record

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KNOWN = json.loads((Path(__file__).parent / "injection.json").read_text(encoding="utf-8"))
"""Telltale phrases with their weights, known attacks, and ordinary requests that resemble them."""
PHRASES = {
    name: (phrase["weight"], re.compile(phrase["pattern"], re.IGNORECASE)) for name, phrase in KNOWN["phrases"].items()
}
HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
PART, PARTS = 600, 8
"""Characters of a text that are compared at once, and how many such parts of a long text: its beginning and its end."""
KEPT = 2000


class InjectionGuardSettings(Record):
    """How sure it must be."""

    phrases: float = Field(default=1.0, gt=0, le=10, description="Sum of the telltale phrases' weights that is enough.")
    similarity: float = Field(default=0.5, gt=0, le=1, description="Cosine to a known attack that is enough.")
    margin: float = Field(default=0.08, ge=0, le=1, description="How much closer than to ordinary requests.")


class InjectionGuard:
    """Prompt injection: requests, and what tools answered, that try to turn a model against its instructions. Telltale
    phrases count, and likeness (MiniLM) to known attacks that is greater than to ordinary requests.
    """

    Settings: ClassVar[type[Record]] = InjectionGuardSettings
    reads: ClassVar[Reads] = "untrusted"
    every: ClassVar[int | None] = PIECE

    def __init__(self, settings: InjectionGuardSettings, aids: GuardDependencies) -> None:
        self._settings = settings
        self._likeness = SimilarityIndex(aids.embed)

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """`phrases` or `similar`, the text as a whole."""
        del ask
        plain = HIDDEN.sub("", unicodedata.normalize("NFKC", text))
        weight = told(plain)
        if weight >= self._settings.phrases:
            return [Detection("phrases", score=1.0)]
        if len(plain) < 15:
            return []
        close, ordinary = await asyncio.to_thread(self._likeness.of, plain)
        enough = self._settings.similarity - 0.12 * min(weight, 1.0)
        if close >= enough and close - ordinary >= self._settings.margin * (1 - min(weight, 1.0)):
            return [Detection("similar", score=round(close, 3))]
        return []


def told(text: str) -> float:
    """The weights of the telltale phrases in a text, each once."""
    return round(sum(weight for weight, pattern in PHRASES.values() if pattern.search(text)), 3)


class SimilarityIndex:
    """How like a text is to known attacks and to ordinary requests, by the nearest of each."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def of(self, text: str) -> tuple[float, float]:
        """The largest cosines over the parts of a text: to an attack, and of that part to an ordinary request."""
        key = hash(text)
        with self._lock:
            if key in self._known:
                return self._known[key]
        attacks, ordinary = _examples(self._embed)
        vectors = self._embed(parts(text))
        close = (vectors @ attacks.T).max(axis=1)
        part = int(close.argmax())
        found = float(close[part]), float((vectors[part] @ ordinary.T).max())
        with self._lock:
            self._known[key] = found
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found


def parts(text: str) -> list[str]:
    """A text in parts that the model reads whole."""
    cut = [text[at : at + PART] for at in range(0, len(text), PART)]
    return cut if len(cut) <= PARTS else [*cut[: PARTS - 3], *cut[-3:]]


@cache
def _examples(embed: Embed) -> "tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]":
    return embed(KNOWN["attacks"]), embed(KNOWN["ordinary"])
