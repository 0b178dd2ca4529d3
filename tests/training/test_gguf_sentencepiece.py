"""SentencePiece vocabularies in GGUF files: llama.cpp computes the same tokens and log-probabilities."""

import json
from pathlib import Path
from typing import Any

import pytest

from vong.app.model_exports.parity import compare_outputs, observe_gguf, observe_transformers
from vong.errors import Unsupported
from vong.records import Message
from vong.training.export.gguf_export import write_gguf
from vong.training.export.gguf_export.sentencepiece import BYTE_TOKENS, read_vocabulary, score_tokens

SPECIAL = ("<unk>", "<s>", "</s>")
WORDS = ("▁the", "▁printer", "▁prints", "▁invoices", "không", "▁no", "user", "assistant", "in", "▁in")
TEMPLATE = (
    "{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
TEXTS = ("the printer prints no invoices!  two\nlines", "Sổ quỹ không mở 😀", " leading <s> x</s> <0x41>\t")


def create_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return tokens and merges as SentencePiece trains them: all pairs of a token follow one another."""
    characters = dict.fromkeys([*(chr(number) for number in range(33, 127)), "▁", *"".join(WORDS)])
    parts = [word[:length] for word in WORDS for length in range(2, len(word) + 1)]
    tokens = list(dict.fromkeys([*SPECIAL, *sorted(BYTE_TOKENS), *parts, *characters]))
    merges = [
        (token[:cut], token[cut:])
        for token in dict.fromkeys(parts)
        for cut in range(1, len(token))
        if token[:cut] in tokens and token[cut:] in tokens
    ]
    return {token: index for index, token in enumerate(tokens)}, merges


def write_model(folder: Path, scheme: str) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    size = write_tokenizer(folder, scheme)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2, initializer_range=0.25,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def write_tokenizer(folder: Path, scheme: str) -> int:
    """Write the tokenizer of a model and return the size of its vocabulary."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    vocabulary, merges = create_vocabulary()
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "bos_token": "<s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**names, "eos_token": "</s>", "pad_token": "</s>"}))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return len(vocabulary)


@pytest.mark.slow
def test_llama_cpp_computes_the_same_tokens_and_log_probabilities(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", "first")
    file = write_gguf(folder, tmp_path / "model.gguf", "f32")
    conversations = [(Message(role="user", content=text),) for text in TEXTS]
    reference, observed = observe_transformers(folder, None, conversations), observe_gguf(file, conversations, 1)
    assert [one.ids for one in observed.logprobs] == [one.ids for one in reference.logprobs]
    parity = compare_outputs(reference, observed, "fp32", "llama.cpp")
    assert parity.equal, parity.reason
    vocabulary, _ = create_vocabulary()
    assert {vocabulary["▁invoices"], vocabulary["<0xF0>"]} <= {id for one in observed.logprobs for id in one.ids}


def read(**changes: Any) -> Any:
    vocabulary, merges = create_vocabulary()
    model = {"type": "BPE", "byte_fallback": True, "vocab": vocabulary, "merges": merges}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}
    return read_vocabulary({"model": model, "pre_tokenizer": metaspace, **changes}, begins_with_special=False)


def test_the_space_prefix_follows_the_tokenizer() -> None:
    assert read().prefix is True
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    steps = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]}
    assert read(normalizer=steps, pre_tokenizer=None).prefix is True
    assert read(normalizer=replace, pre_tokenizer=None).prefix is False


def test_tokenizers_that_llama_cpp_cannot_reproduce_are_rejected() -> None:
    with pytest.raises(Unsupported, match="not neighbours"):
        score_tokens("abc", [("a", "b"), ("b", "c"), ("a", "b")])
    with pytest.raises(Unsupported, match="do not join 'a' and 'bc'"):
        score_tokens(["a", "b", "c", "ab", "bc", "abc"], [("a", "b"), ("b", "c"), ("ab", "c")])
    with pytest.raises(Unsupported, match="removes spaces"):
        read(added_tokens=[{"content": "<|end|>", "rstrip": True}])
    with pytest.raises(Unsupported, match="is unknown"):
        read(normalizer={"type": "NFKC"})
    with pytest.raises(Unsupported, match="lacks the byte token <0x00>"):
        read(model={"type": "BPE", "byte_fallback": True, "vocab": {}, "merges": []})
