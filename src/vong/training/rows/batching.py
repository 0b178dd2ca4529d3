"""Batching: the order of rows, padding, and batches as tensors."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from vong.training.rows.tokenization import IGNORED_LABEL, TokenizedExample

BATCHES_PER_WINDOW = 16
"""Batches sorted by length together: enough to avoid most padding, few enough to keep the order random."""


class EpochSampler:
    """Sampler whose order of rows depends only on seed and epoch, so that a resumed run sees the same rows.

    If `grouped` is set, windows of 16 batches of shuffled rows are sorted by length and cut into batches, and the
    batches are shuffled. `stages` are numbers of rows: each epoch has all rows of a stage before those of the next.
    Can be used as a sampler of torch's DataLoader.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        seed: int,
        *,
        grouped: bool = True,
        stages: Sequence[int] = (),
    ) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.grouped = grouped
        self.stages = stages or (len(lengths),)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self.seed}/{self.epoch}")
        order: list[int] = []
        start = 0
        for size in self.stages:
            rows = list(range(start, start + size))
            rng.shuffle(rows)
            # The last batch of a stage is completed by rows of the next one.
            missing = -len(order) % self.batch_size
            order += rows[:missing]
            order += self._group(rows[missing:], rng) if self.grouped else rows[missing:]
            start += size
        return iter(order)

    def _group(self, order: list[int], rng: random.Random) -> list[int]:
        """Return shuffled rows in batches of similar length."""
        window = self.batch_size * BATCHES_PER_WINDOW
        batches: list[list[int]] = []
        rest: list[int] = []
        for start in range(0, len(order), window):
            similar = sorted(order[start : start + window], key=lambda index: self.lengths[index])
            whole = len(similar) - len(similar) % self.batch_size
            batches += [similar[at : at + self.batch_size] for at in range(0, whole, self.batch_size)]
            rest += similar[whole:]
        rng.shuffle(batches)
        # Only the last batch may be short: a short batch in the middle would shift all batches after it.
        return [index for batch in batches for index in batch] + rest


def padding_share(order: Sequence[int], lengths: Sequence[int], batch_size: int) -> float:
    """Return the share of padding in the computed tokens, 0..1, for rows in this order."""
    computed = sum(
        max(lengths[index] for index in order[at : at + batch_size]) * len(order[at : at + batch_size])
        for at in range(0, len(order), batch_size)
    )
    return 1 - sum(lengths) / computed if computed else 0.0


def collate(rows: Sequence[dict[str, Any]], pad: int) -> dict[str, Any]:
    """Return rows as tensors of shape (rows, longest): `input_ids`, `attention_mask`, `labels`; `weights` is (rows)."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, fill: int) -> Any:
        return torch.tensor([[*row[name], *[fill] * (longest - len(row[name]))] for row in rows])

    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
    return {
        "input_ids": padded("input_ids", pad),
        "attention_mask": mask,
        "labels": padded("labels", IGNORED_LABEL),
        "weights": torch.tensor([float(row["weight"]) for row in rows]),
    }


def batch_table(rows: Sequence[TokenizedExample]) -> dict[str, list[Any]]:
    """Convert rows to columns, as `datasets.Dataset.from_dict` expects them."""
    return {
        "input_ids": [row.ids for row in rows],
        "labels": [row.labels for row in rows],
        "weight": [row.weight for row in rows],
    }
