"""All tickets, and the ground truth about them, which the product never reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from generator import policy
from generator.compose import Writer
from generator.duplicates import is_copyable, near_copy, with_wrong_label
from generator.policy import Ticket, Triage
from generator.seeded_random import SeededRandom, load_phrases
from generator.similarity import SimilarityIndex, character_shingles

MAX_SIMILARITY = 0.6  # maximum Jaccard similarity of two originals, by shingles of five characters
SEED = "tarnwick-7"


@dataclass
class Row:
    """Ticket of the file, its label there, and the row of which it is a copy."""

    ticket: Ticket
    label: Triage
    copy_of: Row | None = None
    exact: bool = False


def build() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows of `tickets.jsonl` and the content of `tickets.truth.json`."""
    rng = SeededRandom(SEED, load_phrases("slots"))
    rows = [Row(ticket, ticket.triage) for ticket in _originals(rng)]
    rows += _copies(rows, rng)
    _mislabel(rows, rng)
    rows = _ordered(rows, rng)
    names = {id(row): f"T-{number:04d}" for number, row in enumerate(rows, start=1)}
    return [_line(names[id(row)], row) for row in rows], _truth(rows, names)


def _originals(rng: SeededRandom) -> list[Ticket]:
    writer = Writer(rng)
    plan = [
        (intent, "vi" if number < policy.VIETNAMESE.get(intent, 0) else "en")
        for intent, count in policy.ORIGINALS.items()
        for number in range(count)
    ]
    written: list[Ticket] = []
    index = SimilarityIndex()
    for intent, language in plan:
        ticket = writer.write(intent, language)
        while index.max_similarity(character_shingles(ticket.text)) > MAX_SIMILARITY:
            ticket = writer.write(intent, language)
        written.append(ticket)
        index.add(character_shingles(ticket.text))
    return written


def _copies(rows: list[Row], rng: SeededRandom) -> list[Row]:
    long_enough = [row for row in rng.shuffled(rows) if is_copyable(row.ticket)]
    needed = policy.EXACT_DUPLICATES + policy.NEAR_DUPLICATES
    copies: list[Row] = []
    for number, source in enumerate(long_enough[:needed]):
        exact = number < policy.EXACT_DUPLICATES
        text = source.ticket.text if exact else near_copy(source.ticket.text, rng)
        ticket = replace(source.ticket, text=text, channel=rng.choice(("email", "chat", "form")))
        copies.append(Row(ticket, ticket.triage, copy_of=source, exact=exact))
    return copies


def _mislabel(rows: list[Row], rng: SeededRandom) -> None:
    copied = {id(row.copy_of) for row in rows if row.copy_of}
    exact = [row for row in rows if row.copy_of and row.exact]
    near = [row for row in rows if row.copy_of and not row.exact]
    alone = [row for row in rows if not row.copy_of and id(row) not in copied]
    chosen = rng.shuffled(exact)[: policy.WRONG_IN_EXACT] + rng.shuffled(near)[: policy.WRONG_IN_NEAR]
    for row in chosen + rng.shuffled(alone)[: policy.WRONG_ALONE]:
        row.label = with_wrong_label(row.label, rng)


def _ordered(rows: list[Row], rng: SeededRandom) -> list[Row]:
    """Return the rows in random order, with every copy after its original."""
    mixed = rng.shuffled(rows)
    position = {id(row): number for number, row in enumerate(mixed)}
    for row in [row for row in mixed if row.copy_of]:
        copy, original = position[id(row)], position[id(row.copy_of)]
        if copy < original:
            mixed[copy], mixed[original] = mixed[original], mixed[copy]
    return mixed


def _line(name: str, row: Row) -> dict[str, Any]:
    return {"id": name, "channel": row.ticket.channel, "text": row.ticket.text, "triage": asdict(row.label)}


def _truth(rows: list[Row], names: dict[int, str]) -> dict[str, Any]:
    copies = [row for row in rows if row.copy_of]
    wrong = [row for row in rows if row.label != row.ticket.triage]
    return {
        "wrong_labels": {names[id(row)]: asdict(row.ticket.triage) for row in wrong},
        "conflicts": {names[id(row)]: names[id(row.copy_of)] for row in wrong if row.copy_of},
        "exact_duplicates": {names[id(row)]: names[id(row.copy_of)] for row in copies if row.exact},
        "near_duplicates": {names[id(row)]: names[id(row.copy_of)] for row in copies if not row.exact},
        "personal_data": {names[id(row)]: list(row.ticket.personal_data) for row in rows if row.ticket.personal_data},
        "vietnamese": [names[id(row)] for row in rows if row.ticket.language == "vi"],
    }
