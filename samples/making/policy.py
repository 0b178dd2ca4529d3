"""Tarnwick's label policy: the closed sets, what urgency an issue has by itself, and how many tickets of each kind."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCTS = ("till", "tap", "pantry", "rota", "trail", "account")
URGENCIES = ("low", "normal", "high", "critical")
INTENTS = ("defect", "how_to", "refund", "access", "delivery", "billing", "cancel", "privacy")

# How many different tickets of each intent are written, before duplicates; the largest is 8 times the smallest.
ORIGINALS = {
    "defect": 186, "how_to": 122, "refund": 98, "access": 78,
    "delivery": 65, "billing": 39, "cancel": 33, "privacy": 23,
}  # fmt: skip
VIETNAMESE = {"defect": 34, "how_to": 15, "refund": 11, "access": 11, "delivery": 6, "billing": 4, "cancel": 3}
EXACT_DUPLICATES, NEAR_DUPLICATES = 21, 35
WRONG_IN_EXACT, WRONG_IN_NEAR, WRONG_ALONE = 3, 4, 7

# The urgency of an issue when its ticket states no impact.
DEFAULT_URGENCY = {intent: "high" if intent == "privacy" else "normal" for intent in INTENTS}

# Stated impacts. "past" (it is over) and "shout" (anger, capitals, no impact) leave the default as it is.
IMPACTS = ("none", "critical", "high", "low", "past", "shout")
IMPACT_WEIGHTS = {
    "defect": (34, 24, 22, 15, 2, 3),
    "how_to": (42, 0, 25, 30, 0, 3),
    "refund": (36, 15, 24, 20, 2, 3),
    "access": (34, 24, 20, 17, 2, 3),
    "delivery": (39, 0, 34, 22, 2, 3),
    "billing": (41, 0, 26, 30, 0, 3),
    "cancel": (41, 0, 26, 30, 0, 3),
    "privacy": (43, 22, 6, 26, 0, 3),
}

PRODUCT_WEIGHTS = {"till": 26, "tap": 26, "pantry": 17, "rota": 14, "trail": 13, "account": 8}


@dataclass(frozen=True)
class Triage:
    """The right answer to one ticket."""

    product: str
    urgency: str
    intent: str
    summary: str


@dataclass(frozen=True)
class Ticket:
    """One ticket and what the generator knows about it."""

    channel: str
    text: str
    triage: Triage
    language: str
    personal_data: tuple[str, ...] = ()


def urgency_of(intent: str, impact: str) -> str:
    """The stated impact decides; without one (or with one that is over, or mere anger) the intent's default does."""
    return impact if impact in URGENCIES else DEFAULT_URGENCY[intent]
