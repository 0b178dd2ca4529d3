"""What goes wrong in real collections: exact duplicates, near-duplicates and wrong labels, each written down."""

from __future__ import annotations

import re
from dataclasses import replace

from making import policy
from making.dice import Dice
from making.noise import mistype
from making.policy import Ticket, Triage
from making.similar import jaccard, normalised, signs, words

AGAIN = ("Hello again.", "Sending this once more.", "Second try.", "No answer yet.", "Me again,", "Still waiting.")
NEAR_WORDS, NEAR_SIGNS = 0.8, 0.84
_NUMBER = re.compile(r"\d{3,}")


def near_copy(text: str, dice: Dice) -> str:
    """The text sent again with a small change; it stays within the near-duplicate limits."""
    for _ in range(200):
        changed = _changed(text, dice)
        alike = (
            jaccard(words(text), words(changed)) >= NEAR_WORDS and jaccard(signs(text), signs(changed)) >= NEAR_SIGNS
        )
        if alike and normalised(changed) != normalised(text):
            return changed
    raise ValueError(f"no near copy of {text!r}")


def _changed(text: str, dice: Dice) -> str:
    kind = dice.below(4)
    if kind == 0:
        return f"{dice.one(AGAIN)} {text}"
    if kind == 1:
        return f"{text} {dice.one(('Please!', 'Any news?', 'Thank you.', '???'))}"
    numbers = [match for match in _NUMBER.finditer(text) if match.start() > 3]
    if kind == 2 and numbers and "IBAN" not in text and "ard" not in text:
        match = dice.one(numbers)
        return text[: match.start()] + dice.digits(len(match[0])) + text[match.end() :]
    parts = text.split(" ")
    eligible = [index for index, word in enumerate(parts) if len(word) > 4 and word.isalpha()]
    if not eligible:
        return text
    index = dice.one(eligible)
    parts[index] = mistype(parts[index], dice)
    return " ".join(parts)


def can_be_copied(ticket: Ticket) -> bool:
    """Long enough for a small change to stay small, and without a checksum to break."""
    return len(ticket.text.split()) >= 24 and not {"card", "iban"} & set(ticket.personal_data)


def mislabelled(triage: Triage, dice: Dice) -> Triage:
    """The triage with one closed field wrong, as a hurried person would."""
    field = dice.weighted({"intent": 45, "urgency": 30, "product": 25})
    options = {"intent": policy.INTENTS, "urgency": policy.URGENCIES, "product": policy.PRODUCTS}[field]
    right = str(getattr(triage, field))
    wrong = dice.one([option for option in options if option != right])
    return replace(triage, **{field: wrong})
