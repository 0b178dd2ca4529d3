from tests.training.made import Recorder
from vong.training.monitor import MonitorState, TrainingMonitor


def watch(report: Recorder, patience: int | None = None) -> TrainingMonitor:
    return TrainingMonitor(
        report, MonitorState(), patience=patience, save_best=lambda step: f"best-{step}", memory_in_use=lambda: 1.0
    )


def feed(one: TrainingMonitor, step: int, losses: list[float], eval_loss: float) -> bool:
    for loss in losses:
        one.on_log(step, 100, {"loss": loss})
    return one.on_evaluate(step, eval_loss)


def test_overfitting_is_warned_of_once_when_eval_loss_turns_while_loss_falls() -> None:
    report = Recorder()
    one = watch(report)
    for step, (loss, eval_loss) in enumerate([(3.0, 3.0), (2.0, 2.0), (1.0, 2.5), (0.5, 3.0)]):
        assert not feed(one, step, [loss, loss], eval_loss)
    (warning,) = report.warnings
    assert warning.startswith("overfitting: eval loss rose from 2.0000 (step 1) to 2.5000 (step 2) while training loss")
    assert one.state.best == "best-1"


def test_a_loss_that_rises_on_both_sides_is_not_overfitting() -> None:
    report = Recorder()
    one = watch(report)
    for step, (loss, eval_loss) in enumerate([(3.0, 3.0), (2.0, 2.0), (4.0, 4.0)]):
        feed(one, step, [loss], eval_loss)
    assert report.warnings == []


def test_it_stops_after_patience_evaluations_without_a_better_loss() -> None:
    one = watch(Recorder(), patience=2)
    stops = [feed(one, step, [1.0], loss) for step, loss in enumerate([3.0, 2.0, 2.1, 1.9, 2.0, 1.95])]
    assert stops == [False, False, False, False, False, True]
    assert (one.state.best_loss, one.state.best_step) == (1.9, 3)


def test_what_is_remembered_survives_a_restart() -> None:
    one = watch(Recorder(), patience=1)
    feed(one, 5, [1.0], 2.0)
    again = TrainingMonitor(
        Recorder(), MonitorState(**one.state.to_dict()), patience=1, save_best=None, memory_in_use=lambda: 1.0
    )
    assert feed(again, 10, [1.0], 2.5)
    assert again.state.best_step == 5
