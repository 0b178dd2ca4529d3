"""Which rows share a batch, and the batch as tensors."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from vong.training.tokenization import IGNORED, TokenizedExample

WINDOW = 16
"""Batches that are sorted by length together: enough to save most padding, few enough to keep the order random."""


class EpochSampler:
    """The order of rows in each epoch, by the seed and the epoch alone, so that a resumed run meets the same rows.

    With `grouped`, windows of 16 batches of shuffled rows are sorted by length and cut into batches, and the batches
    are shuffled. torch's DataLoader takes it as a sampler.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int, *, grouped: bool = True) -> None:
        self.lengths = lengths
        self.batch = batch
        self.seed = seed
        self.grouped = grouped
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch the next pass belongs to."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self.seed}/{self.epoch}")
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        if not self.grouped:
            return iter(order)
        window = self.batch * WINDOW
        batches: list[list[int]] = []
        rest: list[int] = []
        for start in range(0, len(order), window):
            near = sorted(order[start : start + window], key=lambda index: self.lengths[index])
            whole = len(near) - len(near) % self.batch
            batches += [near[at : at + self.batch] for at in range(0, whole, self.batch)]
            rest += near[whole:]
        chance.shuffle(batches)
        # Only the last batch may be short: a short one in the middle would move every batch after it.
        return iter([index for batch in batches for index in batch] + rest)


def padding(order: Sequence[int], lengths: Sequence[int], batch: int) -> float:
    """The share of padding in what is computed, 0..1, when rows go in this order."""
    computed = sum(
        max(lengths[index] for index in order[at : at + batch]) * len(order[at : at + batch])
        for at in range(0, len(order), batch)
    )
    return 1 - sum(lengths) / computed if computed else 0.0


def collate(rows: Sequence[dict[str, Any]], pad: int) -> dict[str, Any]:
    """Rows as tensors of shape (rows, longest): `input_ids`, `attention_mask`, `labels`, and `weights` (rows)."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, fill: int) -> Any:
        return torch.tensor([[*row[name], *[fill] * (longest - len(row[name]))] for row in rows])

    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
    return {
        "input_ids": padded("input_ids", pad),
        "attention_mask": mask,
        "labels": padded("labels", IGNORED),
        "weights": torch.tensor([float(row["weight"]) for row in rows]),
    }


def table(rows: Sequence[TokenizedExample]) -> dict[str, list[Any]]:
    """Rows as columns, as `datasets.Dataset.from_dict` takes them."""
    return {
        "input_ids": [row.ids for row in rows],
        "labels": [row.labels for row in rows],
        "weight": [row.weight for row in rows],
    }
