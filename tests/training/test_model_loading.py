"""Loading, adapter variants, quantized bases and merging."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import create_tiny_model
from tests.training.factories import Recorder, create_context
from vong.errors import InvalidInput, JobCancelled
from vong.pretrained_models import load_causal_model
from vong.training.device import Device
from vong.training.models.merging import merge_adapter
from vong.training.models.model_loading import load_model, load_tokenizer, loading_options
from vong.training.models.target_modules import check_modules
from vong.training.recipes.sft import SftRecipe
from vong.training.rows.chat_template_choice import SHIPPED_TEMPLATES, apply_template_choice, check_template_choice
from vong.training.settings import TrainingSettings

CPU = Device("cpu", "fp32", lambda: 0.0)


def copy_model(base: Path, folder: Path, **config: Any) -> Path:
    shutil.copytree(base, folder)
    values = json.loads((folder / "config.json").read_text()) | config
    (folder / "config.json").write_text(json.dumps(values))
    return folder


def make_adapter(base: Path, folder: Path, **options: Any) -> Path:
    """Write an adapter with random weights."""
    import torch
    from peft import LoraConfig, get_peft_model

    fields: dict[str, Any] = {
        "r": 4,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
        "init_lora_weights": False,
        **options,
    }
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = get_peft_model(load_causal_model(base, dtype=torch.float32), LoraConfig(**fields))
    model.save_pretrained(folder, save_embedding_layers=False)
    return folder


def compute_logits(base: Path, adapter: Path | None = None) -> Any:
    import torch
    from peft import PeftModel

    model = load_causal_model(base, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    with torch.no_grad():
        return model.eval()(torch.tensor([[5, 9, 17, 30, 44]])).logits


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"quantization": "nf4"},
        pytest.param(
            {"quantization": "nf4", "adapter": "dora", "gradient_checkpointing": True}, marks=pytest.mark.full
        ),
        pytest.param({"quantization": "int8"}, marks=pytest.mark.full),
        pytest.param({"adapter": "dora"}, marks=pytest.mark.full),
        pytest.param({"adapter": "rslora"}, marks=pytest.mark.full),
    ],
)
def test_a_resumed_run_equals_an_uninterrupted_one_exactly(
    base: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    settings = {"epochs": 2, "lora_dropout": 0.1, "checkpoint_every": 4, "eval_every": 3, "samples": 0, **settings}
    whole = SftRecipe().train(create_context(base, tmp_path / "whole", settings), Recorder())
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "broken", settings), Recorder(cancel_at=7))
    again = Recorder()
    resumed = SftRecipe().train(create_context(base, tmp_path / "broken", settings), again)
    assert again.lines[0] == "resuming from checkpoint-4"
    name = "adapter_model.safetensors"
    assert (resumed.folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_a_quantized_base_is_trained_in_four_bits_with_an_adapter_in_fp32(base: Path, tmp_path: Path) -> None:
    from bitsandbytes.nn.modules import Linear4bit
    from safetensors import safe_open

    model = load_model(base, TrainingSettings(quantization="nf4"), CPU)
    layers: list[Any] = [module for module in model.modules() if isinstance(module, Linear4bit)]
    assert len(layers) == 14
    assert {str(layer.weight.dtype) for layer in layers} == {"torch.uint8"}
    assert {layer.weight.quant_state.quant_type for layer in layers} == {"nf4"}
    context = create_context(base, tmp_path / "run", {"quantization": "nf4", "epochs": 1, "samples": 0})
    result = SftRecipe().train(context, Recorder())
    with safe_open(result.folder / "adapter_model.safetensors", "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"F32"}  # noqa: SIM118


def test_quantization_needs_a_device_that_supports_it() -> None:
    with pytest.raises(InvalidInput, match="does not work on the device 'mps'"):
        loading_options(TrainingSettings(quantization="nf4"), CPU._replace(name="mps"))


@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation"])
def test_an_attention_library_that_the_configuration_names_is_not_needed(base: Path, tmp_path: Path, name: str) -> None:
    folder = copy_model(base, tmp_path / "model", **{name: "flash_attention_2"})
    assert load_causal_model(folder).config._attn_implementation == "sdpa"


def drop_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if "layers.1.mlp" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop_weights, "lack 3 of its weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"nothing"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "lama"}'), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
    ],
)
def test_a_damaged_base_is_one_clear_error(
    base: Path, tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    folder = copy_model(base, tmp_path / "model")
    change(folder)
    with pytest.raises(InvalidInput, match=words):
        load_model(folder, TrainingSettings(), CPU)


def test_a_missing_tokenizer_is_one_clear_error(base: Path, tmp_path: Path) -> None:
    folder = copy_model(base, tmp_path / "model")
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(InvalidInput, match="tokenizer of the model cannot be loaded"):
        load_tokenizer(folder)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True},
        {"use_dora": True},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    ],
)
def test_a_merged_model_computes_what_base_and_adapter_compute(
    base: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    adapter = make_adapter(base, tmp_path / "adapter", **options)
    merged = merge_adapter(base, adapter, tmp_path / "merged")
    expected = compute_logits(base, adapter)
    assert (compute_logits(merged) - expected).abs().max() < 1e-3
    assert (compute_logits(base) - expected).abs().max() > 0.05
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (merged / name).read_bytes() == (base / name).read_bytes()


def test_a_merged_model_has_the_dtype_of_its_base_and_is_rounded_once(base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    half = tmp_path / "half"
    shutil.copytree(base, half)
    load_causal_model(base, dtype=torch.bfloat16).save_pretrained(half)
    adapter = make_adapter(half, tmp_path / "adapter")
    exact = load_file(merge_adapter(base, adapter, tmp_path / "exact") / "model.safetensors")
    merged = load_file(merge_adapter(half, adapter, tmp_path / "merged") / "model.safetensors")
    assert {tensor.dtype for tensor in merged.values()} == {torch.bfloat16}
    rounded = {name: tensor.float() for name, tensor in load_file(half / "model.safetensors").items()}
    original = load_file(base / "model.safetensors")
    for name, tensor in merged.items():
        update = exact[name] - original[name]
        assert torch.allclose(tensor.float(), (rounded[name] + update).bfloat16().float(), atol=2e-3), name


def test_an_adapter_that_cannot_be_merged_is_rejected(base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    adapter = make_adapter(base, tmp_path / "adapter")
    other = create_tiny_model(tmp_path / "other")
    wide = copy_model(other, tmp_path / "wide", quantization_config={"quant_method": "gptq"})
    with pytest.raises(InvalidInput, match="quantized"):
        merge_adapter(wide, adapter, tmp_path / "merged")
    with pytest.raises(InvalidInput, match="not a PEFT adapter"):
        merge_adapter(base, base, tmp_path / "merged")
    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    next(iter(tensors.values())).fill_(float("nan"))
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(InvalidInput, match="not finite"):
        merge_adapter(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize("name", SHIPPED_TEMPLATES)
def test_shipped_templates_end_every_completion_with_the_end_token(base: Path, name: str) -> None:
    tokenizer = load_tokenizer(base)
    apply_template_choice(tokenizer, name)
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    prompt = tokenizer.apply_chat_template(turns[:2], tokenize=False, add_generation_prompt=True)
    full = tokenizer.apply_chat_template(turns, tokenize=False)
    assert full.startswith(prompt)
    assert full[len(prompt) :].strip() == f"Hello{tokenizer.eos_token}"
    assert "Be brief." in prompt


def test_a_template_with_the_tag_generation_is_valid() -> None:
    text = "{% for m in messages %}{%- generation %}{{ m.content }}{% endgeneration -%}{% endfor %}"
    assert check_template_choice(text) == text
    with pytest.raises(ValueError, match="does not use the variable messages"):
        check_template_choice("{{ bos_token }}")


def test_unknown_modules_are_named_with_valid_ones() -> None:
    names = ["model", "model.layers.0.attn.q_proj", "model.layers.1.attn.q_proj", "model.layers.1.mlp.up_proj"]
    for valid in ("all-linear", r".*up_proj", ["q_proj", "mlp.up_proj"]):
        check_modules(valid, names)
    with pytest.raises(InvalidInput, match=r"no module 'q', 'x'.*names such as q_proj, up_proj"):
        check_modules(["q", "x", "up_proj"], names)
