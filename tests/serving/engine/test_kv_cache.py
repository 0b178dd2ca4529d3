"""KV cache: memory is freed when a sequence ends, and cached prefixes of prompts are bounded."""

import gc
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch takes seconds to import, and every test process collects every file
    from vong.serving.engine.transformers.kv_cache import BatchedKvCache

CACHE_SHAPE = (3, 2, 8)


def filled_cache(columns: int) -> "BatchedKvCache":
    import torch

    from vong.serving.engine.transformers.kv_cache import BatchedKvCache

    made = BatchedKvCache.for_prompt(CACHE_SHAPE, columns, torch.zeros(1), None)
    made.end_column = columns
    return made


def test_the_cache_of_a_finished_batch_is_freed_at_once() -> None:
    from vong.serving.engine.transformers.kv_cache import merge_rows

    gc.disable()  # a reference cycle would hold gigabytes until the next garbage collection
    try:
        one, other = filled_cache(50), filled_cache(70)
        batch = merge_rows([(one, [0]), (other, [0])])
        stores = [weakref.ref(part.tensor) for part in (one, other, batch)]
        del one, other, batch
        assert [store() for store in stores] == [None, None, None]
    finally:
        gc.enable()


def test_the_prefix_cache_stays_within_its_size() -> None:
    from vong.serving.engine.transformers.kv_cache import PrefixCache

    row = filled_cache(100)
    size = row.tensor.numel() * row.tensor.element_size()
    known = PrefixCache(int(3.5 * size))
    for number in range(10):
        known.store(None, [number, *range(1, 100)], row)
    cached = [number for number in range(10) if known.find(None, [number, *range(1, 100), 7]) is not None]
    assert cached == [7, 8, 9]  # the newest three fit
    known.find(None, [7, *range(1, 100), 7])  # a hit makes 8 the oldest
    known.store(None, [11, *range(1, 100)], row)
    cached = [number for number in range(12) if known.find(None, [number, *range(1, 100), 7]) is not None]
    assert cached == [7, 9, 11]


def test_a_prompt_larger_than_half_of_the_prefix_cache_is_not_cached() -> None:
    from vong.serving.engine.transformers.kv_cache import PrefixCache

    row = filled_cache(100)
    known = PrefixCache(row.tensor.numel() * row.tensor.element_size())
    known.store(None, list(range(100)), row)
    assert known.find(None, list(range(101))) is None
