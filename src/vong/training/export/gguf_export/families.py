"""Parameters of GGUF files by model family: what llama.cpp reads from the file, and what it assumes instead.

A configuration that differs from what llama.cpp assumes is refused, because the converted model would compute something
else without an error.
"""

from typing import Any

from vong.errors import Unsupported

ARCHITECTURES = {
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "llama",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
    "GemmaForCausalLM": "gemma",
    "Gemma2ForCausalLM": "gemma2",
    "Gemma3ForCausalLM": "gemma3",
    "Phi3ForCausalLM": "phi3",
}
"""llama.cpp's name of each supported architecture."""

HINT = "serve it with the engine transformers or vllm, or export with --format merged"
ROPE_TYPES = {"default", "linear", "llama3"}
SHIFTED_NORMS = {"gemma", "gemma2", "gemma3"}
"""Architectures whose norms multiply by 1 + weight. GGUF files store the sum."""
SLIDING_PERIODS = {"gemma2": 2, "gemma3": 6}
"""Every layer of this number has full attention, all others a sliding window."""
LARGEST_LAYERS = {"gemma2": 46, "gemma3": 62}
"""Layers of the models of 27 B parameters, for which llama.cpp scales attention by another size."""
GEMMA3_LOCAL_ROPE_BASE = 10_000.0
TANH_GELU = "gelu_pytorch_tanh"
GELU = {"gemma": {TANH_GELU, "gelu_new", "gelu"}, "gemma2": {TANH_GELU, "gelu_new"}, "gemma3": {TANH_GELU, "gelu_new"}}
"""Activations that equal llama.cpp's GELU, by architecture. In Gemma 1, `gelu` means `gelu_pytorch_tanh`."""


def check_family(config: dict[str, Any]) -> str:
    """Return llama.cpp's name of the architecture of a `config.json`.

    Raises: Unsupported if the architecture is unknown, or has a setting that llama.cpp cannot compute.
    """
    names = config.get("architectures") or ["unknown"]
    if names[0] not in ARCHITECTURES:
        raise Unsupported(f"{names[0]} cannot be written to GGUF; supported: {', '.join(ARCHITECTURES)}", HINT)
    architecture = ARCHITECTURES[names[0]]
    if config.get("quantization_config"):
        raise Unsupported("quantized weights cannot be written to GGUF", "export the version that was quantized")
    scaling = read_rope(config).get("rope_type", "default")
    if scaling not in ROPE_TYPES or (architecture == "phi3" and scaling != "default"):
        raise Unsupported(f"rope scaling {scaling!r} cannot be written to GGUF", HINT)
    if architecture in SHIFTED_NORMS:
        _check_gemma(config, architecture)
    if architecture == "phi3" and config.get("sliding_window") and not _covers_context(config):
        raise Unsupported(
            f"sliding_window {config['sliding_window']} cannot be written to GGUF: llama.cpp computes full attention",
            HINT,
        )
    return architecture


def write_family(writer: Any, config: dict[str, Any], architecture: str) -> None:
    """Write the parameters of a GGUF file that only some families have."""
    if architecture in SLIDING_PERIODS:
        writer.add_sliding_window(config["sliding_window"])
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if architecture == "phi3":
        size = head_size(config)
        writer.add_rope_dimension_count(int(size * config.get("partial_rotary_factor", 1.0)))
        writer.add_rope_scaling_orig_ctx_len(
            config.get("original_max_position_embeddings") or config["max_position_embeddings"]
        )


def shift_norm(values: Any, key: str, architecture: str) -> Any:
    """Return the weights of a tensor as GGUF files store them: norms of Gemma with 1 added."""
    return values + 1 if architecture in SHIFTED_NORMS and key.endswith("norm.weight") else values


def head_size(config: dict[str, Any]) -> int:
    """Return the size of an attention head. Gemma's default does not follow from its hidden size."""
    default = 256 if config.get("model_type", "").startswith("gemma") else None
    return config.get("head_dim") or default or config["hidden_size"] // config["num_attention_heads"]


def read_rope(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the rotary embedding, which older configurations keep in other fields.

    Of Gemma 3, which has two, those of the layers with full attention.
    """
    scaling = config.get("rope_scaling") or {}
    parameters = config.get("rope_parameters") or {}
    parameters = parameters.get("full_attention", parameters)
    default = 1_000_000.0 if config.get("model_type") == "gemma3_text" else 10_000.0
    rope = {"rope_theta": config.get("rope_theta") or default, **scaling, **parameters}
    return {**rope, "rope_type": rope.get("rope_type") or rope.get("type") or "default"}


def _check_gemma(config: dict[str, Any], architecture: str) -> None:
    """Raise Unsupported if a configuration differs from what llama.cpp assumes of Gemma."""
    activation = config.get("hidden_activation") or (architecture == "gemma" and config.get("hidden_act")) or TANH_GELU
    if activation not in GELU[architecture]:
        raise Unsupported(f"activation {activation!r} cannot be written to GGUF for {architecture}", HINT)
    if architecture == "gemma":
        return
    layers, size = config["num_hidden_layers"], head_size(config)
    scaled = config["hidden_size"] // config["num_attention_heads"] if layers == LARGEST_LAYERS[architecture] else size
    scalar = config.get("query_pre_attn_scalar", 256)
    if scalar != scaled:
        raise Unsupported(
            f"query_pre_attn_scalar {scalar} cannot be written to GGUF: llama.cpp computes with {scaled}", HINT
        )
    period = SLIDING_PERIODS[architecture]
    expected = ["sliding_attention" if (layer + 1) % period else "full_attention" for layer in range(layers)]
    if (config.get("layer_types") or expected) != expected:
        raise Unsupported(f"layer_types cannot be written to GGUF: llama.cpp expects a period of {period}", HINT)
    capped = [name for name in ("attn_logit_softcapping", "final_logit_softcapping") if config.get(name)]
    if len(capped) != (2 if architecture == "gemma2" else 0):
        raise Unsupported(f"{architecture} with the caps {capped or None} of logits cannot be written to GGUF", HINT)
    if architecture == "gemma3":
        _check_local_rope(config)


def _check_local_rope(config: dict[str, Any]) -> None:
    """Raise Unsupported if the layers with a sliding window rotate positions in another way than llama.cpp."""
    local = (config.get("rope_parameters") or {}).get("sliding_attention", {}).get("rope_theta")
    base = local or config.get("rope_local_base_freq") or GEMMA3_LOCAL_ROPE_BASE
    if base != GEMMA3_LOCAL_ROPE_BASE:
        raise Unsupported(
            f"rope_theta {base:g} of sliding layers cannot be written to GGUF: llama.cpp computes with "
            f"{GEMMA3_LOCAL_ROPE_BASE:g}",
            HINT,
        )


def _covers_context(config: dict[str, Any]) -> bool:
    return config["sliding_window"] >= config["max_position_embeddings"] - 1
