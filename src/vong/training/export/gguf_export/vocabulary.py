"""Tokenizer of a GGUF file: vocabulary, merges, special tokens and chat template."""

import json
from pathlib import Path
from typing import Any

from vong.errors import Unsupported
from vong.training.export.gguf_export import sentencepiece
from vong.training.export.gguf_export.families import HINT
from vong.training.export.gguf_export.sentencepiece import is_sentencepiece

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_START, _CONTRACTION = r"[^\r\n\p{L}\p{N}]?", r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K_PATTERN = (
    f"{_START}{_UPPER}*{_LOWER}+{_CONTRACTION}|{_START}{_UPPER}+{_LOWER}*{_CONTRACTION}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLIT_PATTERNS = {
    LLAMA3_PATTERN: "dbrx",
    LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}"): "qwen2",
    O200K_PATTERN: "gpt-4o",
}
"""llama.cpp's name of a pre-tokenizer by its regular expression."""
WHOLE_WORDS = "llama-bpe"
"""Pre-tokenizer with the pattern of `dbrx` that takes a word of the vocabulary whole, without merges (Llama 3)."""

UNUSED_MERGE = "[unused] [unused]"
"""Merge that matches no text, for vocabularies without merges: llama.cpp requires at least one."""

PROBE = [{"role": "user", "content": "a"}]


def write_vocabulary(writer: Any, folder: Path, tokenizer: Any, vocabulary_size: int) -> None:
    """Write the tokenizer of a model folder to a GGUF file.

    Raises: Unsupported if llama.cpp has no equal tokenizer.
    """
    import gguf

    # Not tokenizer.json: for some classes transformers changes its steps when it loads the file.
    source = json.loads(tokenizer.backend_tokenizer.to_str())
    pieces = sentencepiece.read_vocabulary(source, begins_with_special(tokenizer)) if is_sentencepiece(source) else None
    pre_tokenizer = "default" if pieces else find_pre_tokenizer(source)
    tokens: list[str] = []
    types: list[int] = []
    by_id = {index: token for token, index in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    for index in range(max(vocabulary_size, max(by_id) + 1)):
        token, kind = by_id.get(index), gguf.TokenType.NORMAL
        if token is None:
            token, kind = f"[PAD{index}]", gguf.TokenType.UNUSED
        elif pieces and index == tokenizer.unk_token_id:
            kind = gguf.TokenType.UNKNOWN
        elif index in added:
            kind = gguf.TokenType.CONTROL if added[index].special else gguf.TokenType.USER_DEFINED
        elif pieces and token in sentencepiece.BYTE_TOKENS:
            kind = gguf.TokenType.BYTE
        tokens.append(token)
        types.append(kind)
    writer.add_tokenizer_model("llama" if pieces else "gpt2")
    writer.add_tokenizer_pre(pre_tokenizer)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if pieces:
        writer.add_token_scores([pieces.scores.get(token, sentencepiece.UNREACHABLE_SCORE) for token in tokens])
        writer.add_add_space_prefix(pieces.prefix)
    else:
        merges = source["model"].get("merges") or []
        texts = [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
        writer.add_token_merges(texts or [UNUSED_MERGE])
    _write_special_tokens(writer, tokenizer, folder)


def find_pre_tokenizer(tokenizer: dict[str, Any]) -> str:
    """Return llama.cpp's name of the pre-tokenizer of a `tokenizer.json`.

    Raises: Unsupported if llama.cpp has no equal one.
    """
    hint = HINT
    model = tokenizer["model"]
    if (
        model["type"] != "BPE"
        or model.get("byte_fallback")
        or tokenizer.get("normalizer") not in (None, {"type": "NFC"})
    ):
        raise Unsupported(f"a tokenizer of the type {model['type']} with these steps cannot be written to GGUF", hint)
    steps = _flatten(tokenizer.get("pre_tokenizer"))
    kinds = [step["type"] for step in steps]
    splits = [step["pattern"].get("Regex") for step in steps if step["type"] == "Split"]
    if kinds == ["ByteLevel"] and steps[0].get("use_regex", True) and not steps[0].get("add_prefix_space"):
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        return "smollm"
    if kinds == ["Split", "ByteLevel"] and splits[0] in SPLIT_PATTERNS:
        name = SPLIT_PATTERNS[splits[0]]
        return WHOLE_WORDS if name == "dbrx" and model.get("ignore_merges") else name
    raise Unsupported(f"llama.cpp's equal of the pre-tokenizer {'+'.join(kinds) or 'none'} is unknown", hint)


def adds_bos(tokenizer: Any) -> bool:
    """Return True if a conversation begins with the BOS token by the chat template.

    llama.cpp adds the token again to a prompt that does not have it, so the flag must follow the template and not the
    tokenizer's behaviour for plain text.
    """
    if tokenizer.bos_token_id is None:
        return False
    if not tokenizer.chat_template:
        return tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
    text = tokenizer.apply_chat_template(PROBE, add_generation_prompt=True, tokenize=False)
    # A template such as ChatML begins each message with the token that is also BOS.
    twice = tokenizer.apply_chat_template([*PROBE, *PROBE], add_generation_prompt=True, tokenize=False)
    return text.startswith(tokenizer.bos_token) and twice.count(tokenizer.bos_token) == 1


def begins_with_special(tokenizer: Any) -> bool:
    """Return True if a conversation begins with a special token by the chat template, so that no text is the first."""
    if not tokenizer.chat_template:
        return False
    text = tokenizer.apply_chat_template(PROBE, add_generation_prompt=True, tokenize=False)
    return any(text.startswith(token.content) for token in tokenizer.added_tokens_decoder.values() if token.special)


def end_token_ids(folder: Path, tokenizer: Any) -> list[int]:
    """Return the ids of the tokens that end a completion: by the generation configuration and the tokenizer."""
    ids: list[int | None] = []
    for file in ("generation_config.json", "config.json"):
        path = folder / file
        found = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id") if path.is_file() else None
        ids += found if isinstance(found, list) else [found]
    return list(dict.fromkeys(token for token in [tokenizer.eos_token_id, *ids] if token is not None))


def _write_special_tokens(writer: Any, tokenizer: Any, folder: Path) -> None:
    ends = end_token_ids(folder, tokenizer)
    tokens = {
        "bos": tokenizer.bos_token_id,
        "eos": ends[0] if ends else None,
        "eot": ends[1] if len(ends) > 1 else None,
        "unk": tokenizer.unk_token_id,
        "pad": tokenizer.pad_token_id,
    }
    for name, token in tokens.items():
        if token is not None:
            getattr(writer, f"add_{name}_token_id")(token)
    writer.add_add_bos_token(adds_bos(tokenizer))
    writer.add_add_eos_token(False)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _flatten(step: dict[str, Any] | None) -> list[dict[str, Any]]:
    if step is None:
        return []
    if step["type"] == "Sequence":
        return [inner for one in step["pretokenizers"] for inner in _flatten(one)]
    return [step]
