"""SentencePiece BPE vocabularies (Llama 2, Mistral) for GGUF files: token types, scores and the space prefix.

llama.cpp merges the pair of neighbours whose joined token has the highest score, for any pair that the vocabulary
contains. A `tokenizer.json` lists the allowed pairs in order instead. Both give the same tokens if the list has every
pair of tokens that joins to a token, and all pairs of a token are neighbours in the list. Both conditions are checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from vong.errors import Unsupported
from vong.training.export.gguf_export.families import HINT

SPACE = "▁"
BYTE_TOKENS = frozenset(f"<0x{number:02X}>" for number in range(256))
UNREACHABLE_SCORE = -1e9
"""Score of tokens that no merge produces, such as characters. llama.cpp never compares it."""


class SentencePieceVocabulary(NamedTuple):
    """Scores of the tokens that merges produce, and how a space before the text is added."""

    scores: dict[str, float]
    prefix: bool


def is_sentencepiece(tokenizer: Mapping[str, Any]) -> bool:
    """Return True for a `tokenizer.json` that was converted from a SentencePiece BPE model with byte fallback."""
    return tokenizer["model"]["type"] == "BPE" and bool(tokenizer["model"].get("byte_fallback"))


def read_vocabulary(tokenizer: Mapping[str, Any], begins_with_special: bool) -> SentencePieceVocabulary:
    """Return the scores of a vocabulary. `begins_with_special` is True if every chat prompt begins with such a token.

    Raises: Unsupported if llama.cpp would tokenize differently.
    """
    model = tokenizer["model"]
    prefix = _read_prefix(tokenizer, begins_with_special=begins_with_special)
    for token in tokenizer.get("added_tokens") or []:
        if token.get("lstrip") or token.get("rstrip") or token.get("single_word"):
            raise Unsupported(f"the token {token['content']!r} removes spaces beside it, unlike in llama.cpp", HINT)
    if missing := BYTE_TOKENS - model["vocab"].keys():
        raise Unsupported(f"the vocabulary lacks the byte token {min(missing)}", HINT)
    merges = [tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
    return SentencePieceVocabulary(score_tokens(model["vocab"], merges), prefix)


def score_tokens(vocabulary: Iterable[str], merges: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """Return the score of each token that merges produce: minus its rank.

    Raises: Unsupported if no scores reproduce the merges.
    """
    scores: dict[str, float] = {}
    previous = ""
    for left, right in merges:
        token = left + right
        if token != previous and token in scores:
            raise Unsupported(f"the merges of the token {token!r} are not neighbours in the list", HINT)
        scores.setdefault(token, -float(len(scores)))
        previous = token
    known, pairs = set(vocabulary), set(merges)
    for token in scores:
        for position in range(1, len(token)):
            pair = (token[:position], token[position:])
            if pair not in pairs and pair[0] in known and pair[1] in known:
                raise Unsupported(f"the merges do not join {pair[0]!r} and {pair[1]!r}, as llama.cpp would", HINT)
    return scores


def _read_prefix(tokenizer: Mapping[str, Any], *, begins_with_special: bool) -> bool:
    """Return True if a space is added before the text and behind each special token."""
    normalizer, pre_tokenizer = tokenizer.get("normalizer"), tokenizer.get("pre_tokenizer")
    steps: list[Any] = (normalizer.get("normalizers") or [normalizer]) if normalizer else []
    replaced = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    if pre_tokenizer is None and steps == [{"type": "Prepend", "prepend": SPACE}, replaced]:
        return True
    if steps == [replaced] and (pre_tokenizer is None or pre_tokenizer["type"] == "Split"):
        return False
    if pre_tokenizer and pre_tokenizer["type"] == "Metaspace" and not steps and not pre_tokenizer.get("split", True):
        scheme = pre_tokenizer.get("prepend_scheme", "always")
        if scheme in {"always", "never"}:
            return scheme == "always"
        if begins_with_special:  # then no text is the first one
            return False
    raise Unsupported("llama.cpp's equal of the normalizer and the pre-tokenizer is unknown", HINT)
