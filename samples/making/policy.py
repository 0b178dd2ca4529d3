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
VIETNAMESE = {"defect": 36, "how_to": 16, "refund": 12, "access": 12, "delivery": 7, "billing": 4, "cancel": 3}
EXACT_DUPLICATES, NEAR_DUPLICATES = 21, 35
WRONG_IN_EXACT, WRONG_IN_NEAR, WRONG_ALONE = 3, 4, 7

# The urgency of an issue when its ticket states no impact.
DEFAULT_URGENCY = {
    "defect": "normal", "how_to": "low", "refund": "normal", "access": "high",
    "delivery": "normal", "billing": "low", "cancel": "normal", "privacy": "high",
}  # fmt: skip

# Stated impacts. "past" (it is over) and "shout" (anger, capitals, no impact) leave the default as it is.
IMPACTS = ("none", "critical", "high", "low", "past", "shout")
IMPACT_WEIGHTS = {
    "defect": (24, 28, 25, 13, 4, 6),
    "how_to": (55, 0, 20, 18, 0, 7),
    "refund": (34, 10, 26, 14, 4, 12),
    "access": (32, 18, 17, 22, 3, 8),
    "delivery": (36, 5, 30, 14, 3, 12),
    "billing": (50, 0, 20, 20, 0, 10),
    "cancel": (50, 0, 18, 26, 0, 6),
    "privacy": (48, 18, 8, 16, 0, 10),
}

PRODUCT_WEIGHTS = {"till": 26, "tap": 26, "pantry": 17, "rota": 14, "trail": 13, "account": 8}


@dataclass(frozen=True)
class Triage:
    """The right answer to one ticket."""

    product: str
    intent: str
    urgency: str
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
