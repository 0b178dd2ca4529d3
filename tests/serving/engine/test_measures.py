"""Measures of an engine: machine time of completions, progress and speed."""

import pytest

from vong.serving.engine import GenerationChunk
from vong.serving.engine.measures import EngineMeasures
from vong.serving.engine_load import LoadReport
from vong.serving.engine_speed import REMEMBERED_SECONDS, EngineSpeed


class Clock:
    """Clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_completions_share_the_machine_time_that_they_use() -> None:
    clock = Clock()
    measures = EngineMeasures(clock)
    one = measures.start_completion(0.5)
    clock.seconds += 2  # the prompt of the first, alone
    one.record(GenerationChunk("a", None, 100, 1))
    other = measures.start_completion(0)
    clock.seconds += 4  # two seconds of each
    other.record(GenerationChunk("b", None, 40, 1, 8))
    clock.seconds += 2
    one.record(GenerationChunk("c", "stop", 100, 9))
    one.finish()
    clock.seconds += 3  # the second, alone
    other.record(GenerationChunk("d", "stop", 40, 5, 8))
    other.finish()
    clock.seconds += 50  # idle time is nobody's
    speed = measures.speed
    assert (speed.prompt_tokens, speed.output_tokens) == (132, 14)
    assert speed.prompt_seconds == pytest.approx(2 + 2)
    assert speed.output_seconds == pytest.approx(3 + 4)
    assert speed.prompt_seconds + speed.output_seconds == pytest.approx(2 + 4 + 2 + 3)
    assert (measures.prompt_tokens, measures.cached_tokens, measures.output_tokens) == (140, 8, 14)
    assert measures.first_token.seconds == pytest.approx(2.5 + 4)
    assert measures.time_to_first_token_ms == 3250


def test_a_prompt_from_the_cache_does_not_measure_the_speed_of_prompts() -> None:
    clock = Clock()
    measures = EngineMeasures(clock)
    measure = measures.start_completion(0)
    clock.seconds += 1
    measure.record(GenerationChunk("a", "stop", 500, 1, 499))
    measure.finish()
    assert (measures.speed.prompt_tokens, measures.speed.output_seconds) == (0, 1)


def test_only_work_without_progress_is_stalled() -> None:
    clock = Clock()
    measures = EngineMeasures(clock)
    clock.seconds += 1000
    assert measures.stalled_seconds(0, 0) == 0  # idle
    with measures.running():
        assert measures.stalled_seconds(0, 0) == 0
        clock.seconds += 30
        assert measures.stalled_seconds(0, 0) == 30
        assert measures.stalled_seconds(0, 1) == 0  # a part of a prompt was computed
        clock.seconds += 10
        assert measures.stalled_seconds(0, 1) == 10
    assert measures.stalled_seconds(0, 1) == 0


def test_the_rate_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    measures = EngineMeasures(clock)
    measures.record_tokens(50)
    assert measures.tokens_per_second == 5
    clock.seconds += 11
    assert measures.tokens_per_second == 0
    assert measures.output_tokens == 50


def test_the_speed_of_earlier_processes_is_kept_and_counts_less_over_time() -> None:
    speed = EngineSpeed(1000, 10, 100, 10).plus(EngineSpeed(0, 0, 300, 10))
    assert (speed.prompt_tokens_per_second, speed.output_tokens_per_second) == (100, 20)
    for _ in range(100):
        speed = speed.plus(EngineSpeed(0, 0, 4000, 100))
    assert speed.output_seconds == pytest.approx(REMEMBERED_SECONDS)
    assert speed.output_tokens_per_second == pytest.approx(40, rel=0.01)
    assert EngineSpeed().output_tokens_per_second is None


def test_each_measurement_of_a_process_is_stored_once() -> None:
    health = {"speed": {"prompt_tokens": 64, "prompt_seconds": 1.0, "output_tokens": 8, "output_seconds": 2.0}}
    started, adopted = LoadReport(speed=EngineSpeed()), LoadReport()
    assert started.measured_speed(health) == EngineSpeed(64, 1, 8, 2)
    assert started.measured_speed(health) is None
    assert adopted.measured_speed(health) is None  # an earlier supervisor stored it
    later = {"speed": {**health["speed"], "output_tokens": 18, "output_seconds": 3.0}}
    assert started.measured_speed(later) is None  # not so soon
    started.speed_stored_at -= 60
    assert started.measured_speed(later) == EngineSpeed(0, 0, 10, 1)
