"""Datasets of a training run: one version, or several that are mixed by weight or trained one after the other."""

import random
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field
from sqlalchemy import Connection

from vong import data
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Record
from vong.store.blobs import BlobStore

MAX_DATASETS = 100

Mixing = Literal["shuffle", "in_order"]
"""Order of several datasets: their rows shuffled together, or in each epoch one dataset after the other."""


class DatasetShare(Record):
    """Dataset of a mixture (a ref) and its weight: its share of the training rows, relative to the other weights.

    Without weights, all rows of all datasets are used.
    """

    dataset: str
    weight: float | None = Field(default=None, gt=0, le=1_000_000, allow_inf_nan=False)


class DatasetSelection(Record):
    """Part of a request that names its datasets: one `dataset` (a ref), or several `datasets`.

    `mixing` is `shuffle`, or `in_order` for a curriculum: each epoch trains one dataset after the other.
    """

    dataset: str | None = None
    datasets: tuple[DatasetShare, ...] = Field(default=(), max_length=MAX_DATASETS)
    mixing: Mixing = "shuffle"
    train_split: str = "train"
    validation_split: str = "validation"


class DatasetPart(NamedTuple):
    """Dataset version of a run, and its weight if the request has weights."""

    version: DatasetVersion
    weight: float | None = None


class TrainingData(NamedTuple):
    """Training rows, the number of rows of each dataset in order, and what lineage stores about each dataset."""

    rows: list[Example]
    counts: tuple[int, ...]
    description: list[dict[str, Any]]


def resolve_datasets(connection: Connection, request: DatasetSelection) -> list[DatasetPart]:
    """Return the dataset versions of a request, in its order.

    Raises:
        InvalidInput: The request has no dataset, contradictory fields, or a dataset without the training split.
        NotFound: A dataset does not exist.
    """
    if bool(request.dataset) == bool(request.datasets):
        problem = "both dataset and datasets" if request.dataset else "no dataset"
        raise InvalidInput(f"the request has {problem}", "set 'dataset' for one dataset, or 'datasets' for several")
    shares = request.datasets or (DatasetShare(dataset=request.dataset or ""),)
    if request.mixing == "in_order" and len(shares) < 2:
        raise InvalidInput("mixing 'in_order' needs several datasets, but the request has 1", "add one or omit mixing")
    without = [share.dataset for share in shares if share.weight is None]
    if without and len(without) < len(shares):
        raise InvalidInput(f"the dataset {without[0]!r} has no weight, but others have one", "set all weights or none")
    parts = [DatasetPart(data.find(connection, share.dataset), share.weight) for share in shares]
    refs = [part.version.ref for part in parts]
    if repeated := next((ref for ref in refs if refs.count(ref) > 1), None):
        raise InvalidInput(f"the dataset {repeated} is given twice", "give it once, with a larger weight")
    for part in parts:
        _check_split(part.version, request.train_split)
    return parts


def read_training_rows(blobs: BlobStore, parts: Sequence[DatasetPart], split: str, seed: int) -> TrainingData:
    """Return the training rows of all datasets, each reduced to its share. Equal seeds return equal rows.

    No row is repeated: the mixture is as large as the dataset with the fewest rows for its weight allows.
    """
    available = [read_split(blobs, part.version, split) for part in parts]
    counts = [len(rows) for rows in available]
    if parts[0].weight is not None and len(parts) > 1:
        counts = share_rows(counts, [part.weight or 0.0 for part in parts])
    rows: list[Example] = []
    description: list[dict[str, Any]] = []
    for part, found, count in zip(parts, available, counts, strict=True):
        chosen = range(len(found))
        if count < len(found):
            chosen = sorted(random.Random(f"{seed}/{part.version.ref}").sample(range(len(found)), count))
        rows += [found[place] for place in chosen]
        weight = {} if part.weight is None else {"weight": part.weight}
        description.append({"dataset": part.version.ref, **weight, "rows": count, "available": len(found)})
    return TrainingData(rows, tuple(counts), description)


def read_validation_rows(blobs: BlobStore, parts: Sequence[DatasetPart], split: str) -> list[Example]:
    """Return the validation rows of all datasets."""
    return [example for part in parts for example in read_split(blobs, part.version, split)]


def read_split(blobs: BlobStore, version: DatasetVersion, split: str) -> list[Example]:
    """Return the rows of a split. A dataset without splits counts as training data."""
    if not version.splits:
        return [] if split != "train" else list(data.read(blobs, version))
    return list(data.read(blobs, version, split))


def share_rows(available: Sequence[int], weights: Sequence[float]) -> list[int]:
    """Return the largest numbers of rows, within those available, whose ratios are those of the weights."""
    total = min(count / weight for count, weight in zip(available, weights, strict=True))
    return [
        min(count, max(min(count, 1), round(total * weight))) for count, weight in zip(available, weights, strict=True)
    ]


def _check_split(version: DatasetVersion, split: str) -> None:
    if version.splits and split not in version.splits:
        raise InvalidInput(f"{version.ref} has no split {split!r}", f"it has: {', '.join(sorted(version.splits))}")
