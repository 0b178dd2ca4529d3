"""Parity check: verifies that the engine computes what the trainer computed.

Both process the same conversations. Equal token ids prove the same chat template and tokenizer. Equal log-probabilities
of the next token at every compared position prove the same weights, adapter and arithmetic. The report names the first
mismatch.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import Any, Literal, NamedTuple

from vong.errors import InvalidInput
from vong.records import Message, Record, now
from vong.serving.engine_client import EngineClient

Precision = Literal["fp32", "bf16", "quantised"]

TOLERANCES: dict[Precision, float] = {"fp32": 1e-3, "bf16": 5e-2, "quantised": 1.0}
"""Tolerance in natural logarithm. Exact arithmetic (fp32, bf16): maximum difference of a token's log-probability.
Quantised weights: how much less likely than the trainer's most likely token the engine's may be for the trainer."""

Prompt = str | Sequence[Message]
"""Conversation, or a text for a model without a chat template."""

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


class QuantizationCost(Record):
    """What quantized weights change, compared with the trainer's outputs for the same conversations.

    `same_choice` is the share of positions at which both have the same most likely token. `mean_difference` and
    `largest_difference` are differences of the log-probabilities of the trainer's most likely tokens. `greedy_equal`
    counts the conversations that both continue with the same text of temperature 0, `greedy_agreement` is the share of
    the trainer's text before the first difference. `concurrent_equal` counts the conversations whose text is the same
    when the engine computes all of them at once.
    """

    positions: int
    same_choice: float
    mean_difference: float
    largest_difference: float
    conversations: int = 0
    greedy_equal: int = 0
    greedy_agreement: float = 0.0
    concurrent_equal: int = 0

    def with_texts(self, expected: Sequence[str], observed: "GreedyTexts") -> "QuantizationCost":
        """Return the cost with the comparison of greedy texts."""
        shares = [
            1.0 if ours == theirs else _count_equal(ours, theirs) / max(1, len(ours))
            for ours, theirs in zip(expected, observed.alone, strict=True)
        ]
        equal = sum(ours == theirs for ours, theirs in zip(observed.alone, observed.together, strict=True))
        texts = {
            "conversations": len(shares),
            "greedy_equal": sum(share == 1.0 for share in shares),
            "greedy_agreement": round(sum(shares) / max(1, len(shares)), 4),
            "concurrent_equal": equal,
        }
        return self.model_copy(update=texts)

    @property
    def summary(self) -> str:
        """Return the cost on one line."""
        concurrent = (
            "equal under concurrent load"
            if self.concurrent_equal == self.conversations
            else f"equal under concurrent load in {self.concurrent_equal} of {self.conversations} conversations"
        )
        return (
            f"quantization: same most likely token at {self.same_choice:.1%} of {self.positions} positions, "
            f"log-probabilities differ by {self.mean_difference:.3f} on average and {self.largest_difference:.3f} at "
            f"most, {self.greedy_equal} of {self.conversations} greedy texts equal to the trainer's, {concurrent}"
        )


class GreedyTexts(NamedTuple):
    """Texts that an engine generates at temperature 0: one conversation at a time, and all at once."""

    alone: list[str]
    together: list[str]


class ParityReport(Record):
    """Result of a parity check. `largest_difference` covers all compared log-probabilities, in natural logarithm."""

    equal: bool
    precision: Precision
    tolerance: float
    conversations: int
    positions: int
    largest_difference: float
    mismatch: ParityMismatch | None = None
    quantization: QuantizationCost | None = None
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
    pairs = _equal_positions(reference, observed)
    if not pairs:
        return None
    return LogprobDifferences(
        max(_largest_difference(ours, theirs, "fp32")[1] for ours, theirs in pairs),
        max(_largest_difference(ours, theirs, "quantised")[1] for ours, theirs in pairs),
    )


def measure_quantization(
    reference: Sequence[TokenLogprobs], observed: Sequence[TokenLogprobs]
) -> QuantizationCost | None:
    """Return the cost of quantization, without texts. Returns None if no conversation has equal token ids."""
    pairs = _equal_positions(reference, observed)
    if not pairs:
        return None
    differences = [difference for ours, theirs in pairs for difference in _differences(ours, theirs).values()]
    same = sum(max(ours, key=ours.__getitem__) == max(theirs, key=theirs.__getitem__) for ours, theirs in pairs)
    return QuantizationCost(
        positions=len(pairs),
        same_choice=round(same / len(pairs), 4),
        mean_difference=round(sum(differences) / len(differences), 4),
        largest_difference=round(max(differences), 4),
    )


def observe_greedy(client: EngineClient, name: str, prompts: Sequence[Prompt], max_tokens: int) -> GreedyTexts:
    """Generate a text at temperature 0 after each prompt, one at a time and then all at once."""

    def complete(prompt: Prompt) -> str:
        if isinstance(prompt, str):
            return client.complete_text(name, prompt, max_tokens)
        return client.complete(name, _dump(prompt), max_tokens)

    alone = [complete(prompt) for prompt in prompts]
    with ThreadPoolExecutor(max_workers=max(1, len(prompts))) as pool:
        return GreedyTexts(alone, list(pool.map(complete, prompts)))


def observe_engine(client: EngineClient, name: str, prompts: Sequence[Prompt], positions: int) -> list[TokenLogprobs]:
    """Compute token ids and log-probabilities with the engine, at the last `positions` of each prompt."""
    results: list[TokenLogprobs] = []
    for prompt in prompts:
        ids = client.tokenize_text(name, prompt) if isinstance(prompt, str) else client.tokenize(name, _dump(prompt))
        logprobs = client.logprobs(name, ids, min(positions, len(ids)), REQUESTED_TOKENS)
        results.append(TokenLogprobs(ids=tuple(ids), logprobs=tuple(logprobs)))
    return results


def _dump(conversation: Sequence[Message]) -> list[dict[str, Any]]:
    return [message.model_dump(mode="json", exclude_none=True) for message in conversation]


def _equal_positions(
    reference: Sequence[TokenLogprobs], observed: Sequence[TokenLogprobs]
) -> list[tuple[dict[int, float], dict[int, float]]]:
    """Return the log-probabilities of both sides at each position of the conversations with equal token ids."""
    return [
        (ours, theirs)
        for one, other in zip(reference, observed, strict=True)
        if one.ids == other.ids
        for ours, theirs in zip(reversed(one.logprobs), reversed(other.logprobs), strict=False)
    ]


def _count_equal(one: str, other: str) -> int:
    """Return the number of characters before the first difference of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


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
    gaps = _differences(reference, observed)
    token = max(gaps, key=lambda token: gaps[token])
    return token, gaps[token]


def _differences(reference: dict[int, float], observed: dict[int, float]) -> dict[int, float]:
    """Return the difference of each of the trainer's most likely tokens at one position."""
    best = sorted(reference, key=lambda token: -reference[token])
    floor = min(observed.values())
    # A token that the engine did not return is at most as likely as the last returned one.
    return {
        token: abs(reference[token] - observed.get(token, min(floor, reference[token])))
        for token in best[:COMPARED_TOKENS]
    }


def _format_logprob(value: float | int | None) -> str:
    return "not among the most likely" if value is None else f"{value:.4f}"
