"""Gated MLPs that store less: equal gradients to the last bit, and the classes to which this applies."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from vong.training.models import gated_mlp
from vong.training.models.gated_mlp import GATED_MLP_CLASSES, recompute_gated_mlps

BLOCK = "self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))"


def adapter_model(base: Path) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(base)
    return get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))


def gradients(model: Any) -> dict[str, Any]:
    import torch

    ids = torch.arange(24).reshape(2, 12) + 3
    model.zero_grad()
    model(input_ids=ids, labels=ids).loss.backward()
    return {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("full", [False, True])
def test_gradients_are_equal_to_the_last_bit(base: Path, full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = adapter_model(base)
    if full:
        model.requires_grad_(True)
    expected = gradients(model)
    layers = model.config.num_hidden_layers
    assert recompute_gated_mlps(model) == layers
    assert recompute_gated_mlps(model) == 0
    packed: list[Any] = []
    pack = gated_mlp.GatedResults.pack

    def record(results: Any, tensor: Any) -> Any:
        packed.append(pack(results, tensor))
        return packed[-1]

    monkeypatch.setattr(gated_mlp.GatedResults, "pack", record)
    observed = gradients(model)
    assert expected.keys() == observed.keys() and len(expected) > 4 * layers
    assert all(torch.equal(expected[name], observed[name]) for name in expected)
    names = [item[0] for item in packed if isinstance(item, tuple)]
    assert names.count("activated") == layers and names.count("product") >= layers


def test_nothing_is_kept_without_gradients(base: Path) -> None:
    import torch

    model = adapter_model(base)
    ids = torch.arange(12).reshape(1, 12) + 3
    with torch.no_grad():
        expected = model(input_ids=ids).logits
        recompute_gated_mlps(model)
        assert torch.equal(model(input_ids=ids).logits, expected)


@pytest.mark.slow
def test_the_classes_have_the_forward_method_that_is_replaced() -> None:
    from importlib import import_module

    modules = {
        "GemmaMLP": "gemma", "Gemma2MLP": "gemma2", "Gemma3MLP": "gemma3", "LlamaMLP": "llama", "MistralMLP": "mistral",
        "Olmo2MLP": "olmo2", "Qwen2MLP": "qwen2", "Qwen3MLP": "qwen3", "SmolLM3MLP": "smollm3",
    }  # fmt: skip
    assert modules.keys() == GATED_MLP_CLASSES
    for name, family in modules.items():
        module = getattr(import_module(f"transformers.models.{family}.modeling_{family}"), name)
        body = "".join(inspect.getsource(module.forward).split())
        assert "".join(BLOCK.split()) in body, name
