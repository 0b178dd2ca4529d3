"""Support of sentences by passages, compared by words, numbers, names and negation, without a model.

In: a sentence and the text of a passage. Out: the parts of the passage that contain its words, the share of its words
there, and reasons against it. English and Vietnamese; other languages have no negations and opposites.
"""

from vong.sentence_support.sentences import Sentence, split_sentences
from vong.sentence_support.support import Support, find_support, has_checkable_words, prepare_passage

MIN_COVERAGE = 0.65
"""Share of the words of a sentence from which a passage supports it."""

__all__ = [
    "MIN_COVERAGE",
    "Sentence",
    "Support",
    "find_support",
    "has_checkable_words",
    "prepare_passage",
    "split_sentences",
]
