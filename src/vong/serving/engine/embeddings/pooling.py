"""Pooling: the vector of a text from the vectors of its tokens, as sentence-transformers computes it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    PoolingFunction = Callable[[Array, Array], Array]

MIN_WEIGHT = 1e-9
"""Smallest sum of weights that is divided by."""


def pool(hidden: "Array", mask: "NDArray[np.int64]", modes: Sequence[str]) -> "Array":
    """Return one row for each text from token vectors of shape (texts, tokens, dimensions).

    `mask` is 1 for tokens that count. Padding is at the end. The results of several modes are concatenated.
    """
    import numpy as np

    weights = mask.astype(np.float32)
    return np.concatenate([POOLING_FUNCTIONS[mode](hidden.astype(np.float32), weights) for mode in modes], axis=1)


def _weighted_sum(hidden: "Array", weights: "Array") -> "tuple[Array, Array]":
    import numpy as np

    total = np.maximum(weights.sum(axis=1, keepdims=True), MIN_WEIGHT)
    return (hidden * weights[:, :, None]).sum(axis=1), total


def _mean(hidden: "Array", weights: "Array") -> "Array":
    total, count = _weighted_sum(hidden, weights)
    return total / count


def _mean_sqrt(hidden: "Array", weights: "Array") -> "Array":
    total, count = _weighted_sum(hidden, weights)
    return (total / count**0.5).astype("float32")


def _weighted_mean(hidden: "Array", weights: "Array") -> "Array":
    """Weight each token by its position, counted from 1."""
    import numpy as np

    positions = np.arange(1, weights.shape[1] + 1, dtype=np.float32)
    return _mean(hidden, weights * positions)


def _max(hidden: "Array", weights: "Array") -> "Array":
    import numpy as np

    return np.where(weights[:, :, None] > 0, hidden, np.float32(-1e9)).max(axis=1)


def _first(hidden: "Array", weights: "Array") -> "Array":
    import numpy as np

    return hidden[np.arange(len(hidden)), (weights > 0).argmax(axis=1)]


def _last(hidden: "Array", weights: "Array") -> "Array":
    import numpy as np

    last = weights.shape[1] - 1 - (weights > 0)[:, ::-1].argmax(axis=1)
    return hidden[np.arange(len(hidden)), last]


POOLING_FUNCTIONS: "dict[str, PoolingFunction]" = {
    "cls": _first,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}
"""Pooling functions by the name of their mode."""
