"""Corpora for pre-training: documents as one sequence of tokens, cut into blocks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.progress import TrainingReporter
from vong.training.rows.byte_bpe import encode_documents
from vong.training.rows.tokenization import IGNORED_LABEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[int], None]


class Documents:
    """Documents of a split and the numbers of rows that are left out."""

    def __init__(self, examples: Iterable[Example]) -> None:
        self.texts: list[str] = []
        self.without_text = self.without_weight = 0
        for example in examples:
            if example.text is None:
                self.without_text += 1
            elif not example.weight > 0:
                self.without_weight += 1
            else:
                self.texts.append(example.text)

    def warn(self, split: str, reporter: TrainingReporter) -> None:
        """Report how many rows are left out, and why."""
        if self.without_text:
            reporter.warn(f"{self.without_text} {split} rows are conversations, not documents, and are left out")
        if self.without_weight:
            reporter.warn(f"{self.without_weight} {split} rows have the weight 0 and are left out")

    @property
    def bytes(self) -> int:
        """Return the number of bytes of all documents in UTF-8."""
        return sum(len(text.encode()) for text in self.texts)


@dataclass(frozen=True)
class PackedCorpus:
    """Tokens of all documents in one sequence, and the number of bytes of the documents.

    Block `i` predicts the tokens from `i * block_size + 1` on. Each token except the first is predicted exactly once;
    only the last block may be shorter. Can be used as a dataset of torch's DataLoader.
    """

    tokens: "NDArray[np.int32]"
    block_size: int
    documents: int
    bytes: int
    ignored: int | None = None

    def __len__(self) -> int:
        return max(0, -(-(len(self.tokens) - 1) // self.block_size))

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        block = self.tokens[index * self.block_size : (index + 1) * self.block_size + 1].tolist()
        labels = [IGNORED_LABEL if token == self.ignored else token for token in block[1:]]
        return {"input_ids": block[:-1], "labels": labels}

    @property
    def lengths(self) -> list[int]:
        """Return the number of predicted tokens of each block."""
        full, rest = divmod(max(0, len(self.tokens) - 1), self.block_size)
        return [self.block_size] * full + ([rest] if rest else [])


def pack_documents(
    tokenizer: Any, documents: Documents, block_size: int, progress: Progress = lambda _: None
) -> PackedCorpus:
    """Return the documents as one sequence, each with exactly one end token after it.

    The sequence begins as a prompt of the model does: with the tokens that the tokenizer writes before each text, or
    with the end token if it writes none.
    """
    import numpy as np

    end, before = tokenizer.eos_token_id, prefix_tokens(tokenizer)
    parts: list[Any] = [] if before else [np.asarray([end], dtype=np.int32)]
    done = 0
    for done, ids in enumerate(encode_documents(tokenizer, documents.texts), 1):
        parts.append(np.asarray([*before, *ids, end], dtype=np.int32))
        if done % 100 == 0:
            progress(done)
    tokens = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
    start = before[0] if before and before[0] != end else None
    return PackedCorpus(tokens, block_size, done, documents.bytes, start)


def prefix_tokens(tokenizer: Any) -> list[int]:
    """Return the tokens that a tokenizer writes before each text, such as a beginning token."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    with_special = tokenizer("a")["input_ids"]
    return with_special[: with_special.index(plain[0])] if plain and plain[0] in with_special else []


def check_documents(examples: Iterable[Example]) -> Iterator[Example]:
    """Yield the documents of a split.

    Raises:
        InvalidInput: There is none.
    """
    found = False
    for example in examples:
        if example.text is not None:
            found = True
            yield example
    if not found:
        raise InvalidInput(
            "the rows are conversations: this recipe trains on documents",
            "import documents with: vong data import FILE --format text, or use the recipe sft",
        )


def collate_blocks(rows: Sequence[dict[str, Any]], pad: int) -> dict[str, Any]:
    """Return blocks as tensors of shape (rows, longest), padded at the end."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def padded(values: list[int], fill: int) -> list[int]:
        return [*values, *[fill] * (longest - len(values))]

    return {
        "input_ids": torch.tensor([padded(row["input_ids"], pad) for row in rows]),
        "attention_mask": torch.tensor([padded([1] * len(row["input_ids"]), 0) for row in rows]),
        "labels": torch.tensor([padded(row["labels"], IGNORED_LABEL) for row in rows]),
    }
