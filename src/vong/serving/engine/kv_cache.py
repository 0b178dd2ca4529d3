"""Batched KV cache: keys and values of several sequences in one tensor, so that rows can join and leave the batch.

This module requires torch. Only the engine `transformers` imports it, in a separate process.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import proxy

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

ROOM = 128
"""Number of columns added to a full tensor, so that most steps write in place."""


class KvCacheLayer(DynamicLayer):
    """One layer of a `BatchedKvCache`, with the interface that attention in transformers expects.

    The reference to the cache is weak. A reference cycle would hold hundreds of megabytes until the next run of the
    garbage collector, which counts objects and not bytes.
    """

    def __init__(self, cache: BatchedKvCache, index: int) -> None:
        super().__init__()
        self.lanes: BatchedKvCache = proxy(cache)
        self.index = index
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write the keys and values of a step and return all of them."""
        return self.lanes.write(self.index, key_states, value_states)

    def get_seq_length(self) -> int:
        """Return the number of written columns."""
        return self.lanes.end


class BatchedKvCache:
    """Keys and values of a batch, right-aligned: row `r` begins at `first_columns[r]`, all rows end at `end_column`.

    `tensor` has the shape (layers, 2, rows, heads, columns, head size); the second dimension is keys and values.
    """

    def __init__(self, store: Tensor, end: int, first: list[int]) -> None:
        self.store = store
        self.end = end
        self.first = first
        self.cache = Cache(layers=[KvCacheLayer(self, index) for index in range(store.shape[0])])

    @classmethod
    def single(cls, shape: tuple[int, int, int], columns: int, like: Tensor, known: Tensor | None) -> BatchedKvCache:
        """Create a cache of one row and `columns` columns. The first columns are the keys and values of `prefix`.

        `shape` is (layers, heads, head size).
        """
        layers, heads, size = shape
        store = like.new_zeros((layers, 2, 1, heads, columns, size))
        end = 0 if known is None else known.shape[-2]
        if known is not None:
            store[..., :end, :] = known
        return cls(store, end, [0])

    def write(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of a step in place."""
        new_end = self.end + keys.shape[-2]
        layer_tensor = self.store[layer]
        layer_tensor[0, :, :, self.end : new_end] = keys
        layer_tensor[1, :, :, self.end : new_end] = values
        return layer_tensor[0, :, :, :new_end], layer_tensor[1, :, :, :new_end]

    def reserve(self, columns: int) -> None:
        """Extend the tensor if fewer than `columns` columns are free."""
        missing = self.end + columns - self.store.shape[-2]
        if missing > 0:
            shape = list(self.store.shape)
            shape[-2] = missing + ROOM
            self.store = torch.cat([self.store, self.store.new_zeros(shape)], dim=-2)

    def mask(self, columns: int) -> Tensor | None:
        """Return the mask of the columns of each row, including new ones. Returns None if all belong to all rows."""
        if not any(self.first):
            return None
        first = torch.tensor(self.first, device=self.store.device)
        return torch.arange(self.end + columns, device=self.store.device) >= first[:, None]

    def lengths(self) -> list[int]:
        """Return the number of tokens of each row."""
        return [self.end - first for first in self.first]

    def snapshot(self) -> Tensor:
        """Return a copy of the keys and values of the only row."""
        return self.store[..., : self.end, :].clone()


def gather(parts: list[tuple[BatchedKvCache, list[int]]]) -> BatchedKvCache:
    """Merge rows of several caches into one, trimmed to the longest row and with free columns."""
    end = max(cache.end - min(cache.first[row] for row in rows) for cache, rows in parts)
    template = parts[0][0].store
    layers, both, _, heads, _, size = template.shape
    store = template.new_zeros((layers, both, sum(len(rows) for _, rows in parts), heads, end + ROOM, size))
    first: list[int] = []
    for cache, rows in parts:
        for row in rows:
            length = cache.end - cache.first[row]
            source = cache.store[:, :, row, :, cache.first[row] : cache.end]
            store[:, :, len(first), :, end - length : end] = source
            first.append(end - length)
    return BatchedKvCache(store, end, first)


class PrefixCache:
    """Prefix cache: keys and values of recent prompts, reused by prompts with the same beginning.

    Few-shot prompts share hundreds of tokens, and the next turn of a chat begins with the whole previous turn.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._known: OrderedDict[tuple[str | None, tuple[int, ...]], Tensor] = OrderedDict()

    def find(self, adapter: str | None, ids: list[int]) -> Tensor | None:
        """Return the longest cached prefix of `ids`: at least 16 tokens, never all. Returns None if there is none."""
        best_length, key = 15, None
        for entry_key in self._known:
            if entry_key[0] == adapter and (length := _shared(entry_key[1], ids[:-1])) > best_length:
                best_length, key = length, entry_key
        if key is None:
            return None
        self._known.move_to_end(key)
        return self._known[key][..., :best_length, :]

    def keep(self, adapter: str | None, ids: list[int], cache: BatchedKvCache) -> None:
        """Store a prompt and evict the least recently used ones."""
        size = cache.store[..., : cache.end, :].numel() * cache.store.element_size()
        key = (adapter, tuple(ids))
        if size > self._limit // 2 or key in self._known:
            return
        self._known[key] = cache.snapshot()
        self._size += size
        while self._size > self._limit:
            _, dropped = self._known.popitem(last=False)
            self._size -= dropped.numel() * dropped.element_size()

    def forget(self, adapter: str) -> None:
        """Drop all prompts of an adapter that was unloaded."""
        for key in [key for key in self._known if key[0] == adapter]:
            dropped = self._known.pop(key)
            self._size -= dropped.numel() * dropped.element_size()


def _shared(one: tuple[int, ...], other: list[int]) -> int:
    size = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        size += 1
    return size
