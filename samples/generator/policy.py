"""Label policy of Tarnwick: the label sets, the default urgency of each intent and the number of tickets."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCTS = ("till", "tap", "pantry", "rota", "trail", "account")
URGENCIES = ("low", "normal", "high", "critical")
INTENTS = ("defect", "how_to", "refund", "access", "delivery", "billing", "cancel", "privacy")

# Number of original tickets per intent, without duplicates; the largest is 8 times the smallest.
ORIGINALS = {
    "defect": 186, "how_to": 122, "refund": 98, "access": 78,
    "delivery": 65, "billing": 39, "cancel": 33, "privacy": 23,
}  # fmt: skip
VIETNAMESE = {"defect": 34, "how_to": 15, "refund": 11, "access": 11, "delivery": 6, "billing": 4, "cancel": 3}
EXACT_DUPLICATES, NEAR_DUPLICATES = 21, 35
WRONG_IN_EXACT, WRONG_IN_NEAR, WRONG_ALONE = 3, 4, 7

# Urgency of an issue if its ticket states no impact.
DEFAULT_URGENCY = {intent: "high" if intent == "privacy" else "normal" for intent in INTENTS}

# Stated impacts. "past" (the harm is over) and "shout" (anger, capitals, no impact) do not change the default.
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
    """Correct labels of one ticket."""

    product: str
    urgency: str
    intent: str
    summary: str


@dataclass(frozen=True)
class Ticket:
    """Ticket with the facts that only the generator knows."""

    channel: str
    text: str
    triage: Triage
    language: str
    personal_data: tuple[str, ...] = ()


def urgency_of(intent: str, impact: str) -> str:
    """Return the urgency of the stated impact, or the intent's default if no current harm is stated."""
    return impact if impact in URGENCIES else DEFAULT_URGENCY[intent]
