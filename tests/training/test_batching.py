from hypothesis import given
from hypothesis import strategies as st

from vong.training.rows.batching import EpochSampler, padding_share


@given(st.lists(st.integers(1, 400), min_size=1, max_size=300), st.integers(1, 16), st.integers(0, 3), st.booleans())
def test_every_epoch_contains_every_row_once(lengths: list[int], batch: int, epoch: int, grouped: bool) -> None:
    order = EpochSampler(lengths, batch, seed=3, grouped=grouped)
    order.set_epoch(epoch)
    first = list(order)
    assert sorted(first) == list(range(len(lengths)))
    assert list(order) == first


def test_grouping_by_length_avoids_most_padding_and_epochs_differ() -> None:
    lengths = [40 + (number * 7919) % 160 for number in range(400)]
    plain, grouped = EpochSampler(lengths, 8, 0, grouped=False), EpochSampler(lengths, 8, 0)
    assert padding_share(list(grouped), lengths, 8) < 0.3 * padding_share(list(plain), lengths, 8)
    first = list(grouped)
    grouped.set_epoch(1)
    assert list(grouped) != first


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(any),
    st.integers(1, 8),
    st.integers(0, 2),
    st.booleans(),
)
def test_stages_follow_each_other_in_every_epoch(stages: list[int], batch: int, epoch: int, grouped: bool) -> None:
    lengths = [10 + number * 31 % 50 for number in range(sum(stages))]
    order = EpochSampler(lengths, batch, 0, grouped=grouped, stages=stages)
    order.set_epoch(epoch)
    ends = [sum(stages[: number + 1]) for number in range(len(stages))]
    stage_of_row = [next(stage for stage, end in enumerate(ends) if row < end) for row in order]
    assert stage_of_row == sorted(stage_of_row)
    assert sorted(order) == list(range(len(lengths)))
