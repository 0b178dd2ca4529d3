from tests.training.factories import Recorder
from vong.training.device import Device
from vong.training.runs.monitor import MonitorPolicy, MonitorState, TrainingMonitor
from vong.training.runs.utilization import UtilizationMeter

METER = UtilizationMeter(Device("cpu", "fp32", lambda: 1.0), 1)


def create_monitor(report: Recorder, patience: int | None = None) -> TrainingMonitor:
    policy = MonitorPolicy(patience=patience)
    return TrainingMonitor(report, MonitorState(), policy, save_best=lambda step: f"best-{step}", meter=METER)


def feed(monitor: TrainingMonitor, step: int, losses: list[float], eval_loss: float) -> bool:
    for loss in losses:
        monitor.on_log(step, 100, {"loss": loss})
    return monitor.on_evaluate(step, eval_loss)


def test_overfitting_is_reported_once_if_the_eval_loss_rises_while_the_loss_falls() -> None:
    report = Recorder()
    monitor = create_monitor(report)
    for step, (loss, eval_loss) in enumerate([(3.0, 3.0), (2.0, 2.0), (1.0, 2.5), (0.5, 3.0)]):
        assert not feed(monitor, step, [loss, loss], eval_loss)
    (warning,) = report.warnings
    assert warning.startswith("overfitting: eval loss rose from 2.0000 (step 1) to 2.5000 (step 2) while training loss")
    assert monitor.state.best == "best-1"


def test_rising_training_and_eval_losses_are_not_overfitting() -> None:
    report = Recorder()
    monitor = create_monitor(report)
    for step, (loss, eval_loss) in enumerate([(3.0, 3.0), (2.0, 2.0), (4.0, 4.0)]):
        feed(monitor, step, [loss], eval_loss)
    assert report.warnings == []


def test_training_stops_after_patience_evaluations_without_improvement() -> None:
    monitor = create_monitor(Recorder(), patience=2)
    stops = [feed(monitor, step, [1.0], loss) for step, loss in enumerate([3.0, 2.0, 2.1, 1.9, 2.0, 1.95])]
    assert stops == [False, False, False, False, False, True]
    assert (monitor.state.best_loss, monitor.state.best_step) == (1.9, 3)


def test_the_state_of_the_monitor_survives_a_restart() -> None:
    monitor = create_monitor(Recorder(), patience=1)
    feed(monitor, 5, [1.0], 2.0)
    state = MonitorState(**monitor.state.to_dict())
    again = TrainingMonitor(Recorder(), state, MonitorPolicy(patience=1), save_best=None, meter=METER)
    assert feed(again, 10, [1.0], 2.5)
    assert again.state.best_step == 5
