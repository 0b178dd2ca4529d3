"""Training of a tokenizer: byte-level BPE, which encodes every text without loss and needs no unknown token."""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vong.errors import MissingExtra

END_TOKEN = "<|endoftext|>"
"""Token at the start and end of each document. It is the end token, the beginning token and the padding."""
CHAT_TOKENS = ("<|im_start|>", "<|im_end|>")
"""Tokens of ChatML, reserved so that fine-tuning can add a chat template without new rows in the embedding."""
SPECIAL_TOKENS = (END_TOKEN, *CHAT_TOKENS)
SAMPLE_CHARS = 50_000_000
"""Maximum number of characters that a tokenizer is trained on. More change few merges, but need more memory."""
MAX_RUN_CHARS = 100
"""Maximum length of a run without white space in training. The cost of BPE grows with the square of its words."""
LONG_RUN = re.compile(r"\S{200}|\s{200}")
RUN_PIECES = re.compile(rf"\S{{1,{MAX_RUN_CHARS}}}\s?|\s{{1,{MAX_RUN_CHARS}}}")
MIN_VOCABULARY = 256 + len(SPECIAL_TOKENS)
"""Size without a merge: one token for each byte, and the special tokens."""


def train_tokenizer(texts: Sequence[str], vocab_size: int, folder: Path) -> Any:
    """Train a tokenizer on a corpus, save it in `folder` and return it. An existing one in the folder is returned.

    The vocabulary is smaller than `vocab_size` if fewer pairs of the corpus occur twice.
    """
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
        from transformers import AutoTokenizer, PreTrainedTokenizerFast
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    if not folder.exists():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=2,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(iter_training_pieces(texts), trainer)
        temporary = folder.with_name(f".{folder.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            bos_token=END_TOKEN,
            eos_token=END_TOKEN,
            pad_token=END_TOKEN,
            clean_up_tokenization_spaces=False,
        ).save_pretrained(temporary)
        temporary.rename(folder)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def iter_training_pieces(texts: Sequence[str]) -> Iterator[str]:
    """Yield the texts to train a tokenizer on: an even sample of the corpus, with long runs cut."""
    total = sum(map(len, texts))
    every = max(1, -(-total // SAMPLE_CHARS))
    remaining = SAMPLE_CHARS
    for text in texts[::every]:
        if remaining <= 0:
            return
        text = text[:remaining]
        remaining -= len(text)
        yield from RUN_PIECES.findall(text) if LONG_RUN.search(text) else [text]


def encode_documents(tokenizer: Any, texts: Iterable[str], *, batch_chars: int = 1_000_000) -> Iterator[list[int]]:
    """Yield the token ids of each text, without tokens around it. Special tokens within a text are encoded as text."""
    batch: list[str] = []
    chars = 0
    for text in texts:
        batch.append(text)
        chars += len(text)
        if chars >= batch_chars:
            yield from _encode(tokenizer, batch)
            batch, chars = [], 0
    if batch:
        yield from _encode(tokenizer, batch)


def _encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    encoded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)
    return encoded["input_ids"]
