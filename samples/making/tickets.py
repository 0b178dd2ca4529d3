"""All tickets, and the truth about them that the product never reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from making import policy
from making.compose import Writer
from making.dice import Dice, load_phrases
from making.policy import Ticket, Triage
from making.repeats import can_be_copied, mislabelled, near_copy
from making.similar import Seen, signs

DISTINCT = 0.6  # No two originals share more than this part of their five-character shingles.
SEED = "tarnwick-7"


@dataclass
class Row:
    """A ticket in the file, with the row it copies and the label it should have had."""

    ticket: Ticket
    given: Triage
    copy_of: Row | None = None
    exact: bool = False


def build() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of `tickets.jsonl` and the content of `tickets.truth.json`."""
    dice = Dice(SEED, load_phrases("slots"))
    rows = [Row(ticket, ticket.triage) for ticket in _originals(dice)]
    rows += _copies(rows, dice)
    _mislabel(rows, dice)
    rows = _ordered(rows, dice)
    names = {id(row): f"T-{number:04d}" for number, row in enumerate(rows, start=1)}
    return [_line(names[id(row)], row) for row in rows], _truth(rows, names)


def _originals(dice: Dice) -> list[Ticket]:
    writer = Writer(dice)
    plan = [
        (intent, "vi" if number < policy.VIETNAMESE.get(intent, 0) else "en")
        for intent, count in policy.ORIGINALS.items()
        for number in range(count)
    ]
    written: list[Ticket] = []
    seen = Seen()
    for intent, language in plan:
        ticket = writer.write(intent, language)
        while seen.nearest(signs(ticket.text)) > DISTINCT:
            ticket = writer.write(intent, language)
        written.append(ticket)
        seen.add(signs(ticket.text))
    return written


def _copies(rows: list[Row], dice: Dice) -> list[Row]:
    long_enough = [row for row in dice.shuffled(rows) if can_be_copied(row.ticket)]
    needed = policy.EXACT_DUPLICATES + policy.NEAR_DUPLICATES
    copies: list[Row] = []
    for number, source in enumerate(long_enough[:needed]):
        exact = number < policy.EXACT_DUPLICATES
        text = source.ticket.text if exact else near_copy(source.ticket.text, dice)
        ticket = replace(source.ticket, text=text, channel=dice.one(("email", "chat", "form")))
        copies.append(Row(ticket, ticket.triage, copy_of=source, exact=exact))
    return copies


def _mislabel(rows: list[Row], dice: Dice) -> None:
    copied = {id(row.copy_of) for row in rows if row.copy_of}
    exact = [row for row in rows if row.copy_of and row.exact]
    near = [row for row in rows if row.copy_of and not row.exact]
    alone = [row for row in rows if not row.copy_of and id(row) not in copied]
    chosen = dice.shuffled(exact)[: policy.WRONG_IN_EXACT] + dice.shuffled(near)[: policy.WRONG_IN_NEAR]
    for row in chosen + dice.shuffled(alone)[: policy.WRONG_ALONE]:
        row.given = mislabelled(row.given, dice)


def _ordered(rows: list[Row], dice: Dice) -> list[Row]:
    """Mixed, with every copy after what it copies."""
    mixed = dice.shuffled(rows)
    place = {id(row): index for index, row in enumerate(mixed)}
    for row in [row for row in mixed if row.copy_of]:
        here, there = place[id(row)], place[id(row.copy_of)]
        if here < there:
            mixed[here], mixed[there] = mixed[there], mixed[here]
    return mixed


def _line(name: str, row: Row) -> dict[str, Any]:
    return {"id": name, "channel": row.ticket.channel, "text": row.ticket.text, "triage": asdict(row.given)}


def _truth(rows: list[Row], names: dict[int, str]) -> dict[str, Any]:
    copies = [row for row in rows if row.copy_of]
    wrong = [row for row in rows if row.given != row.ticket.triage]
    return {
        "wrong_labels": {names[id(row)]: asdict(row.ticket.triage) for row in wrong},
        "conflicts": {names[id(row)]: names[id(row.copy_of)] for row in wrong if row.copy_of},
        "exact_duplicates": {names[id(row)]: names[id(row.copy_of)] for row in copies if row.exact},
        "near_duplicates": {names[id(row)]: names[id(row.copy_of)] for row in copies if not row.exact},
        "personal_data": {names[id(row)]: list(row.ticket.personal_data) for row in rows if row.ticket.personal_data},
        "vietnamese": [names[id(row)] for row in rows if row.ticket.language == "vi"],
    }
