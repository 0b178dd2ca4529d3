"""Size of a model to pre-train: the configuration of a Llama decoder for a number of tokens or of parameters.

Does not import torch.
"""

from collections.abc import Mapping
from typing import Any

TOKENS_PER_PARAMETER = 20.0
"""Tokens per parameter with the lowest loss for a given compute (Hoffmann et al., 2022, "Chinchilla")."""
BYTES_PER_TOKEN = 4.0
"""Estimated bytes of UTF-8 per token, before a tokenizer is trained."""
MAX_USEFUL_EPOCHS = 4.0
"""Passes over a corpus that teach almost as much as new text (Muennighoff et al., 2023)."""
VOCABULARY_SIZES = (512, 1024, 2048, 4096, 8192, 16_384, 32_768, 49_152)
MAX_EMBEDDING_SHARE = 0.4
"""Maximum share of the parameters that a proposed vocabulary uses."""
HIDDEN_SIZES = (
    *(32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640, 768, 896, 1024),
    *(1280, 1536, 1792, 2048, 2560, 3072, 4096),
)
MAX_LAYERS = 80
MIN_CONTEXT = 512
"""Minimum context of a model. The checks of a deployment have prompts of about 100 tokens."""


def propose_size(
    tokens: int,
    *,
    vocab_size: int | None = None,
    block_size: int = 512,
    tokens_per_parameter: float = TOKENS_PER_PARAMETER,
    parameters: int | None = None,
) -> dict[str, Any]:
    """Return the configuration (`config.json` of a Llama) of the model for a training on this number of tokens.

    `tokens` counts each pass over the corpus, up to `MAX_USEFUL_EPOCHS`. `parameters` sets the size instead. Without
    `vocab_size`, the vocabulary is the largest whose embedding is at most two fifths of the parameters.
    """
    target = parameters or max(1, int(tokens / tokens_per_parameter))
    if vocab_size is not None:
        return _closest(target, vocab_size, block_size)
    for size in reversed(VOCABULARY_SIZES):
        config = _closest(target, size, block_size)
        count = count_parameters(config)
        if size * config["hidden_size"] <= MAX_EMBEDDING_SHARE * count and count <= 1.5 * target:
            return config
    return _closest(target, VOCABULARY_SIZES[0], block_size)


def describe_size(config: dict[str, Any], tokens: int) -> str:
    """Return one line that describes a proposed model and the ratio of tokens to parameters."""
    count = count_parameters(config)
    return (
        f"{count:,} parameters ({config['num_hidden_layers']} layers, hidden size {config['hidden_size']}, "
        f"vocabulary {config['vocab_size']:,}) for {tokens:,} tokens: {tokens / count:.1f} tokens per parameter"
    )


def count_parameters(config: Mapping[str, Any]) -> int:
    """Return the parameters of a proposed model: embedding, attention, feed-forward layers and norms."""
    hidden, width = config["hidden_size"], config["num_attention_heads"] * config["head_dim"]
    layer = 4 * hidden * width + 3 * hidden * config["intermediate_size"] + 2 * hidden
    return config["vocab_size"] * hidden + config["num_hidden_layers"] * layer + hidden


def _closest(target: int, vocab_size: int, block_size: int) -> dict[str, Any]:
    """Return the configuration whose number of parameters is closest to the target.

    The number of layers of a hidden size is between half and twice its number of heads of 64, at least 2: within this
    range the shape of a model hardly matters (Kaplan et al., 2020, section 3.1).
    """
    candidates: list[tuple[float, float, dict[str, Any]]] = []
    for hidden in HIDDEN_SIZES:
        usual = max(2.0, hidden / 64)
        for layers in range(2, min(MAX_LAYERS, int(2 * usual) + 2) + 1):
            if layers < usual / 2:
                continue
            config = _build(hidden, layers, vocab_size, block_size)
            count = count_parameters(config)
            error = abs(count - target) / target
            candidates.append((round(error, 2), abs(layers - 1.5 * usual), config))
    return min(candidates, key=lambda one: one[:2])[2]


def _build(hidden: int, layers: int, vocab_size: int, block_size: int) -> dict[str, Any]:
    width = 64 if hidden >= 512 and hidden % 64 == 0 else 32 if hidden % 32 == 0 and hidden >= 64 else 16
    heads = hidden // width
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocab_size,
        "hidden_size": hidden,
        "intermediate_size": -(-hidden * 8 // 3 // 32) * 32,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": width,
        "max_position_embeddings": max(block_size, MIN_CONTEXT),
        "tie_word_embeddings": True,
    }
