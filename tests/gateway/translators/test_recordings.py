"""Synthetic recordings in the formats of real providers, translated to every endpoint without loss."""

from pathlib import Path

import pytest

from benchmarks.replay import Found, exchanges, replayed

RECORDINGS = Path(__file__).parents[1] / "recordings"
FILES = sorted(RECORDINGS.glob("*.jsonl"))


def read_recordings(host: str) -> list[Found]:
    return [one for name, exchange in exchanges(RECORDINGS) if name == host for one in replayed(exchange)]


@pytest.mark.parametrize("host", [file.stem for file in FILES])
def test_a_recorded_response_is_equal_at_every_endpoint(host: str) -> None:
    became = read_recordings(host)
    assert [one for one in became if one.became != "same"] == []
    assert len(became) >= 14


def test_a_loss_is_detected() -> None:
    (exchange, *_) = [exchange for _, exchange in exchanges(RECORDINGS) if exchange["path"] == "/v1/messages"]
    broken = {**exchange, "response": exchange["response"].replace('"id": "t2", "name": "weather", ', "")}
    with pytest.raises(KeyError):
        list(replayed(broken))
    odd = {**exchange, "response": exchange["response"].replace("tool_use", "tool_was", 1)}
    assert "differs" in {one.became for one in replayed(odd)}
