import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from vong import experiments
from vong.errors import NotFound
from vong.experiments.curves import MetricPoint, downsample_lttb, list_metric_entries
from vong.experiments.runs import mark_run_running
from vong.records import new_id, now


def test_metrics_of_a_run_are_returned_as_curves(connection: Connection) -> None:
    run = experiments.start_run(connection, "mine", settings={"rate": 0.1})
    for step in range(1, 6):
        experiments.log_metrics(connection, run.id, step, {"loss": 5 - step, "rate": 0.1})
    experiments.log_metrics(connection, run.id, 3, {"loss": 9.0})
    (loss,) = experiments.load_curves(connection, run.id, ["loss"])
    assert [(point.step, point.value) for point in loss.points] == [(1, 4), (2, 3), (3, 9), (4, 1), (5, 0)]
    assert len(experiments.load_curves(connection, run.id)) == 2


def test_a_run_ends_with_its_summary_and_model(connection: Connection) -> None:
    run = experiments.start_run(connection, "mine", queued=True)
    assert run.status == "queued"
    assert mark_run_running(connection, run.id).status == "running"
    experiments.add_warning(connection, run.id, "odd")
    experiments.add_warning(connection, run.id, "odd")
    ended = experiments.finish_run(connection, run.id, summary={"loss": 1.0}, model="m@1")
    assert (ended.status, ended.summary, ended.model, ended.warnings) == ("finished", {"loss": 1.0}, "m@1", ("odd",))
    assert experiments.list_runs(connection, status="finished") == [ended]


def test_a_nan_loss_is_recorded(connection: Connection) -> None:
    run = experiments.start_run(connection, "mine")
    experiments.log_metrics(connection, run.id, 4, {"loss": math.nan, "rate": 0.1})
    assert experiments.get_run(connection, run.id).warnings == ("not a finite number at step 4: loss",)
    assert [curve.name for curve in experiments.load_curves(connection, run.id)] == ["rate"]


def test_metrics_of_an_unknown_run_are_rejected(connection: Connection) -> None:
    with pytest.raises(NotFound):
        experiments.log_metrics(connection, new_id(), 1, {"loss": 1.0})


def test_new_metrics_are_returned_in_order_of_time(connection: Connection) -> None:
    run = experiments.start_run(connection, "mine")
    for step in (1, 2, 3):
        experiments.log_metrics(connection, run.id, step, {"loss": float(step), "rate": 0.5})
    seen = list_metric_entries(connection, run.id)
    assert [(one.step, one.values) for one in seen] == [(n, {"loss": float(n), "rate": 0.5}) for n in (1, 2, 3)]
    assert [one.step for one in list_metric_entries(connection, run.id, seen[1].entry)] == [3]


def test_a_comparison_shows_different_settings_and_the_best_run(connection: Connection) -> None:
    first = experiments.start_run(connection, "a", settings={"rate": 0.1, "seed": 0})
    second = experiments.start_run(connection, "b", settings={"rate": 0.2, "seed": 0})
    for run, losses in ((first, (3.0, 1.0, 2.0)), (second, (3.0, 2.0))):
        for step, loss in enumerate(losses):
            experiments.log_metrics(connection, run.id, step, {"eval_loss": loss, "token_accuracy": loss})
        experiments.log_metrics(connection, run.id, 3, {"epoch": 1.0, "perplexity": 2.0})
    experiments.log_metrics(connection, first.id, 4, {"token_accuracy": 4.0})
    experiments.log_metrics(connection, second.id, 1, {"grad_norm": 1.0, "epoch": 0.5})
    found = experiments.compare(connection, [first.id, second.id])
    assert found.settings == {"rate": [0.1, 0.2]}
    assert found.best["eval_loss"] == [1.0, 2.0]
    assert found.last["eval_loss"] == [2.0, 2.0]
    assert found.best["grad_norm"] == [None, 1.0]
    assert found.best["epoch"] == [1.0, 1.0] and not {"epoch", "perplexity"} & set(found.winner)
    drawn = [[(one.name, [point.value for point in one.points]) for one in curves] for curves in found.curves]
    assert dict(drawn[0])["eval_loss"] == [3.0, 1.0, 2.0] and "grad_norm" in dict(drawn[1])
    assert (found.winner["eval_loss"], found.winner["token_accuracy"], found.winner["grad_norm"]) == (0, 0, 1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(3, 40))
def test_downsampling_returns_measured_points_in_order_with_both_ends(values: list[float], limit: int) -> None:
    at = now()
    points = [MetricPoint(step=step, value=value, recorded_at=at) for step, value in enumerate(values)]
    thinned = downsample_lttb(points, limit)
    assert len(thinned) == min(limit, len(points))
    assert thinned[0] == points[0]
    assert thinned[-1] == points[-1]
    assert all(a.step < b.step for a, b in itertools.pairwise(thinned))
    assert set(thinned) <= set(points)


def test_downsampling_preserves_a_peak() -> None:
    at = now()
    points = [MetricPoint(step=step, value=100.0 if step == 555 else 0.0, recorded_at=at) for step in range(1000)]
    assert max(point.value for point in downsample_lttb(points, 20)) == 100.0
