import pytest

from vong.serving.engine.llamacpp.adapter_rotation import AdapterRotation


def test_requests_of_one_adapter_run_together_and_others_wait_for_their_turn() -> None:
    turns = AdapterRotation(rotation_seconds=60)
    first, second, other, base = (turns.request(name) for name in ("a", "a", "b", None))
    assert first.done() and second.done() and not other.done() and not base.done()
    turns.end()
    assert not other.done()
    turns.end()
    assert other.done() and not base.done()
    turns.end()
    assert base.done()


@pytest.mark.parametrize(("rotation_seconds", "starts"), [(60.0, True), (0.0, False)])
def test_the_turn_of_an_adapter_ends_while_others_wait(rotation_seconds: float, starts: bool) -> None:
    turns = AdapterRotation(rotation_seconds)
    turns.request("a")
    turns.request("b")
    assert turns.request("a").done() is starts


def test_a_request_that_leaves_gives_its_turn_to_the_next_one() -> None:
    turns = AdapterRotation(rotation_seconds=0.0)
    turns.request("a")
    gone, waiting = turns.request("b"), turns.request("c")
    assert gone.cancel()
    turns.end()
    assert waiting.done()
