from datetime import timedelta

import pytest

from vong.durations import parse_duration


def test_durations_are_a_number_and_a_unit() -> None:
    assert parse_duration("15m") == timedelta(minutes=15)
    assert parse_duration("30d", "mhd") == timedelta(days=30)


@pytest.mark.parametrize("text", ["", "m", "15", "1.5h", "-1h", "²h", "9" * 20 + "d", "9" * 5000 + "d"])
def test_other_texts_are_none(text: str) -> None:
    assert parse_duration(text) is None


def test_only_the_allowed_units_are_read() -> None:
    assert parse_duration("30s", "mhd") is None
