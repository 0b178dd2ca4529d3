"""Defects of real collections: exact duplicates, near duplicates and wrong labels, each one recorded."""

from __future__ import annotations

import re
from dataclasses import replace

from generator import policy
from generator.noise import mistype
from generator.policy import Ticket, Triage
from generator.seeded_random import SeededRandom
from generator.similarity import character_shingles, jaccard, normalize, word_shingles

REPEAT_PHRASES = (
    "Hello again.",
    "Sending this once more.",
    "Second try.",
    "No answer yet.",
    "Me again,",
    "Still waiting.",
)
MIN_WORD_SIMILARITY, MIN_CHARACTER_SIMILARITY = 0.8, 0.84
_NUMBER = re.compile(r"\d{3,}")


def near_copy(text: str, rng: SeededRandom) -> str:
    """Return the text with a small change that stays within the near-duplicate limits.

    Raises: ValueError if no such change is found in 200 tries.
    """
    for _ in range(200):
        changed = _change(text, rng)
        words = jaccard(word_shingles(text), word_shingles(changed))
        characters = jaccard(character_shingles(text), character_shingles(changed))
        similar = words >= MIN_WORD_SIMILARITY and characters >= MIN_CHARACTER_SIMILARITY
        if similar and normalize(changed) != normalize(text):
            return changed
    raise ValueError(f"no near duplicate found in 200 tries of {text!r}")


def _change(text: str, rng: SeededRandom) -> str:
    kind = rng.below(4)
    if kind == 0:
        return f"{rng.choice(REPEAT_PHRASES)} {text}"
    if kind == 1:
        return f"{text} {rng.choice(('Please!', 'Any news?', 'Thank you.', '???'))}"
    numbers = [match for match in _NUMBER.finditer(text) if match.start() > 3]
    if kind == 2 and numbers and "IBAN" not in text and "ard" not in text:
        match = rng.choice(numbers)
        return text[: match.start()] + rng.digits(len(match[0])) + text[match.end() :]
    parts = text.split(" ")
    eligible = [index for index, word in enumerate(parts) if len(word) > 4 and word.isalpha()]
    if not eligible:
        return text
    index = rng.choice(eligible)
    parts[index] = mistype(parts[index], rng)
    return " ".join(parts)


def is_copyable(ticket: Ticket) -> bool:
    """Return True if a small change stays small in this ticket and breaks no checksum."""
    return len(ticket.text.split()) >= 24 and not {"card", "iban"} & set(ticket.personal_data)


def with_wrong_label(triage: Triage, rng: SeededRandom) -> Triage:
    """Return the triage with one wrong label, as a hurried person would set it."""
    field = rng.weighted_choice({"intent": 45, "urgency": 30, "product": 25})
    options = {"intent": policy.INTENTS, "urgency": policy.URGENCIES, "product": policy.PRODUCTS}[field]
    correct = str(getattr(triage, field))
    wrong = rng.choice([option for option in options if option != correct])
    return replace(triage, **{field: wrong})
