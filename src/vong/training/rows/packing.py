"""Packing: several rows in one sequence without padding, in which no row sees another.

The positions of each row start at 0. From these positions, transformers builds an attention mask that is block-diagonal
(sdpa, eager) or computes each row on its own (flash attention).
"""

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.training.rows.tokenization import IGNORED_LABEL, TokenizedExample

PROBE_TOKENS = 12
"""Tokens of each row that the check of a model computes."""
PACKING_TOLERANCES = {"float32": 1e-3, "float64": 1e-3}
"""Largest relative difference of a packed row from the same row alone, by precision."""
HALF_PRECISION_TOLERANCE = 0.05


def pack_rows(rows: Sequence[TokenizedExample], capacity: int, seed: int) -> list[list[TokenizedExample]]:
    """Distribute rows over packs of at most `capacity` tokens: the longest rows first, each into the fullest pack.

    The result depends only on the rows and the seed.
    """
    order = list(range(len(rows)))
    random.Random(f"{seed}/packing").shuffle(order)
    order.sort(key=lambda index: len(rows[index].ids), reverse=True)
    packs: list[list[int]] = []
    free: list[tuple[int, int]] = []  # free tokens and number of each pack, sorted
    for index in order:
        length = len(rows[index].ids)
        place = bisect_left(free, (length, 0))
        if place < len(free):
            remaining, pack = free.pop(place)
        else:
            remaining, pack = capacity, len(packs)
            packs.append([])
        packs[pack].append(index)
        insort(free, (remaining - length, pack))
    return [[rows[index] for index in pack] for pack in packs]


def pack_table(packs: Sequence[Sequence[TokenizedExample]]) -> dict[str, list[Any]]:
    """Convert packs to columns. The first token of a row is never in the loss: the token before it is another row's."""
    return {
        "input_ids": [[token for row in pack for token in row.ids] for pack in packs],
        "labels": [[label for row in pack for label in (IGNORED_LABEL, *row.labels[1:])] for pack in packs],
        "lengths": [[len(row.ids) for row in pack] for pack in packs],
        "weight": [[row.weight for row in pack] for pack in packs],
    }


def collate_packs(packs: Sequence[dict[str, Any]], pad: int, *, flatten: bool = False) -> dict[str, Any]:
    """Return packs as tensors of shape (packs, longest), with positions instead of an attention mask.

    `weights` has one value per token. Padding forms a row of its own at the end. If `flatten` is set, all packs become
    one sequence without padding, as flash attention requires.
    """
    import torch

    token_count = sum(len(pack["input_ids"]) for pack in packs)
    if flatten:
        columns = ("input_ids", "labels", "lengths", "weight")
        packs = [{name: [value for pack in packs for value in pack[name]] for name in columns}]
    longest = max(len(pack["input_ids"]) for pack in packs)
    values: dict[str, list[list[Any]]] = {"input_ids": [], "labels": [], "position_ids": [], "weights": []}
    for pack in packs:
        padding = longest - len(pack["input_ids"])
        values["input_ids"].append([*pack["input_ids"], *[pad] * padding])
        values["labels"].append([*pack["labels"], *[IGNORED_LABEL] * padding])
        values["position_ids"].append([place for length in (*pack["lengths"], padding) for place in range(length)])
        weights = [
            weight for length, weight in zip(pack["lengths"], pack["weight"], strict=True) for _ in range(length)
        ]
        values["weights"].append([*weights, *[0.0] * padding])
    return {**{name: torch.tensor(value) for name, value in values.items()}, "token_count": torch.tensor(token_count)}


def check_packing(model: Any, rows: Sequence[TokenizedExample]) -> None:
    """Check with two short rows that a model computes a packed row exactly as the row alone.

    Raises:
        InvalidInput: The rows influence each other, as in models with a recurrent state, or the model takes no
            positions.
    """
    import torch

    backbone = model.get_base_model().base_model if hasattr(model, "get_base_model") else model.base_model
    device = next(model.parameters()).device
    first = rows[0].ids[:PROBE_TOKENS]
    second = rows[-1].ids[:PROBE_TOKENS][::-1]

    def compute(ids: list[int], positions: list[int]) -> Any:
        inputs = {"input_ids": [ids], "position_ids": [positions]}
        tensors = {name: torch.tensor(value, device=device) for name, value in inputs.items()}
        return backbone(**tensors, use_cache=False).last_hidden_state[0].float()

    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            positions = [*range(len(first)), *range(len(second))]
            together = compute([*first, *second], positions)[len(first) :]
            alone = compute(second, positions[len(first) :])
        difference = float((together - alone).norm() / alone.norm())
    except TypeError as error:
        raise _unsupported(model, str(error)) from error
    finally:
        model.train(was_training)
    precision = str(next(backbone.parameters()).dtype).removeprefix("torch.")
    if not difference <= PACKING_TOLERANCES.get(precision, HALF_PRECISION_TOLERANCE):
        raise _unsupported(model, f"a row changes by {difference:.1%} if another row precedes it")


def _unsupported(model: Any, reason: str) -> InvalidInput:
    kind = getattr(model.config, "model_type", type(model).__name__)
    return InvalidInput(f"models of the type {kind!r} cannot be trained with packing: {reason}", "set packing=false")
