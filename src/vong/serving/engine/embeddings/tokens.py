"""Tokens of texts for embedding and rerank models, by the tokenizer of the model's folder."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra


class TextTokenizer:
    """Tokenizer of a folder, with the special tokens that the model was trained with around a text."""

    def __init__(self, folder: Path, *, lowercase: bool = False) -> None:
        self._tokenizer: Any = _load_tokenizer(folder)
        self._lowercase = lowercase
        self._lock = threading.Lock()  # truncation is a state of the tokenizer
        self._tokenizer.no_truncation()
        padding = self._tokenizer.padding or {}
        self._tokenizer.no_padding()
        self.padding_id = int(padding.get("pad_id", 0))
        self.size = int(self._tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of texts."""
        prepared = [self._prepare(text) for text in texts]
        with self._lock:
            return [encoding.ids for encoding in self._tokenizer.encode_batch(prepared)]

    def count_prompt_tokens(self, prompt: str) -> int:
        """Return how many of the first tokens belong to a prompt: all but the special tokens after a text."""
        with self._lock:
            encoding = self._tokenizer.encode(self._prepare(prompt))
        special = list(encoding.special_tokens_mask)
        while special and special[-1]:
            special.pop()
        return len(special)

    def add_special_tokens(self, ids: list[int]) -> list[int]:
        """Return the token ids of a text with the special tokens around it. They are added unless they are there.

        Raises: InvalidInput if a token id does not exist.
        """
        self._check_ids(ids)
        before, after = self._special_tokens()
        has_special = (not before or ids[: len(before)] == before) and (not after or ids[-len(after) :] == after)
        return list(ids) if has_special else [*before, *ids, *after]

    def truncate(self, item: str | list[int], prompt: str, maximum: int) -> list[int]:
        """Return the first tokens of an input, with the special tokens around them."""
        if isinstance(item, str):
            with self._truncated(maximum):
                return list(self._tokenizer.encode(self._prepare(prompt + item)).ids)
        before, after = self._special_tokens()
        inner = item[len(before) :] if item[: len(before)] == before else item
        return [*before, *inner[: maximum - len(before) - len(after)], *after]

    def encode_pairs(
        self, query: str, documents: Sequence[str], maximum: int, max_document_tokens: int | None
    ) -> list[tuple[list[int], list[int]]]:
        """Return token ids and segments of a query with each document. Longer documents are truncated.

        Raises: InvalidInput if the query leaves no room for a document.
        """
        query = self._prepare(query)
        with self._lock:
            empty = self._tokenizer.encode(query, "").ids
        if len(empty) >= maximum:
            raise InvalidInput(
                f"the query has {len(empty)} tokens, but the model reads {maximum} with the document",
                "send a shorter query",
            )
        room = maximum
        if max_document_tokens is not None:
            room = min(maximum, len(empty) + max_document_tokens)
        with self._truncated(room, strategy="only_second"):
            found = self._tokenizer.encode_batch([(query, self._prepare(text)) for text in documents])
        return [(list(encoding.ids), list(encoding.type_ids)) for encoding in found]

    @contextmanager
    def _truncated(self, maximum: int, strategy: str = "longest_first") -> Generator[None]:
        with self._lock:
            self._tokenizer.enable_truncation(maximum, strategy=strategy)
            try:
                yield
            finally:
                self._tokenizer.no_truncation()

    def _prepare(self, text: str) -> str:
        return text.strip().lower() if self._lowercase else text

    def _special_tokens(self) -> tuple[list[int], list[int]]:
        """Return the special tokens before and after a text."""
        with self._lock:
            encoding = self._tokenizer.encode("a")
        ids, special = list(encoding.ids), list(encoding.special_tokens_mask)
        start = special.index(0) if 0 in special else len(ids)
        end = len(ids) - special[::-1].index(0) if 0 in special else len(ids)
        return ids[:start], ids[end:]

    def _check_ids(self, ids: list[int]) -> None:
        invalid = next((token for token in ids if not 0 <= token < self.size), None)
        if invalid is not None:
            raise InvalidInput(
                f"token id {invalid} does not exist in this model, which has ids up to {self.size - 1}",
                "use the tokenizer of this model, or send text",
            )


def _load_tokenizer(folder: Path) -> Any:
    """Load tokenizer.json, or let transformers build a tokenizer from older files."""
    file = folder / "tokenizer.json"
    if file.is_file():
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(file))
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "serving") from error
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise InvalidInput(
            "the tokenizer of the model has no fast version", "add tokenizer.json: save it with transformers"
        )
    return backend
