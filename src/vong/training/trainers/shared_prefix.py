"""Batches in which the common beginning of all rows, such as a system prompt, is computed once.

The rows of a batch become one sequence without padding: the common prefix, then the rest of each row. All layers except
attention compute this sequence. In attention, each rest sees the prefix and itself. Loss and gradients are those of
separate rows, up to rounding.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from vong.training.rows.tokenization import IGNORED_LABEL, TokenizedExample

ATTENTION_NAME = "vong_shared_prefix"
"""Name under which the attention is registered in transformers."""
MIN_SAVED_SHARE = 0.05
"""Smallest share of tokens that must be saved: less does not outweigh the copies in attention."""
TOLERANCE = 1e-4
"""Largest relative difference of a shared batch from separate rows in the check of a model."""
CHECKED_ROWS = 3

_layouts: list[Any] = []


def prefix_length(rows: Sequence[Any]) -> int:
    """Return the length of the common beginning of rows (with `input_ids` and `labels`), which is never in the loss."""
    first = rows[0]["input_ids"]
    limit = min(
        next((at for at, label in enumerate(row["labels"]) if label != IGNORED_LABEL), len(row["labels"])) - 1
        for row in rows
    )
    length = 0
    while length < limit and all(row["input_ids"][length] == first[length] for row in rows):
        length += 1
    return length


def saved_share(batches: Sequence[Sequence[TokenizedExample]]) -> float:
    """Return the share of tokens that need not be computed, 0..1, if these batches share their prefixes."""
    saved = total = 0
    for batch in batches:
        rows = [{"input_ids": row.ids, "labels": row.labels} for row in batch]
        saved += prefix_length(rows) * (len(rows) - 1)
        total += sum(len(row.ids) for row in batch)
    return saved / total if total else 0.0


def collate_shared(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as one sequence with its prefix once, and `row_layout` for the attention.

    The layout has the prefix's length, the positions of each row's queries and keys in the sequence, the mask, and the
    positions of the sequence in the rows.
    """
    import torch

    prefix = prefix_length(rows)
    ids, labels = list(rows[0]["input_ids"][:prefix]), [IGNORED_LABEL] * prefix
    positions, weights = list(range(prefix)), [0.0] * prefix
    rests = [len(row["input_ids"]) - prefix for row in rows]
    longest = max(rests)
    queries = torch.zeros(len(rows), longest, dtype=torch.long)
    restore: list[int] = []
    for number, (row, rest) in enumerate(zip(rows, rests, strict=True)):
        queries[number, :rest] = torch.arange(len(ids), len(ids) + rest)
        restore += range(number * longest, number * longest + rest)
        ids += row["input_ids"][prefix:]
        labels += [IGNORED_LABEL, *row["labels"][prefix + 1 :]]
        positions += range(prefix, prefix + rest)
        weights += [float(row["weight"])] * rest
    keys = torch.cat([torch.arange(prefix).expand(len(rows), prefix), queries], 1)
    mask = torch.ones(longest, prefix + longest, dtype=torch.bool).tril(prefix)
    return {
        "input_ids": torch.tensor([ids]),
        "labels": torch.tensor([labels]),
        "position_ids": torch.tensor([positions]),
        "weights": torch.tensor([weights]),
        "token_count": torch.tensor(sum(len(row["input_ids"]) for row in rows)),
        "row_layout": {
            "prefix": torch.tensor(prefix),
            "queries": queries,
            "keys": keys,
            "mask": mask,
            "restore": torch.tensor(restore),
        },
    }


@contextmanager
def attend_rows(model: Any, layout: dict[str, Any] | None) -> Generator[None]:
    """Use the attention of shared prefixes in a model. Without a layout, nothing is changed."""
    if layout is None:
        yield
        return
    before = model.config._attn_implementation
    _layouts.append(layout)
    model.config._attn_implementation = ATTENTION_NAME
    try:
        yield
    finally:
        model.config._attn_implementation = before
        _layouts.pop()


def can_share(model: Any, rows: Sequence[TokenizedExample]) -> bool:
    """Check that a model computes rows with a shared prefix as it computes them separately."""
    import torch

    causal_model = model.get_base_model() if hasattr(model, "get_base_model") else model
    config = causal_model.config.get_text_config()
    window = getattr(config, "sliding_window", None) or max(len(row.ids) for row in rows)
    if causal_model.config._attn_implementation != "sdpa" or max(len(row.ids) for row in rows) > window:
        return False
    if any(isinstance(value, float) and value > 0 for name, value in config.to_dict().items() if "drop" in name):
        return False
    _register_attention()
    batch = [{"input_ids": row.ids, "labels": row.labels, "weight": 1.0} for row in rows[:CHECKED_ROWS]]
    shared = collate_shared(batch)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            with attend_rows(causal_model, shared["row_layout"]):
                together = _hidden(causal_model, shared["input_ids"], shared["position_ids"])
            prefix = start = int(shared["row_layout"]["prefix"])
            for row in batch:
                alone = _hidden(causal_model, torch.tensor([row["input_ids"]]))[prefix:]
                difference = (together[start : start + len(alone)] - alone).norm() / alone.norm()
                if not float(difference) <= TOLERANCE:
                    return False
                start += len(alone)
    except (TypeError, ValueError, RuntimeError, KeyError, AttributeError):
        return False
    finally:
        model.train(was_training)
    return True


def _hidden(causal_model: Any, ids: Any, positions: Any = None) -> Any:
    options = {} if positions is None else {"position_ids": positions}
    return causal_model.base_model(input_ids=ids, use_cache=False, **options).last_hidden_state[0]


def _register_attention() -> None:
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(ATTENTION_NAME, _attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(ATTENTION_NAME, lambda *_, **__: None)


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any = None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[Any, None]:
    """Compute attention of one sequence of the shape (1, heads, tokens, width) by the current layout."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    if (
        attention_mask is not None
        or dropout
        or any(options.get(name) is not None for name in ("softcap", "s_aux", "position_bias"))
    ):
        raise ValueError(f"{type(module).__name__} has attention that cannot share a prefix")
    layout = _layouts[-1]
    heads, width = query.shape[1], query.shape[3]
    if key.shape[1] != heads:
        groups = heads // key.shape[1]
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)

    def rows(tensor: Any, index: Any) -> Any:
        count, length = index.shape
        chosen = tensor[0].index_select(1, index.flatten())
        return chosen.view(heads, count, length, width).transpose(0, 1)

    rests = scaled_dot_product_attention(
        rows(query, layout["queries"]),
        rows(key, layout["keys"]),
        rows(value, layout["keys"]),
        attn_mask=layout["mask"],
        scale=scaling,
    )
    result = rests.transpose(0, 1).reshape(heads, -1, width).index_select(1, layout["restore"])[None]
    if prefix := int(layout["prefix"]):
        start = scaled_dot_product_attention(
            query[:, :, :prefix], key[:, :, :prefix], value[:, :, :prefix], is_causal=True, scale=scaling
        )
        result = torch.cat([start, result], 2)
    return result.transpose(1, 2).contiguous(), None
