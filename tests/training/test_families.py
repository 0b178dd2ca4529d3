"""Architectures end to end: train an adapter, merge it, serve both, and compare the engine with the trainer."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import create_tiny_model
from tests.training.factories import Recorder, create_context
from vong.records import Message
from vong.serving.engine import EngineSettings, GenerationRequest
from vong.serving.engine.transformers.engine import TransformersEngine
from vong.serving.parity import REQUESTED_TOKENS, TokenLogprobs, compare
from vong.training import compute_reference
from vong.training.models.merging import merge_adapter
from vong.training.recipes.sft import SftRecipe

COMMON: dict[str, Any] = {
    "vocab_size": 259,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
GROUPED: dict[str, Any] = {"num_key_value_heads": 2, "head_dim": 16}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {"num_key_value_heads": 2}),
    "falcon": (
        "falcon",
        {"multi_query": True, "alibi": False, "parallel_attn": True, "new_decoder_architecture": False},
    ),
    "falcon-40b": ("falcon", {"num_kv_heads": 2, "alibi": False, "new_decoder_architecture": True}),
    "falcon-alibi": ("falcon", {"alibi": True, "multi_query": False, "bias": True}),
    "mistral": ("mistral", {**GROUPED, "sliding_window": 8}),
    "qwen2": ("qwen2", {"num_key_value_heads": 2, "tie_word_embeddings": True}),
    "qwen3": ("qwen3", {**GROUPED}),
    "gemma2": ("gemma2", {**GROUPED, "sliding_window": 8, "query_pre_attn_scalar": 16}),
    "gemma3": ("gemma3_text", {**GROUPED, "sliding_window": 8, "query_pre_attn_scalar": 16}),
    "phi3": ("phi3", {"num_key_value_heads": 2}),
    "smollm3": ("smollm3", {"num_key_value_heads": 2}),
    "gpt2": ("gpt2", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}),
    "gpt_neox": ("gpt_neox", {}),
    "olmo2": ("olmo2", {"num_key_value_heads": 2}),
}
IN_DEFAULT_RUN = ("llama", "gemma2")
"""Families of the default run. Gemma 2 has no scaled dot product attention."""
WITHOUT_LINEAR_LAYERS = {"gpt2"}
"""Families whose layers are transposed convolutions, which bitsandbytes does not quantize."""
CONVERSATIONS = (
    (Message(role="user", content="say a!!"),),
    (
        Message(role="user", content="say b"),
        Message(role="assistant", content="bbb"),
        Message(role="user", content="say c, then d: é\n\t(end)"),
    ),
)


def create_family_model(folder: Path, family: str) -> Path:
    """Write a random model of an architecture with the tokenizer and the chat template of the tiny model."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    create_tiny_model(folder)
    model_type, values = FAMILIES[family]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = AutoConfig.for_model(model_type, **{**COMMON, **values})
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def train_and_compare(folder: Path, family: str, settings: dict[str, Any]) -> None:
    """Train an adapter, and check that trainer, merged model and engine compute the same."""
    base = create_family_model(folder / "base", family)
    recorder = Recorder()
    context = create_context(base, folder / "run", {"epochs": 3, "samples": 0, **settings})
    result = SftRecipe().train(context, recorder)
    losses = recorder.series("loss")
    assert sum(losses[-4:]) / 4 < 0.85 * losses[0], losses
    adapter = result.folder
    reference = reference_logprobs(base, adapter)
    assert compare(reference, reference_logprobs(base, None)).largest_difference > 0.05
    merged = merge_adapter(base, adapter, folder / "merged")
    report = compare(reference, reference_logprobs(merged, None))
    assert report.equal, report.reason
    engine = TransformersEngine(base, EngineSettings(threads=1))
    engine.set_adapter("tuned", adapter)
    for observed in (
        engine_logprobs(engine, "tuned"),
        engine_logprobs(TransformersEngine(merged, EngineSettings(threads=1)), None),
    ):
        report = compare(reference, observed)
        assert report.equal, report.reason
    # Both sequences are decoded in one batch, one with the adapter and one without.
    expected = [reference_text(base, adapter), reference_text(base, None)]
    assert asyncio.run(generate_together(engine, ["tuned", None])) == expected


def reference_logprobs(folder: Path, adapter: Path | None) -> list[TokenLogprobs]:
    values = compute_reference(folder, adapter, CONVERSATIONS, positions=16, max_tokens=1)
    return [TokenLogprobs(ids=tuple(one["ids"]), logprobs=tuple(one["logprobs"])) for one in values]


def reference_text(base: Path, adapter: Path | None) -> str:
    return compute_reference(base, adapter, CONVERSATIONS[:1], max_tokens=12)[0]["greedy"]


async def generate_together(engine: TransformersEngine, adapters: list[str | None]) -> list[str]:
    async def generate(adapter: str | None) -> str:
        messages = [{"role": one.role, "content": one.text} for one in CONVERSATIONS[0]]
        request = GenerationRequest(messages=messages, adapter=adapter, max_tokens=12, temperature=0.0)
        return "".join([chunk.text async for chunk in engine.generate(request)])

    return list(await asyncio.gather(*map(generate, adapters)))


def engine_logprobs(engine: TransformersEngine, adapter: str | None) -> list[TokenLogprobs]:
    results: list[TokenLogprobs] = []
    for conversation in CONVERSATIONS:
        ids = engine.tokenize(adapter, [{"role": one.role, "content": one.text} for one in conversation])
        logprobs = engine.logprobs(adapter, ids, min(16, len(ids)), REQUESTED_TOKENS)
        results.append(TokenLogprobs(ids=tuple(ids), logprobs=tuple(logprobs)))
    return results


@pytest.mark.parametrize("family", IN_DEFAULT_RUN)
def test_common_families_train_merge_and_serve(family: str, tmp_path: Path) -> None:
    train_and_compare(tmp_path, family, {})


@pytest.mark.full
@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in IN_DEFAULT_RUN])
def test_each_family_trains_merges_and_serves(family: str, tmp_path: Path) -> None:
    train_and_compare(tmp_path, family, {})


@pytest.mark.full
@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in WITHOUT_LINEAR_LAYERS])
@pytest.mark.parametrize("settings", [{"quantization": "nf4"}, {"quantization": "int8"}, {"adapter": "dora"}])
def test_families_train_with_quantized_bases_and_dora(family: str, settings: dict[str, Any], tmp_path: Path) -> None:
    train_and_compare(tmp_path, family, settings)
