"""Parity check: verifies that the engine computes what the trainer computed.

Both process the same conversations. Equal token ids prove the same chat template and tokenizer. Equal log-probabilities
of the next token at every compared position prove the same weights, adapter and arithmetic. The report names the first
mismatch.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from vong.errors import InvalidInput
from vong.records import Message, Record, now
from vong.serving.engine_client import EngineClient

Precision = Literal["fp32", "bf16", "quantised"]

TOLERANCES: dict[Precision, float] = {"fp32": 1e-3, "bf16": 5e-2, "quantised": 1.0}
"""Tolerance in natural logarithm. Exact arithmetic (fp32, bf16): maximum difference of a token's log-probability.
Quantised weights: how much less likely than the trainer's most likely token the engine's may be for the trainer."""

COMPARED_TOKENS = 5
"""Number of the trainer's most likely tokens that are compared at each position."""
REQUESTED_TOKENS = 50
"""Number of most likely tokens requested from the engine, so that the compared ones are among them."""


class TokenLogprobs(Record):
    """Token ids and log-probabilities of one side for one conversation.

    `ids` ends with the generation prompt. `logprobs` contains the most likely next tokens after each of the last
    prefixes of `ids`; its last item follows all ids.
    """

    ids: tuple[int, ...]
    logprobs: tuple[dict[int, float], ...]


class ParityMismatch(Record):
    """First mismatch of trainer and engine. `position` counts tokens of the conversation from 0."""

    kind: Literal["tokens", "logprobs"]
    conversation: int
    position: int
    token: int | None
    reference: float | int | None
    observed: float | int | None

    def __str__(self) -> str:
        location = f"conversation {self.conversation}, position {self.position}"
        if self.kind == "tokens":
            return f"{location}: the trainer has token {self.reference}, the engine {self.observed}"
        return (
            f"{location}, token {self.token}: log-probability {_format_logprob(self.reference)} in the trainer, "
            f"{_format_logprob(self.observed)} in the engine"
        )


class ParityReport(Record):
    """Result of a parity check. `largest_difference` covers all compared log-probabilities, in natural logarithm."""

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
    """Compare the results of trainer and engine for the same conversations, up to the first mismatch.

    Raises: InvalidInput if the numbers of conversations differ.
    """
    if len(reference) != len(observed):
        raise InvalidInput(
            "trainer and engine processed different numbers of conversations", "compare the same conversations"
        )
    tolerance, largest, positions = TOLERANCES[precision], 0.0, 0
    mismatch: ParityMismatch | None = None
    for number, (reference_item, observed_item) in enumerate(zip(reference, observed, strict=True)):
        mismatch = _compare_tokens(number, reference_item.ids, observed_item.ids)
        if mismatch:
            break
        for back, (reference_logprobs, observed_logprobs) in enumerate(
            zip(reversed(reference_item.logprobs), reversed(observed_item.logprobs), strict=False)
        ):
            token, difference = _largest_difference(reference_logprobs, observed_logprobs, precision)
            positions, largest = positions + 1, max(largest, difference)
            if difference > tolerance and mismatch is None:
                position = len(reference_item.ids) - 1 - back
                mismatch = ParityMismatch(
                    kind="logprobs",
                    conversation=number,
                    position=position,
                    token=token,
                    reference=reference_logprobs.get(token),
                    observed=observed_logprobs.get(token),
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


class LogprobDifferences(NamedTuple):
    """Largest differences over all positions, in natural logarithm.

    `absolute`: of the log-probability of a likely token. `lost`: how much less likely the observed first choice is for
    the trainer than its own first choice.
    """

    absolute: float
    lost: float


def measure_differences(
    reference: Sequence[TokenLogprobs], observed: Sequence[TokenLogprobs]
) -> LogprobDifferences | None:
    """Return the largest differences of conversations with equal token ids, or None if no conversation has them."""
    pairs = [
        (ours, theirs)
        for one, other in zip(reference, observed, strict=True)
        if one.ids == other.ids
        for ours, theirs in zip(reversed(one.logprobs), reversed(other.logprobs), strict=False)
    ]
    if not pairs:
        return None
    return LogprobDifferences(
        max(_largest_difference(ours, theirs, "fp32")[1] for ours, theirs in pairs),
        max(_largest_difference(ours, theirs, "quantised")[1] for ours, theirs in pairs),
    )


def observe_engine(
    client: EngineClient, name: str, conversations: Sequence[Sequence[Message]], positions: int
) -> list[TokenLogprobs]:
    """Compute token ids and log-probabilities with the engine, at the last `positions` of each conversation."""
    results: list[TokenLogprobs] = []
    for conversation in conversations:
        messages: list[dict[str, Any]] = [
            message.model_dump(mode="json", exclude_none=True) for message in conversation
        ]
        ids = client.tokenize(name, messages)
        logprobs = client.logprobs(name, ids, min(positions, len(ids)), REQUESTED_TOKENS)
        results.append(TokenLogprobs(ids=tuple(ids), logprobs=tuple(logprobs)))
    return results


def _compare_tokens(number: int, ours: Sequence[int], theirs: Sequence[int]) -> ParityMismatch | None:
    for position in range(max(len(ours), len(theirs))):
        one = ours[position] if position < len(ours) else None
        other = theirs[position] if position < len(theirs) else None
        if one != other:
            return ParityMismatch(
                kind="tokens", conversation=number, position=position, token=None, reference=one, observed=other
            )
    return None


def _largest_difference(
    reference: dict[int, float], observed: dict[int, float], precision: Precision
) -> tuple[int, float]:
    """Return the token with the largest difference at one position, and the difference."""
    best = sorted(reference, key=lambda token: -reference[token])
    if precision == "quantised":
        chosen = max(observed, key=lambda token: observed[token])
        return chosen, reference[best[0]] - reference.get(chosen, min(reference.values()))
    floor = min(observed.values())
    # A token that the engine did not return is at most as likely as the last returned one.
    gaps = {
        token: abs(reference[token] - observed.get(token, min(floor, reference[token])))
        for token in best[:COMPARED_TOKENS]
    }
    token = max(gaps, key=lambda token: gaps[token])
    return token, gaps[token]


def _format_logprob(value: float | int | None) -> str:
    return "not among the most likely" if value is None else f"{value:.4f}"
