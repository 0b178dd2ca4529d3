"""Batched KV cache: keys and values of several sequences in one tensor, so that rows can join and leave the batch.

This module requires torch. Only the engine `transformers` imports it, in a separate process.
"""

from __future__ import annotations

from typing import Any
from weakref import proxy

import torch
from cachetools import LRUCache
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

SPARE_COLUMNS = 128
"""Number of columns added to a full tensor, so that most steps write in place."""


class KvCacheLayer(DynamicLayer):
    """One layer of a `BatchedKvCache`, with the interface that attention in transformers expects.

    The reference to the cache is weak. A reference cycle would hold hundreds of megabytes until the next run of the
    garbage collector, which counts objects and not bytes.
    """

    def __init__(self, cache: BatchedKvCache, index: int) -> None:
        super().__init__()
        self.batch_cache: BatchedKvCache = proxy(cache)
        self.index = index
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write the keys and values of a step and return all of them."""
        return self.batch_cache.write(self.index, key_states, value_states)

    def get_seq_length(self) -> int:
        """Return the number of written columns."""
        return self.batch_cache.end_column


class BatchedKvCache:
    """Keys and values of a batch, right-aligned: row `r` begins at `first_columns[r]`, all rows end at `end_column`.

    `tensor` has the shape (layers, 2, rows, heads, columns, head size); the second dimension is keys and values.
    """

    def __init__(self, tensor: Tensor, end_column: int, first_columns: list[int]) -> None:
        self.tensor = tensor
        self.end_column = end_column
        self.first_columns = first_columns
        self.past_key_values = Cache(layers=[KvCacheLayer(self, index) for index in range(tensor.shape[0])])

    @classmethod
    def for_prompt(
        cls, shape: tuple[int, int, int], columns: int, like: Tensor, prefix: Tensor | None
    ) -> BatchedKvCache:
        """Create a cache of one row and `columns` columns. The first columns are the keys and values of `prefix`.

        `shape` is (layers, heads, head size).
        """
        layers, heads, size = shape
        store = like.new_zeros((layers, 2, 1, heads, columns, size))
        end = 0 if prefix is None else prefix.shape[-2]
        if prefix is not None:
            store[..., :end, :] = prefix
        return cls(store, end, [0])

    def write(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of a step in place."""
        new_end = self.end_column + keys.shape[-2]
        layer_tensor = self.tensor[layer]
        layer_tensor[0, :, :, self.end_column : new_end] = keys
        layer_tensor[1, :, :, self.end_column : new_end] = values
        return layer_tensor[0, :, :, :new_end], layer_tensor[1, :, :, :new_end]

    def reserve(self, columns: int) -> None:
        """Extend the tensor if fewer than `columns` columns are free."""
        missing = self.end_column + columns - self.tensor.shape[-2]
        if missing > 0:
            shape = list(self.tensor.shape)
            shape[-2] = missing + SPARE_COLUMNS
            self.tensor = torch.cat([self.tensor, self.tensor.new_zeros(shape)], dim=-2)

    def attention_mask(self, columns: int) -> Tensor | None:
        """Return the mask of the columns of each row, including new ones. Returns None if all belong to all rows."""
        if not any(self.first_columns):
            return None
        first = torch.tensor(self.first_columns, device=self.tensor.device)
        return torch.arange(self.end_column + columns, device=self.tensor.device) >= first[:, None]

    def lengths(self) -> list[int]:
        """Return the number of tokens of each row."""
        return [self.end_column - first for first in self.first_columns]

    def snapshot(self) -> Tensor:
        """Return a copy of the keys and values of the only row."""
        return self.tensor[..., : self.end_column, :].clone()


def merge_rows(parts: list[tuple[BatchedKvCache, list[int]]]) -> BatchedKvCache:
    """Merge rows of several caches into one, trimmed to the longest row and with free columns."""
    end = max(cache.end_column - min(cache.first_columns[row] for row in rows) for cache, rows in parts)
    template = parts[0][0].tensor
    layers, both, _, heads, _, size = template.shape
    store = template.new_zeros((layers, both, sum(len(rows) for _, rows in parts), heads, end + SPARE_COLUMNS, size))
    first: list[int] = []
    for cache, rows in parts:
        for row in rows:
            length = cache.end_column - cache.first_columns[row]
            source = cache.tensor[:, :, row, :, cache.first_columns[row] : cache.end_column]
            store[:, :, len(first), :, end - length : end] = source
            first.append(end - length)
    return BatchedKvCache(store, end, first)


class PrefixCache:
    """Prefix cache: keys and values of recent prompts, reused by prompts with the same beginning.

    Few-shot prompts share hundreds of tokens, and the next turn of a chat begins with the whole previous turn.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: LRUCache[tuple[str | None, tuple[int, ...]], Tensor] = LRUCache(max_bytes, _tensor_bytes)

    def find(self, adapter: str | None, ids: list[int]) -> Tensor | None:
        """Return the longest cached prefix of `ids`: at least 16 tokens, never all. Returns None if there is none."""
        best_length, key = 15, None
        for entry_key in self._entries:
            if entry_key[0] == adapter and (length := _shared_prefix_length(entry_key[1], ids[:-1])) > best_length:
                best_length, key = length, entry_key
        if key is None:
            return None
        return self._entries[key][..., :best_length, :]

    def store(self, adapter: str | None, ids: list[int], cache: BatchedKvCache) -> None:
        """Store a prompt and evict the least recently used ones."""
        size = _tensor_bytes(cache.tensor[..., : cache.end_column, :])
        key = (adapter, tuple(ids))
        if size > self._max_bytes // 2 or key in self._entries:
            return
        self._entries[key] = cache.snapshot()

    def drop_adapter(self, adapter: str) -> None:
        """Drop all prompts of an adapter that was unloaded."""
        for key in [key for key in self._entries if key[0] == adapter]:
            del self._entries[key]


def _tensor_bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shared_prefix_length(one: tuple[int, ...], other: list[int]) -> int:
    size = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        size += 1
    return size
