"""Guard against prompt injection and jailbreaks: suspicious phrases and similarity to known attacks."""

import asyncio
import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from cachetools import LRUCache
from pydantic import Field

from vong.gateway.guards.base import CHECK_INTERVAL_CHARS, AskModel, Detection, EmbedTexts, GuardDependencies, TextScope
from vong.records import Record

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EXAMPLES = json.loads((Path(__file__).parent / "injection.json").read_text(encoding="utf-8"))
"""Suspicious phrases with their weights, known attacks, and ordinary requests that resemble attacks."""
PHRASES = {
    name: (phrase["weight"], re.compile(phrase["pattern"], re.IGNORECASE))
    for name, phrase in EXAMPLES["phrases"].items()
}
INVISIBLE_CHARS = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
"""Invisible characters, removed before a text is checked."""
VIETNAMESE_LETTERS = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
"""Letters that only Vietnamese uses."""
PART_CHARS, MAX_PARTS = 600, 8
"""Characters per compared part of a text, and parts per text. A longer text is compared by its first and last parts."""
MAX_CACHED_TEXTS = 2000
"""Texts whose similarities are cached."""


class InjectionGuardSettings(Record):
    """Thresholds of the injection guard."""

    phrases: float = Field(default=1.0, gt=0, le=10, description="Minimum sum of the weights of suspicious phrases.")
    similarity: float = Field(default=0.5, gt=0, le=1, description="Minimum cosine similarity to a known attack.")
    margin: float = Field(
        default=0.08, ge=0, le=1, description="Minimum lead over the similarity to ordinary requests."
    )


class InjectionGuard:
    """Prompt injection: requests and tool results that try to turn a model against its instructions.

    Detected by suspicious phrases, and by similarity (MiniLM) to known attacks that exceeds the similarity to ordinary
    requests.
    """

    Settings: ClassVar[type[Record]] = InjectionGuardSettings
    text_scope: ClassVar[TextScope] = "untrusted"
    check_interval: ClassVar[int | None] = CHECK_INTERVAL_CHARS

    def __init__(self, settings: InjectionGuardSettings, dependencies: GuardDependencies) -> None:
        self._detector = InjectionDetector(settings, dependencies.embed)

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return a `phrases` or `similar` detection for the whole text."""
        del ask
        normalized, weight = self._detector.weigh(text)
        found = self._detector.find_phrases(weight)
        return found or await asyncio.to_thread(self._detector.find_similar, normalized, weight)


class InjectionDetector:
    """Detection of prompt injections without a model call, for guards and for passages of documents."""

    def __init__(self, settings: InjectionGuardSettings, embed: EmbedTexts) -> None:
        self._settings = settings
        self._similarity = SimilarityIndex(embed)

    def detect(self, text: str) -> Sequence[Detection]:
        """Return a `phrases` or `similar` detection for the whole text. Embeds the text, which takes milliseconds."""
        normalized, weight = self.weigh(text)
        return self.find_phrases(weight) or self.find_similar(normalized, weight)

    def weigh(self, text: str) -> tuple[str, float]:
        """Return the text without invisible characters, and the weight of its suspicious phrases."""
        normalized = INVISIBLE_CHARS.sub("", unicodedata.normalize("NFKC", text))
        return normalized, phrase_weight(normalized)

    def find_phrases(self, weight: float) -> Sequence[Detection]:
        """Return a `phrases` detection if the weight reaches the bound."""
        return [Detection("phrases", score=1.0)] if weight >= self._settings.phrases else []

    def find_similar(self, normalized: str, weight: float) -> Sequence[Detection]:
        """Return a `similar` detection if the text resembles known attacks more than ordinary requests.

        Vietnamese is not compared, because for the English embedding model all of it resembles the Vietnamese attack.
        """
        if len(normalized) < 15 or VIETNAMESE_LETTERS.search(normalized):
            return []
        attack, ordinary = self._similarity.compare(normalized)
        threshold = self._settings.similarity - 0.12 * min(weight, 1.0)
        if attack >= threshold and attack - ordinary >= self._settings.margin * (1 - min(weight, 1.0)):
            return [Detection("similar", score=round(attack, 3))]
        return []


def phrase_weight(text: str) -> float:
    """Return the sum of the weights of the suspicious phrases in a text, each counted once."""
    return round(sum(weight for weight, pattern in PHRASES.values() if pattern.search(text)), 3)


class SimilarityIndex:
    """Similarity of a text to known attacks and to ordinary requests, by the nearest example of each."""

    def __init__(self, embed: EmbedTexts) -> None:
        self._embed = embed
        self._cache: LRUCache[int, tuple[float, float]] = LRUCache(MAX_CACHED_TEXTS)
        self._lock = Lock()

    def compare(self, text: str) -> tuple[float, float]:
        """Return the largest similarity of any part to an attack, and that part's similarity to an ordinary request."""
        key = hash(text)
        with self._lock:
            cached = self._cache.get(key)
        if cached is not None:
            return cached
        attacks, ordinary = _embed_examples(self._embed)
        vectors = self._embed(split_parts(text))
        similarities = (vectors @ attacks.T).max(axis=1)
        part = int(similarities.argmax())
        result = float(similarities[part]), float((vectors[part] @ ordinary.T).max())
        with self._lock:
            self._cache[key] = result
        return result


def split_parts(text: str) -> list[str]:
    """Split a text into parts that fit the input of the embedding model."""
    cut = [text[at : at + PART_CHARS] for at in range(0, len(text), PART_CHARS)]
    return cut if len(cut) <= MAX_PARTS else [*cut[: MAX_PARTS - 3], *cut[-3:]]


@cache
def _embed_examples(embed: EmbedTexts) -> "tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]":
    return embed(EXAMPLES["attacks"]), embed(EXAMPLES["ordinary"])
