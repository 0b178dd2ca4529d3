"""The parity check: does the engine compute what the trainer computed?

Both read the same conversations. The token ids must be equal, so that the chat template and the tokenizer are the same;
the log-probabilities of the next token must agree at every compared position, so that the weights, the adapter and the
arithmetic are the same. The first place where they do not is named.
"""

from collections.abc import Sequence
from typing import Any, Literal

from vong.errors import InvalidInput
from vong.records import Message, Record, now
from vong.serving.engine_client import EngineClient

Precision = Literal["fp32", "bf16", "quantised"]

TOLERANCE: dict[Precision, float] = {"fp32": 1e-3, "bf16": 5e-2, "quantised": 1.0}
"""Natural logarithm. Exact arithmetic (fp32, bf16): how far a token's log-probability may lie from the trainer's.
Quantised weights: how much less likely than the trainer's likeliest token the engine's may be, for the trainer."""

COMPARED = 5
"""The trainer's likeliest tokens that are compared at each position."""
ASKED = 50
"""The likeliest tokens that the engine is asked for, so that those few are among them."""


class TokenLogprobs(Record):
    """What one side computed for one conversation: its token ids, ready for the answer, and the log-probabilities of
    the likeliest next tokens after each of the last prefixes of these ids (the last item follows all of them).
    """

    ids: tuple[int, ...]
    logprobs: tuple[dict[int, float], ...]


class ParityMismatch(Record):
    """The first place where the two disagree. `position` counts tokens of the conversation from 0."""

    kind: Literal["tokens", "logprobs"]
    conversation: int
    position: int
    token: int | None
    reference: float | int | None
    observed: float | int | None

    def __str__(self) -> str:
        place = f"conversation {self.conversation}, position {self.position}"
        if self.kind == "tokens":
            return f"{place}: the trainer has token {self.reference}, the engine {self.observed}"
        return (
            f"{place}, token {self.token}: log-probability {_number(self.reference)} in the trainer, "
            f"{_number(self.observed)} in the engine"
        )


class ParityReport(Record):
    """The outcome. `largest_difference` is over all compared log-probabilities, in natural logarithm."""

    equal: bool
    precision: Precision
    tolerance: float
    conversations: int
    positions: int
    largest_difference: float
    mismatch: ParityMismatch | None = None
    reason: str | None = None
    model: str | None = None
    checked_at: str | None = None


def compare(
    reference: Sequence[TokenLogprobs], observed: Sequence[TokenLogprobs], precision: Precision = "fp32"
) -> ParityReport:
    """Compare what the trainer and the engine computed for the same conversations, up to the first mismatch."""
    if len(reference) != len(observed):
        raise InvalidInput("the two sides saw different numbers of conversations", "compare the same conversations")
    tolerance, largest, positions = TOLERANCE[precision], 0.0, 0
    mismatch: ParityMismatch | None = None
    for number, (ours, theirs) in enumerate(zip(reference, observed, strict=True)):
        mismatch = _tokens(number, ours.ids, theirs.ids)
        if mismatch:
            break
        for back, (wanted, found) in enumerate(zip(reversed(ours.logprobs), reversed(theirs.logprobs), strict=False)):
            token, difference = _distance(wanted, found, precision)
            positions, largest = positions + 1, max(largest, difference)
            if difference > tolerance and mismatch is None:
                place = len(ours.ids) - 1 - back
                mismatch = ParityMismatch(
                    kind="logprobs",
                    conversation=number,
                    position=place,
                    token=token,
                    reference=wanted.get(token),
                    observed=found.get(token),
                )
        if mismatch:
            break
    return ParityReport(
        equal=mismatch is None,
        precision=precision,
        tolerance=tolerance,
        conversations=len(reference),
        positions=positions,
        largest_difference=largest,
        mismatch=mismatch,
        reason=str(mismatch) if mismatch else None,
        checked_at=now().isoformat(),
    )


def observe(
    remote: EngineClient, name: str, conversations: Sequence[Sequence[Message]], positions: int
) -> list[TokenLogprobs]:
    """What the engine computes for these conversations under that name, at the last `positions` of each."""
    seen: list[TokenLogprobs] = []
    for conversation in conversations:
        messages: list[dict[str, Any]] = [
            message.model_dump(mode="json", exclude_none=True) for message in conversation
        ]
        ids = remote.tokenize(name, messages)
        logprobs = remote.logprobs(name, ids, min(positions, len(ids)), ASKED)
        seen.append(TokenLogprobs(ids=tuple(ids), logprobs=tuple(logprobs)))
    return seen


def _tokens(number: int, ours: Sequence[int], theirs: Sequence[int]) -> ParityMismatch | None:
    for position in range(max(len(ours), len(theirs))):
        one = ours[position] if position < len(ours) else None
        other = theirs[position] if position < len(theirs) else None
        if one != other:
            return ParityMismatch(
                kind="tokens", conversation=number, position=position, token=None, reference=one, observed=other
            )
    return None


def _distance(wanted: dict[int, float], found: dict[int, float], precision: Precision) -> tuple[int, float]:
    """The token that disagrees most at one position, and by how much."""
    best = sorted(wanted, key=lambda token: -wanted[token])
    if precision == "quantised":
        chosen = max(found, key=lambda token: found[token])
        return chosen, wanted[best[0]] - wanted.get(chosen, min(wanted.values()))
    floor = min(found.values())
    # A token that the engine did not list is at most as likely as the last one it did.
    gaps = {token: abs(wanted[token] - found.get(token, min(floor, wanted[token]))) for token in best[:COMPARED]}
    token = max(gaps, key=lambda token: gaps[token])
    return token, gaps[token]


def _number(value: float | int | None) -> str:
    return "not among the likeliest" if value is None else f"{value:.4f}"
