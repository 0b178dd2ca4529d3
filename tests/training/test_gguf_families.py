"""GGUF files of Gemma and Phi: llama.cpp computes the same, and configurations that it cannot compute are refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_gguf_sentencepiece import TEXTS, write_tokenizer
from vong.app.model_exports.parity import compare_outputs, observe_gguf, observe_transformers
from vong.errors import Unsupported
from vong.records import Message
from vong.training.export.gguf_export import check_convertible, write_gguf
from vong.training.export.gguf_export.families import ARCHITECTURES
from vong.training.export.gguf_export.vocabulary import LLAMA3_PATTERN, O200K_PATTERN, find_pre_tokenizer

SMALL: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 256, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "initializer_range": 0.2,
}  # fmt: skip
GEMMA: dict[str, Any] = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 16}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma": ("Gemma", {"num_hidden_layers": 2, "head_dim": 32}),
    "gemma2": ("Gemma2", {"num_hidden_layers": 4, **GEMMA}),
    "gemma3": ("Gemma3", {"num_hidden_layers": 7, **GEMMA}),
    "phi3": ("Phi3", {"num_hidden_layers": 2, "sliding_window": None}),
}


def round_gelu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute GELU as llama.cpp does on a CPU: from a table whose inputs and outputs are 16-bit numbers."""
    import torch

    gelu = torch.nn.functional.gelu

    def rounded(inputs: Any, approximate: str = "none") -> Any:
        outputs = gelu(inputs.half().float(), approximate=approximate).half().float()
        return torch.where(inputs >= 10, inputs, torch.where(inputs <= -10, torch.zeros_like(inputs), outputs))

    monkeypatch.setattr(torch.nn.functional, "gelu", rounded)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(FAMILIES))
def test_llama_cpp_computes_what_the_model_computes(
    tmp_path: Path, architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import transformers

    name, options = FAMILIES[architecture]
    folder = tmp_path / "model"
    size = write_tokenizer(folder, "first")
    config_class = getattr(transformers, "Gemma3TextConfig" if name == "Gemma3" else f"{name}Config")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = getattr(transformers, f"{name}ForCausalLM")(config_class(vocab_size=size, **SMALL, **options))
        for key, weight in model.named_parameters():
            if key.endswith("norm.weight"):
                torch.nn.init.normal_(weight, 0.5, 0.2)  # norms of a trained model are not all equal
        model.save_pretrained(folder)
    file = write_gguf(folder, tmp_path / "model.gguf", "f32")
    conversations = [(Message(role="user", content=text * 3),) for text in TEXTS]
    reference, observed = observe_transformers(folder, None, conversations), observe_gguf(file, conversations, 1)
    has_gelu = architecture.startswith("gemma")
    parity = compare_outputs(reference, observed, "bf16" if has_gelu else "fp32", "llama.cpp")
    assert parity.equal, parity.reason
    if has_gelu:
        round_gelu(monkeypatch)
        reference = observe_transformers(folder, None, conversations)
        parity = compare_outputs(reference, observed, "bf16", "llama.cpp")
        assert parity.equal and parity.largest_difference is not None
        assert parity.largest_difference < 2e-3  # 4e-3 to 9e-3 without the rounding


def config_of(architecture: str, **changes: Any) -> dict[str, Any]:
    name = next(name for name, known in ARCHITECTURES.items() if known == architecture)
    own = FAMILIES[architecture][1] if architecture in FAMILIES else {"num_hidden_layers": 2}
    caps = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0} if architecture == "gemma2" else {}
    return {"architectures": [name], **SMALL, **own, **caps, **changes}


@pytest.mark.parametrize(
    ("architecture", "changes", "reason"),
    [
        ("gemma", {"hidden_activation": "silu"}, "activation 'silu'"),
        ("gemma3", {"hidden_activation": "gelu"}, "activation 'gelu'"),
        ("gemma2", {"query_pre_attn_scalar": 144}, "query_pre_attn_scalar 144"),
        ("gemma2", {"attn_logit_softcapping": None}, "caps"),
        ("gemma3", {"final_logit_softcapping": 30.0}, "caps"),
        ("gemma3", {"layer_types": ["full_attention"] * 7}, "layer_types"),
        ("gemma3", {"rope_local_base_freq": 5000.0}, "rope_theta 5000"),
        ("phi3", {"sliding_window": 100}, "sliding_window 100"),
        ("phi3", {"rope_scaling": {"type": "longrope"}}, "rope scaling 'longrope'"),
        ("llama", {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "rope scaling 'yarn'"),
        ("llama", {"architectures": ["MambaForCausalLM"]}, "MambaForCausalLM"),
    ],
)
def test_what_llama_cpp_cannot_compute_is_refused(architecture: str, changes: dict[str, Any], reason: str) -> None:
    assert check_convertible(config_of(architecture)) == architecture
    with pytest.raises(Unsupported, match="cannot be written to GGUF") as failure:
        check_convertible(config_of(architecture, **changes))
    assert reason in failure.value.message
    assert "--format merged" in failure.value.hint


def test_pre_tokenizers_are_found_by_their_pattern() -> None:
    def find(pattern: str, **model: Any) -> str:
        split = {"type": "Split", "pattern": {"Regex": pattern}}
        steps = {"type": "Sequence", "pretokenizers": [split, {"type": "ByteLevel", "use_regex": False}]}
        return find_pre_tokenizer({"model": {"type": "BPE", **model}, "pre_tokenizer": steps})

    assert find(LLAMA3_PATTERN, ignore_merges=True) == "llama-bpe"
    assert find(LLAMA3_PATTERN) == "dbrx"
    assert find(O200K_PATTERN) == "gpt-4o"
    with pytest.raises(Unsupported, match="Unigram") as failure:
        find_pre_tokenizer(json.loads('{"model": {"type": "Unigram"}, "pre_tokenizer": null}'))
    assert "transformers" in failure.value.hint
