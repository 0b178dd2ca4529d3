"""Tiny random embedding and rerank models: sentence-transformers folders, a cross-encoder, and the same as GGUF."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_PIECES = [*_SPECIAL, *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghij")]
WORDS = [*_PIECES, "the", "river", "bank", "money", "boat", "on", "is", "query", "passage", ":", ".", "hello", "world"]
HIDDEN, LAYERS, HEADS, POSITIONS = 32, 2, 4, 64


def write_tokenizer(folder: Path) -> None:
    """Write a WordPiece tokenizer as BERT's."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "BertTokenizer",
        "model_max_length": POSITIONS,
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "unk_token": "[UNK]",
        "mask_token": "[MASK]",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")


def bert_config(**changes: Any) -> Any:
    from transformers import BertConfig

    values: dict[str, Any] = {"vocab_size": len(WORDS), "hidden_size": HIDDEN, "intermediate_size": 64}
    values |= {"num_hidden_layers": LAYERS}
    values |= {"num_attention_heads": HEADS, "max_position_embeddings": POSITIONS, "initializer_range": 0.3}
    return BertConfig(**(values | changes))


def tiny_embedding_model(
    folder: Path,
    *,
    pooling: str = "mean_tokens",
    normalize: bool = True,
    prompts: dict[str, str] | None = None,
    dense: int = 0,
    include_prompt: bool = True,
    **config: Any,
) -> Path:
    """Write a random sentence-transformers model. `dense` adds a linear layer with that many outputs."""
    import torch
    from safetensors.torch import save_file
    from transformers import BertModel

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(bert_config(**config)).save_pretrained(folder)
        linear = torch.nn.Linear(HIDDEN, dense) if dense else None
    write_tokenizer(folder)
    kinds = ["Transformer", "Pooling", *(["Dense"] if linear else []), *(["Normalize"] if normalize else [])]
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": "" if kind == "Transformer" else f"{number}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 32, "do_lower_case": False}))
    if prompts is not None:
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    (folder / "1_Pooling").mkdir()
    values = {"word_embedding_dimension": HIDDEN, f"pooling_mode_{pooling}": True, "include_prompt": include_prompt}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(values))
    if linear:
        (folder / "2_Dense").mkdir()
        activation = "torch.nn.modules.activation.Tanh"
        settings = {"in_features": HIDDEN, "out_features": dense, "activation_function": activation}
        (folder / "2_Dense" / "config.json").write_text(json.dumps(settings))
        weights = {f"linear.{name}": value.detach() for name, value in linear.named_parameters()}
        save_file(weights, folder / "2_Dense" / "model.safetensors")
    return folder


def tiny_reranker(folder: Path, *, has_segments: bool = True) -> Path:
    """Write a random cross-encoder with one label. Without segments, query and document are marked alike."""
    import torch
    from transformers import BertForSequenceClassification

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: Any = BertForSequenceClassification(bert_config(num_labels=1))
        if not has_segments:
            segments = model.bert.embeddings.token_type_embeddings.weight.data
            segments[1] = segments[0]
        model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def export_onnx(folder: Path, *, rerank: bool = False) -> Path:
    """Replace the safetensors of a tiny model by the same weights as `onnx/model.onnx`."""
    import warnings

    import torch
    from transformers import BertForSequenceClassification, BertModel

    class Positional(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            output = self.model(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, return_dict=True
            )
            return output.logits if rerank else output.last_hidden_state

    kind: Any = BertForSequenceClassification if rerank else BertModel
    model = Positional(kind.from_pretrained(folder, attn_implementation="eager")).eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
    output = "logits" if rerank else "last_hidden_state"
    axes = {name: {0: "texts", 1: "tokens"} for name in names} | {output: {0: "texts"} if rerank else {0: "a", 1: "b"}}
    (folder / "onnx").mkdir()
    arguments = (example, (example > 0).long(), torch.zeros_like(example))
    functions = (
        "torch.onnx._internal.torchscript_exporter.onnx_proto_utils._add_onnxscript_fn"  # needs the package onnx
    )
    with warnings.catch_warnings(), patch(functions, lambda model_bytes, _: model_bytes):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            arguments,
            str(folder / "onnx" / "model.onnx"),
            input_names=names,
            output_names=[output],
            dynamic_axes=axes,
            dynamo=False,
        )
    (folder / "model.safetensors").unlink()
    return folder


def write_gguf(model: Path, file: Path, *, pooling: int = 1) -> Path:
    """Write the weights of a tiny BERT as a GGUF file in fp32. Pooling 1: mean, 2: first token, 4: reranker."""
    import gguf
    from safetensors.numpy import load_file

    tensors = {name.removeprefix("bert."): value for name, value in load_file(model / "model.safetensors").items()}
    writer = gguf.GGUFWriter(str(file), "bert")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(64)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType(pooling))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    # GGUF marks the beginnings of words instead of their continuations.
    words = [
        word if word.startswith("[") else word.removeprefix("##") if word.startswith("##") else f"▁{word}"
        for word in WORDS
    ]
    writer.add_token_list(words)
    writer.add_token_types([3 if word.startswith("[") else 1 for word in WORDS])
    writer.add_token_type_count(2)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_eos_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_mask_token_id(4)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    writer.add_add_sep_token(False)  # the end token of the query is the separator
    names = {
        "embeddings.word_embeddings.weight": "token_embd.weight",
        "embeddings.position_embeddings.weight": "position_embd.weight",
        "embeddings.token_type_embeddings.weight": "token_types.weight",
        "embeddings.LayerNorm": "token_embd_norm",
        "attention.self.query": "attn_q",
        "attention.self.key": "attn_k",
        "attention.self.value": "attn_v",
        "attention.output.dense": "attn_output",
        "attention.output.LayerNorm": "attn_output_norm",
        "intermediate.dense": "ffn_up",
        "output.dense": "ffn_down",
        "output.LayerNorm": "layer_output_norm",
        "pooler.dense": "cls",
        "classifier": "cls.output",
    }
    for name, value in tensors.items():
        if name.startswith("pooler") and pooling != 4:
            continue
        target = name.replace("encoder.layer.", "blk.")
        for old, new in names.items():
            target = target.replace(f".{old}.", f".{new}.") if target.startswith("blk") else target.replace(old, new)
        writer.add_tensor(target, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file
