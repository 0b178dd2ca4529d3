"""Composition of a ticket: an issue, its stated impact, surrounding phrases, personal data and noise."""

from __future__ import annotations

from typing import Any

from generator import people
from generator.noise import add_noise
from generator.policy import IMPACT_WEIGHTS, IMPACTS, PRODUCT_WEIGHTS, Ticket, Triage, urgency_of
from generator.seeded_random import SeededRandom, load_phrases

CHANNELS = {"email": 45, "chat": 30, "form": 25}


class Writer:
    """Writer of tickets in two languages from the phrase files."""

    def __init__(self, rng: SeededRandom) -> None:
        self._rng = rng
        issues: dict[str, Any] = {}
        for name in ("issues_defect", "issues_money", "issues_other"):
            loaded = load_phrases(name)
            issues.update({"defect": loaded} if name == "issues_defect" else loaded)
        self._vietnamese = load_phrases("vietnamese")
        self._issues: dict[str, Any] = {"en": issues, "vi": self._vietnamese}
        self._impact = load_phrases("impact")
        self._frames = load_phrases("frames")

    def write(self, intent: str, language: str) -> Ticket:
        """Return a new ticket with this intent."""
        rng = self._rng
        product, issue, summary = self._issue(intent, language)
        impact = rng.weighted_choice(dict(zip(IMPACTS, IMPACT_WEIGHTS[intent], strict=True)))
        if language == "vi" and (rng.chance(0.25) or (impact == "critical" and intent not in ("defect", "access"))):
            impact = "none"
        channel = rng.weighted_choice(CHANNELS)
        impact_text = self._impact_text(impact, intent, product, language)
        body = self._body(issue, impact_text, intent, language)
        text, kinds = self._with_frame(body, intent, channel, language)
        text = add_noise(text, channel, language, rng)
        return Ticket(channel, text, Triage(product, urgency_of(intent, impact), intent, summary), language, kinds)

    def _issue(self, intent: str, language: str) -> tuple[str, str, str]:
        by_product: dict[str, list[list[str]]] = self._issues[language][intent]
        known = {product: weight for product, weight in PRODUCT_WEIGHTS.items() if product in by_product}
        if intent == "access":
            known["account"] = 80
        elif intent in ("refund", "billing", "cancel") and "account" in known:
            known["account"] = 26
        product = self._rng.weighted_choice(known)
        phrase, summary = self._rng.choice(by_product[product])
        return product, self._rng.expand(phrase), summary

    def _impact_text(self, impact: str, intent: str, product: str, language: str) -> str:
        if impact == "none":
            return ""
        if language == "vi":
            return self._rng.expand(self._rng.choice(self._vietnamese["impact"][impact]))
        key = f"critical_{self._critical_kind(intent, product)}" if impact == "critical" else impact
        return self._rng.expand(self._rng.choice(self._impact[key]))

    def _critical_kind(self, intent: str, product: str) -> str:
        fixed = {"refund": "money", "privacy": "exposed", "delivery": "heat"}
        if intent in fixed:
            return fixed[intent]
        if intent == "access" or product == "account":
            return "sale" if self._rng.chance(0.6) else "exposed"
        return "heat" if product in ("till", "tap", "trail") and self._rng.chance(0.25) else "sale"

    def _body(self, issue: str, impact_text: str, intent: str, language: str) -> str:
        rng = self._rng
        frames: dict[str, list[str]] = self._vietnamese if language == "vi" else self._frames
        parts = [issue]
        if language == "en" and rng.chance(0.04):
            parts[0] = f"{rng.expand(rng.choice(frames['minor_first']))} {issue}"
        elif rng.chance(0.15):
            parts.insert(0, rng.expand(rng.choice(frames["context"])))
        if rng.chance(0.15):
            parts.append(rng.expand(rng.choice(frames["tried" if intent in ("defect", "access") else "backed"])))
        if rng.chance(0.1):
            parts.append(rng.expand(rng.choice(frames["aside"])))
        if impact_text:
            parts.insert(0 if rng.chance(0.1) else len(parts), impact_text)
        if rng.chance(0.25):
            parts.append(rng.expand(rng.choice(frames["ask"])))
        if language == "en" and rng.chance(0.03):
            parts.append(rng.expand(rng.choice(frames["minor"])))
        return self._join([part for part in parts if part])

    def _join(self, parts: list[str]) -> str:
        text = ""
        for index, part in enumerate(parts):
            separator = self._rng.weighted_choice({". ": 70, ", ": 12, " - ": 6, "... ": 5, "\n": 7}) if index else ""
            if separator and text[-1] in "?!.:":
                separator = " "
            starts_sentence = not text or separator in (". ", "\n", " ", "... ")
            text += separator + (part[:1].upper() + part[1:] if starts_sentence else part)
        return text if text[-1] in "?!.:" else text + self._rng.choice((".", ".", ".", ""))

    def _with_frame(self, body: str, intent: str, channel: str, language: str) -> tuple[str, tuple[str, ...]]:
        rng = self._rng
        frames: dict[str, list[str]] = self._vietnamese if language == "vi" else self._frames
        lines: list[str] = []
        if channel == "email" and rng.chance(0.2) and language == "en":
            lines.append(f"Subject: {rng.expand(rng.choice(frames['subject']))}")
        if channel == "form" and rng.chance(0.25):
            lines.append(f"Shop: {rng.choice(self._frames['shop'])}")
        greeting = f"{rng.choice(frames['greeting'])}{rng.choice((',', ',', '!', ''))} " if rng.chance(0.6) else ""
        lines.append(greeting + body)
        kinds: tuple[str, ...] = ()
        if rng.chance(0.17):
            line, kinds = self._personal_data(intent, language)
            lines.append(line)
        elif rng.chance(0.1 if channel == "chat" else 0.5):
            closing = rng.choice(frames["closing"]) if language == "en" else "Cảm ơn"
            sign = rng.expand(rng.choice(frames["sign"]))
            lines.append(f"{closing}, {sign}" if sign and rng.chance(0.5) else closing)
        if channel == "email" and language == "en" and rng.chance(0.09):
            lines.append(rng.expand(rng.choice(frames["quoted"])))
        return "\n".join(lines), kinds

    def _personal_data(self, intent: str, language: str) -> tuple[str, tuple[str, ...]]:
        """Return a closing line with the sender's name and one more identifier, and the kinds of PII in it."""
        rng = self._rng
        sender = people.name(rng, language)
        weights = {"email": 35, "phone": 35, "none": 10}
        if intent in ("refund", "billing", "cancel"):
            weights |= {"card": 45, "iban": 60}
        elif intent == "defect":
            weights |= {"card": 12}
        kind = rng.weighted_choice(weights)
        if kind == "email":
            return f"{sender}, {people.email(rng, sender)}", ("name", "email")
        if kind == "phone":
            return f"{sender} {people.phone(rng, language)}", ("name", "phone")
        if kind == "card":
            return f"{rng.choice(('Card', 'card no.', 'The card:'))} {people.card(rng)} {sender}", ("name", "card")
        if kind == "iban":
            return f"IBAN {people.iban(rng)}, {sender}", ("name", "iban")
        return sender, ("name",)
