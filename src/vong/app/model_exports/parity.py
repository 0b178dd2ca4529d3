"""Comparison of an exported model with the trainer, by the program that will read the export."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vong.app.model_exports.formats import ExportSource
from vong.app.model_exports.requests import GGUF_FORMATS, Candidate
from vong.records import Message
from vong.records.model_bundle import ExportParity
from vong.serving.parity import REQUESTED_TOKENS, Precision, TokenLogprobs, compare, measure_differences
from vong.training.export.parity_reference import compute_reference

POSITIONS = 32
"""Positions at the end of each conversation whose log-probabilities are compared."""
GREEDY_TOKENS = 32
"""Tokens that are generated greedily and compared as text."""
EXACT_GGUF_LEVELS = {"f32", "f16"}
CONTEXT_TOKENS = 4096


class Outputs(NamedTuple):
    """Token ids, log-probabilities and greedy text of one side, per conversation."""

    logprobs: list[TokenLogprobs]
    greedy: list[str]


def check_parity(
    source: ExportSource, candidate: Candidate, target: Path, reference: Outputs, threads: int
) -> ExportParity:
    """Compute the same conversations with the export and compare them with the trainer's outputs."""
    if candidate.format in GGUF_FORMATS:
        observed = observe_gguf(next(target.glob("*.gguf")), source.conversations, threads)
        precision: Precision = "bf16" if candidate.quantization in EXACT_GGUF_LEVELS else "quantised"
        program = "llama.cpp"
    elif candidate.format == "safetensors" and source.adapter:
        observed = observe_transformers(source.base, target, source.conversations)
        precision, program = "fp32", "transformers and PEFT"
    else:
        observed = observe_transformers(target, None, source.conversations)
        precision, program = find_precision(target, candidate), "transformers"
    return compare_outputs(reference, observed, precision, program)


def compare_outputs(reference: Outputs, observed: Outputs, precision: Precision, program: str) -> ExportParity:
    """Return the comparison. The verdict covers token ids and log-probabilities; greedy texts are reported."""
    report = compare(reference.logprobs, observed.logprobs, precision)
    differences = measure_differences(reference.logprobs, observed.logprobs)
    unequal = [
        (number, ours, theirs)
        for number, (ours, theirs) in enumerate(zip(reference.greedy, observed.greedy, strict=True))
        if ours != theirs
    ]
    first = next(iter(unequal), None)
    return ExportParity(
        equal=report.equal,
        precision=precision,
        tolerance=report.tolerance,
        conversations=report.conversations,
        positions=sum(len(one.logprobs) for one in observed.logprobs),
        largest_difference=differences.absolute if differences else None,
        lost_likelihood=differences.lost if differences else None,
        greedy_equal=len(reference.greedy) - len(unequal),
        reason=report.reason,
        greedy_difference=first and f"conversation {first[0]}: {first[1][:120]!r} became {first[2][:120]!r}",
        computed_by=program,
    )


def compute_trainer_outputs(source: ExportSource) -> Outputs:
    """Return the outputs of the trained model, computed as the trainer does."""
    return observe_transformers(source.base, source.adapter, source.conversations)


def observe_transformers(folder: Path, adapter: Path | None, conversations: Sequence[Sequence[Message]]) -> Outputs:
    """Compute the conversations with transformers and, for an adapter, PEFT."""
    values = compute_reference(folder, adapter, conversations, positions=POSITIONS, max_tokens=GREEDY_TOKENS)
    logprobs = [TokenLogprobs(ids=tuple(one["ids"]), logprobs=tuple(one["logprobs"])) for one in values]
    return Outputs(logprobs, [one["greedy"] for one in values])


def observe_gguf(file: Path, conversations: Sequence[Sequence[Message]], threads: int) -> Outputs:
    """Compute the conversations with llama.cpp, by the tokenizer and the chat template in the GGUF file."""
    from vong.serving.engine import EngineSettings
    from vong.serving.engine.llamacpp.engine import LlamaCppEngine

    engine = LlamaCppEngine(file, EngineSettings(threads=threads, batch=1, context=CONTEXT_TOKENS), exact=True)
    logprobs: list[TokenLogprobs] = []
    greedy: list[str] = []
    for conversation in conversations:
        messages = [message.model_dump(mode="json", exclude_none=True) for message in conversation]
        ids = engine.tokenize(None, messages)
        found = engine.logprobs(None, ids, min(POSITIONS, len(ids)), REQUESTED_TOKENS)
        logprobs.append(TokenLogprobs(ids=tuple(ids), logprobs=tuple(found)))
        greedy.append(asyncio.run(_generate(engine, messages)))
    return Outputs(logprobs, greedy)


def find_precision(folder: Path, candidate: Candidate) -> Precision:
    """Return the precision of exported safetensors."""
    if candidate.format in {"int8", "int4"}:
        return "quantised"
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return "fp32" if (config.get("dtype") or config.get("torch_dtype")) in (None, "float32") else "bf16"


async def _generate(engine: Any, messages: list[dict[str, Any]]) -> str:
    from vong.serving.engine import GenerationRequest

    request = GenerationRequest(messages=messages, max_tokens=GREEDY_TOKENS, temperature=0.0)
    return "".join([chunk.text async for chunk in engine.generate(request)])
