"""Analysis of text for full-text search: terms of words, compounds and scripts without spaces.

Words are stemmed by PostgreSQL's Snowball dictionaries (https://snowballstem.org), by the language of the document.
Scripts without spaces are indexed by characters and pairs of adjacent characters, as Lucene's CJKBigramFilter does. A
word with diacritics is also indexed without them under a prefix, so that a query typed without diacritics finds it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import regex
from sqlalchemy import Connection, text

STEMMERS = {
    "ar": "arabic_stem",
    "da": "danish_stem",
    "de": "german_stem",
    "el": "greek_stem",
    "en": "english_stem",
    "es": "spanish_stem",
    "fi": "finnish_stem",
    "fr": "french_stem",
    "hu": "hungarian_stem",
    "id": "indonesian_stem",
    "it": "italian_stem",
    "nl": "dutch_stem",
    "no": "norwegian_stem",
    "pt": "portuguese_stem",
    "ro": "romanian_stem",
    "ru": "russian_stem",
    "sv": "swedish_stem",
    "tr": "turkish_stem",
}
"""Stemming dictionary of PostgreSQL by language. Other languages use the English one."""
DEFAULT_LANGUAGE = "en"
FOLDED_PREFIX = "~"
"""Prefix of the term of a word without its diacritics."""
FOLDED_WEIGHT = 0.2
"""Weight of an occurrence that differs from a word of the query in its diacritics."""
MAX_TERM_CHARACTERS = 64
"""Characters of a term. The rest of a longer one is dropped."""
STEM_CACHE_SIZE = 200_000

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = r"[\p{L}\p{M}\p{N}]+"
_COMPOUND = regex.compile(rf"{_WORD}(?:[^\s\p{{L}}\p{{M}}\p{{N}}]{{1,2}}{_WORD})*(?:\+\+|\+|#)?")
_PART = regex.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])+")
_UNSPACED_RUN = regex.compile(rf"[{_UNSPACED}]+")
_LATIN_SPECIAL = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ħ": "h", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"})
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})

_stems: dict[tuple[str, str], str] = {}


class TextToken(NamedTuple):
    """TextToken of a text before stemming. `exact` is true for compounds and characters, which are not stemmed."""

    text: str
    exact: bool = False
    counted: bool = True


class TextTerms(NamedTuple):
    """Terms of a text with their numbers of occurrences, and its length in words."""

    counts: Counter[str]
    words: int


def tokenize(value: str, *, query: bool = False) -> list[TextToken]:
    """Return the tokens of a text in order.

    A compound such as `DS-K3AJ303/Dm140` or `2.10.3` yields its parts and itself; `C++` and `C#` keep their signs.
    """
    tokens: list[TextToken] = []
    for match in _COMPOUND.finditer(unicodedata.normalize("NFKC", value).lower().translate(_APOSTROPHES)):
        compound = match[0].removesuffix("'s")
        parts: list[str] = _PART.findall(compound)
        for part in parts:
            if _UNSPACED_RUN.fullmatch(part):
                tokens += _unspaced_tokens(part, query)
            else:
                tokens.append(TextToken(part[:MAX_TERM_CHARACTERS]))
        if not any(_UNSPACED_RUN.match(part) for part in parts) and parts != [compound]:
            tokens.append(TextToken(compound[:MAX_TERM_CHARACTERS], exact=True, counted=False))
    return tokens


def _unspaced_tokens(run: str, query: bool) -> list[TextToken]:
    pairs = [TextToken(run[start : start + 2], exact=True) for start in range(len(run) - 1)]
    if query and pairs:
        return pairs
    return [TextToken(character, exact=True, counted=not pairs) for character in run] + pairs


def fold(word: str) -> str:
    """Return a word without the diacritics of Latin letters."""
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(mark for mark in decomposed if not "\u0300" <= mark <= "\u036f").translate(_LATIN_SPECIAL)


def stem_words(connection: Connection, words: Iterable[str], language: str) -> dict[str, str]:
    """Return the stem of each word; the word itself for a stop word."""
    wanted = set(words)
    missing = sorted(word for word in wanted if (language, word) not in _stems)
    if missing:
        if len(_stems) + len(missing) > STEM_CACHE_SIZE:
            _stems.clear()
            missing = sorted(wanted)
        dictionary = STEMMERS[language]
        statement = text(
            f"SELECT word, (ts_lexize('{dictionary}', word))[1] FROM unnest(cast(:words AS text[])) AS word"  # noqa: S608
        )
        for word, stem in connection.execute(statement, {"words": missing}):
            _stems[language, word] = stem or word
    return {word: _stems[language, word] for word in wanted}


def stemmer_language(language: str) -> str:
    """Return the language whose stemmer is used for documents in a language."""
    short = language.lower().split("-")[0]
    return short if short in STEMMERS else DEFAULT_LANGUAGE


def analyze_texts(connection: Connection, texts: Sequence[str], language: str) -> list[TextTerms]:
    """Return the terms under which texts in a language are indexed."""
    tokenized = [tokenize(value) for value in texts]
    words = {token.text for tokens in tokenized for token in tokens if not token.exact}
    stems = stem_words(connection, words | {fold(word) for word in words}, stemmer_language(language))
    results: list[TextTerms] = []
    for tokens in tokenized:
        counts: Counter[str] = Counter()
        for token in tokens:
            folded = fold(token.text)
            counts[token.text if token.exact else stems[token.text]] += 1
            if folded != token.text:
                counts[FOLDED_PREFIX + (folded if token.exact else stems[folded])] += 1
        results.append(TextTerms(counts, sum(token.counted for token in tokens)))
    return results


def analyze_query(connection: Connection, query: str, languages: Sequence[str]) -> list[dict[str, float]]:
    """Return the term groups of a query: for each word, the terms that stand for it with their weights.

    `languages` are those of the stemmers of the index.
    """
    groups: dict[tuple[tuple[str, float], ...], dict[str, float]] = {}
    for token in _without_stop_words(connection, tokenize(query, query=True)):
        folded = fold(token.text)
        group: dict[str, float] = {}
        for language in languages or [DEFAULT_LANGUAGE]:
            stems = {} if token.exact else stem_words(connection, [token.text, folded], language)
            stem, bare = stems.get(token.text, token.text), stems.get(folded, folded)
            has_diacritics = folded != token.text
            for term, weight in (
                (stem, 1.0),
                (FOLDED_PREFIX + bare, FOLDED_WEIGHT if has_diacritics else 1.0),
                *([(bare, FOLDED_WEIGHT)] if has_diacritics else []),
            ):
                group[term] = max(weight, group.get(term, 0.0))
        groups[tuple(sorted(group.items()))] = group
    return list(groups.values())


def _without_stop_words(connection: Connection, tokens: list[TextToken]) -> list[TextToken]:
    """Drop the English stop words of a query in ASCII, unless nothing else remains."""
    if not all(token.text.isascii() for token in tokens):
        return tokens
    kept = [token for token in tokens if token.exact or not _is_stop_word(connection, token.text)]
    return kept or tokens


def _is_stop_word(connection: Connection, word: str) -> bool:
    key = ("stop", word)
    if key not in _stems:
        stopped = connection.scalar(text("SELECT ts_lexize('english_stem', :word) = '{}'"), {"word": word})
        _stems[key] = "1" if stopped else ""
    return bool(_stems[key])
