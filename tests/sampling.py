"""Random samples of exhaustive tables: `make test` checks a sample, `make test-full` checks everything.

The seed is printed with a failure; set VONG_TEST_SEED to it to repeat the sample.
"""

import os
import random
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T")


def sample(items: Sequence[T], share: float, group_by: Callable[[T], Hashable] | None = None) -> list[T]:
    """Return a random `share` of the items in their order, at least one of each group."""
    if share >= 1:
        return list(items)
    seed = int(os.environ.get("VONG_TEST_SEED") or random.randrange(1_000_000))
    print(f"sample of {share:.0%}: VONG_TEST_SEED={seed}")  # noqa: T201
    generator = random.Random(seed)
    groups: dict[Hashable, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(group_by(item) if group_by else None, []).append(index)
    chosen: set[int] = set()
    for indexes in groups.values():
        chosen.update(generator.sample(indexes, max(1, round(share * len(indexes)))))
    return [items[index] for index in sorted(chosen)]
