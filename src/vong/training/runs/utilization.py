"""Measurement of the memory and the utilization of the processors during training."""

import time
from collections.abc import Callable

from vong.training.device import Device, available_cores
from vong.training.run_times import cpu_seconds


class UtilizationMeter:
    """Meter of this process. Utilization is measured between two calls.

    `cpu_percent` is the share of the CPU threads of the run that this process used, 0 to 100. `gpu_percent` is the
    share of time in which the GPU was busy. It is missing if there is no GPU or its driver library is not installed.
    """

    def __init__(self, device: Device, threads: int) -> None:
        self.memory_in_use: Callable[[], float] = device.memory_in_use
        self._cores = min(threads or available_cores(), available_cores())
        self._has_gpu = device.name == "cuda"
        self._last = (time.monotonic(), cpu_seconds())

    def utilization(self) -> dict[str, float]:
        """Return the metrics since the previous call."""
        (previous, used), now = self._last, (time.monotonic(), cpu_seconds())
        self._last = now
        values: dict[str, float] = {}
        if now[0] > previous:
            values["cpu_percent"] = min(100.0, 100 * (now[1] - used) / (now[0] - previous) / self._cores)
        if self._has_gpu and (percent := self._gpu_percent()) is not None:
            values["gpu_percent"] = percent
        return values

    def _gpu_percent(self) -> float | None:
        import torch

        try:
            return float(torch.cuda.utilization())
        except Exception:  # noqa: BLE001 - NVML's errors share no base class; utilization is optional
            self._has_gpu = False
            return None
