"""The memory of keys and values: given back when a row ends, and bounded for the beginnings that prompts share."""

import gc
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch takes seconds, and every process of a run collects every file
    from vong.serving.engine.kv_cache import BatchedKvCache

SHAPE = (3, 2, 8)


def lanes(columns: int) -> "BatchedKvCache":
    import torch

    from vong.serving.engine.kv_cache import BatchedKvCache

    made = BatchedKvCache.for_prompt(SHAPE, columns, torch.zeros(1), None)
    made.end_column = columns
    return made


def test_lanes_that_nobody_uses_are_gone_at_once() -> None:
    from vong.serving.engine.kv_cache import merge_rows

    gc.disable()  # a circle of references would wait for the collector, and there are gigabytes in it
    try:
        one, other = lanes(50), lanes(70)
        batch = merge_rows([(one, [0]), (other, [0])])
        stores = [weakref.ref(part.tensor) for part in (one, other, batch)]
        del one, other, batch
        assert [store() for store in stores] == [None, None, None]
    finally:
        gc.enable()


def test_what_prompts_share_stays_within_its_bytes() -> None:
    from vong.serving.engine.kv_cache import PrefixCache

    row = lanes(100)
    size = row.tensor.numel() * row.tensor.element_size()
    known = PrefixCache(int(3.5 * size))
    for number in range(10):
        known.store(None, [number, *range(1, 100)], row)
    kept = [number for number in range(10) if known.find(None, [number, *range(1, 100), 7]) is not None]
    assert kept == [7, 8, 9]  # three fit, the newest
    known.find(None, [7, *range(1, 100), 7])  # used: 8 is now the oldest
    known.store(None, [11, *range(1, 100)], row)
    kept = [number for number in range(12) if known.find(None, [number, *range(1, 100), 7]) is not None]
    assert kept == [7, 9, 11]


def test_a_prompt_larger_than_half_of_it_is_not_kept() -> None:
    from vong.serving.engine.kv_cache import PrefixCache

    row = lanes(100)
    known = PrefixCache(row.tensor.numel() * row.tensor.element_size())
    known.store(None, list(range(100)), row)
    assert known.find(None, list(range(101))) is None
