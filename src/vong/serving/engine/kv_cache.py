"""The keys and values of several conversations in one tensor, so that rows can join and leave between two steps.

This module needs torch: only the engine `transformers` imports it, in its own process.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import proxy

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

ROOM = 128
"""Columns added when the tensor is full, so that most steps write in place."""


class KvCacheLayer(DynamicLayer):
    """One layer's part of `Lanes`, in the form that transformers' attention expects.

    It refers to its lanes weakly: a circle would keep hundreds of megabytes until the cyclic collector, which counts
    objects and not bytes, comes by.
    """

    def __init__(self, lanes: BatchedKvCache, index: int) -> None:
        super().__init__()
        self.lanes: BatchedKvCache = proxy(lanes)
        self.index = index
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write this step's keys and values; give all of them back."""
        return self.lanes.write(self.index, key_states, value_states)

    def get_seq_length(self) -> int:
        """How many columns are written."""
        return self.lanes.end


class BatchedKvCache:
    """Rows of a batch, aligned at their right end: row `r` begins at column `first[r]`, all end at column `end`.

    `store` is (layers, 2, rows, heads, columns, head size): the keys and the values.
    """

    def __init__(self, store: Tensor, end: int, first: list[int]) -> None:
        self.store = store
        self.end = end
        self.first = first
        self.cache = Cache(layers=[KvCacheLayer(self, index) for index in range(store.shape[0])])

    @classmethod
    def single(cls, shape: tuple[int, int, int], columns: int, like: Tensor, known: Tensor | None) -> BatchedKvCache:
        """One row with room for that many columns, beginning with the keys and values that are `known` already.

        `shape` is (layers, heads, head size).
        """
        layers, heads, size = shape
        store = like.new_zeros((layers, 2, 1, heads, columns, size))
        end = 0 if known is None else known.shape[-2]
        if known is not None:
            store[..., :end, :] = known
        return cls(store, end, [0])

    def write(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Put a step's keys and values behind what is there, without moving it."""
        till = self.end + keys.shape[-2]
        part = self.store[layer]
        part[0, :, :, self.end : till] = keys
        part[1, :, :, self.end : till] = values
        return part[0, :, :, :till], part[1, :, :, :till]

    def reserve(self, columns: int) -> None:
        """Make room for that many columns more."""
        missing = self.end + columns - self.store.shape[-2]
        if missing > 0:
            shape = list(self.store.shape)
            shape[-2] = missing + ROOM
            self.store = torch.cat([self.store, self.store.new_zeros(shape)], dim=-2)

    def mask(self, columns: int) -> Tensor | None:
        """Which of the columns, with that many new ones, belong to each row; None where all do."""
        if not any(self.first):
            return None
        first = torch.tensor(self.first, device=self.store.device)
        return torch.arange(self.end + columns, device=self.store.device) >= first[:, None]

    def lengths(self) -> list[int]:
        """Tokens of each row."""
        return [self.end - first for first in self.first]

    def snapshot(self) -> Tensor:
        """A copy of the only row's keys and values."""
        return self.store[..., : self.end, :].clone()


def gather(parts: list[tuple[BatchedKvCache, list[int]]]) -> BatchedKvCache:
    """One batch out of the named rows of several, trimmed to the longest row and with room to go on."""
    end = max(lanes.end - min(lanes.first[row] for row in rows) for lanes, rows in parts)
    model = parts[0][0].store
    layers, both, _, heads, _, size = model.shape
    store = model.new_zeros((layers, both, sum(len(rows) for _, rows in parts), heads, end + ROOM, size))
    first: list[int] = []
    for lanes, rows in parts:
        for row in rows:
            length = lanes.end - lanes.first[row]
            source = lanes.store[:, :, row, :, lanes.first[row] : lanes.end]
            store[:, :, len(first), :, end - length : end] = source
            first.append(end - length)
    return BatchedKvCache(store, end, first)


class PrefixCache:
    """Keys and values of recent prompts, so that a prompt that begins like one of them is not computed again.

    Few-shot prompts share hundreds of tokens; a chat's next turn begins with the whole turn before.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._known: OrderedDict[tuple[str | None, tuple[int, ...]], Tensor] = OrderedDict()

    def find(self, adapter: str | None, ids: list[int]) -> Tensor | None:
        """The longest known beginning of `ids` (at least 16 tokens, never all of them)."""
        best, key = 15, None
        for known in self._known:
            if known[0] == adapter and (size := _shared(known[1], ids[:-1])) > best:
                best, key = size, known
        if key is None:
            return None
        self._known.move_to_end(key)
        return self._known[key][..., :best, :]

    def keep(self, adapter: str | None, ids: list[int], lanes: BatchedKvCache) -> None:
        """Remember a prompt; the ones not used for longest make room."""
        size = lanes.store[..., : lanes.end, :].numel() * lanes.store.element_size()
        key = (adapter, tuple(ids))
        if size > self._limit // 2 or key in self._known:
            return
        self._known[key] = lanes.snapshot()
        self._size += size
        while self._size > self._limit:
            _, dropped = self._known.popitem(last=False)
            self._size -= dropped.numel() * dropped.element_size()

    def forget(self, adapter: str) -> None:
        """Drop what an adapter has computed: its weights are gone."""
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
