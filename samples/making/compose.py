"""One ticket: an issue, its stated impact, the talk around them, personal data, and the noise."""

from __future__ import annotations

from typing import Any

from making import people
from making.dice import Dice, load_phrases
from making.noise import roughen
from making.policy import IMPACT_WEIGHTS, IMPACTS, PRODUCT_WEIGHTS, Ticket, Triage, urgency_of

CHANNELS = {"email": 45, "chat": 30, "form": 25}


class Writer:
    """Writes tickets in two languages from the phrase files."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        issues: dict[str, Any] = {}
        for name in ("issues_defect", "issues_money", "issues_other"):
            loaded = load_phrases(name)
            issues.update({"defect": loaded} if name == "issues_defect" else loaded)
        self._vietnamese = load_phrases("vietnamese")
        self._issues: dict[str, Any] = {"en": issues, "vi": self._vietnamese}
        self._impact = load_phrases("impact")
        self._frames = load_phrases("frames")

    def write(self, intent: str, language: str) -> Ticket:
        """A new ticket of this intent."""
        dice = self._dice
        product, issue, summary = self._issue(intent, language)
        impact = dice.weighted(dict(zip(IMPACTS, IMPACT_WEIGHTS[intent], strict=True)))
        if language == "vi" and (dice.chance(0.25) or (impact == "critical" and intent not in ("defect", "access"))):
            impact = "none"
        channel = dice.weighted(CHANNELS)
        stated = self._stated(impact, intent, product, language)
        body = self._body(issue, stated, intent, language)
        text, kinds = self._dressed(body, intent, channel, language)
        text = roughen(text, channel, language, dice)
        return Ticket(channel, text, Triage(product, urgency_of(intent, impact), intent, summary), language, kinds)

    def _issue(self, intent: str, language: str) -> tuple[str, str, str]:
        by_product: dict[str, list[list[str]]] = self._issues[language][intent]
        known = {product: weight for product, weight in PRODUCT_WEIGHTS.items() if product in by_product}
        if intent == "access":
            known["account"] = 80
        elif intent in ("refund", "billing", "cancel") and "account" in known:
            known["account"] = 26
        product = self._dice.weighted(known)
        phrase, summary = self._dice.one(by_product[product])
        return product, self._dice.say(phrase), summary

    def _stated(self, impact: str, intent: str, product: str, language: str) -> str:
        if impact == "none":
            return ""
        if language == "vi":
            return self._dice.say(self._dice.one(self._vietnamese["impact"][impact]))
        key = f"critical_{self._critical_kind(intent, product)}" if impact == "critical" else impact
        return self._dice.say(self._dice.one(self._impact[key]))

    def _critical_kind(self, intent: str, product: str) -> str:
        fixed = {"refund": "money", "privacy": "exposed", "delivery": "heat"}
        if intent in fixed:
            return fixed[intent]
        if intent == "access" or product == "account":
            return "sale" if self._dice.chance(0.6) else "exposed"
        return "heat" if product in ("till", "tap", "trail") and self._dice.chance(0.25) else "sale"

    def _body(self, issue: str, stated: str, intent: str, language: str) -> str:
        dice = self._dice
        frames: dict[str, list[str]] = self._vietnamese if language == "vi" else self._frames
        parts = [issue]
        if language == "en" and dice.chance(0.04):
            parts[0] = f"{dice.say(dice.one(frames['minor_first']))} {issue}"
        elif dice.chance(0.15):
            parts.insert(0, dice.say(dice.one(frames["context"])))
        if dice.chance(0.15):
            parts.append(dice.say(dice.one(frames["tried" if intent in ("defect", "access") else "backed"])))
        if dice.chance(0.1):
            parts.append(dice.say(dice.one(frames["aside"])))
        if stated:
            parts.insert(0 if dice.chance(0.1) else len(parts), stated)
        if dice.chance(0.25):
            parts.append(dice.say(dice.one(frames["ask"])))
        if language == "en" and dice.chance(0.03):
            parts.append(dice.say(dice.one(frames["minor"])))
        return self._joined([part for part in parts if part])

    def _joined(self, parts: list[str]) -> str:
        text = ""
        for index, part in enumerate(parts):
            glue = self._dice.weighted({". ": 70, ", ": 12, " - ": 6, "... ": 5, "\n": 7}) if index else ""
            if glue and text[-1] in "?!.:":
                glue = " "
            starts_new = not text or glue in (". ", "\n", " ", "... ")
            text += glue + (part[:1].upper() + part[1:] if starts_new else part)
        return text if text[-1] in "?!.:" else text + self._dice.one((".", ".", ".", ""))

    def _dressed(self, body: str, intent: str, channel: str, language: str) -> tuple[str, tuple[str, ...]]:
        dice = self._dice
        frames: dict[str, list[str]] = self._vietnamese if language == "vi" else self._frames
        lines: list[str] = []
        if channel == "email" and dice.chance(0.2) and language == "en":
            lines.append(f"Subject: {dice.say(dice.one(frames['subject']))}")
        if channel == "form" and dice.chance(0.25):
            lines.append(f"Shop: {dice.one(self._frames['shop'])}")
        greeting = f"{dice.one(frames['greeting'])}{dice.one((',', ',', '!', ''))} " if dice.chance(0.6) else ""
        lines.append(greeting + body)
        kinds: tuple[str, ...] = ()
        if dice.chance(0.17):
            line, kinds = self._personal(intent, language)
            lines.append(line)
        elif dice.chance(0.1 if channel == "chat" else 0.5):
            closing = dice.one(frames["closing"]) if language == "en" else "Cảm ơn"
            sign = dice.say(dice.one(frames["sign"]))
            lines.append(f"{closing}, {sign}" if sign and dice.chance(0.5) else closing)
        if channel == "email" and language == "en" and dice.chance(0.09):
            lines.append(dice.say(dice.one(frames["quoted"])))
        return "\n".join(lines), kinds

    def _personal(self, intent: str, language: str) -> tuple[str, tuple[str, ...]]:
        """A closing line with the sender's name and one more way to know them."""
        dice = self._dice
        who = people.name(dice, language)
        weights = {"email": 35, "phone": 35, "none": 10}
        if intent in ("refund", "billing", "cancel"):
            weights |= {"card": 45, "iban": 60}
        elif intent == "defect":
            weights |= {"card": 12}
        kind = dice.weighted(weights)
        if kind == "email":
            return f"{who}, {people.email(dice, who)}", ("name", "email")
        if kind == "phone":
            return f"{who} {people.phone(dice, language)}", ("name", "phone")
        if kind == "card":
            return f"{dice.one(('Card', 'card no.', 'The card:'))} {people.card(dice)} {who}", ("name", "card")
        if kind == "iban":
            return f"IBAN {people.iban(dice)}, {who}", ("name", "iban")
        return who, ("name",)
