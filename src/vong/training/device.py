"""Selection of the device that a training run computes on."""

import os
from collections.abc import Callable
from typing import NamedTuple

from vong.errors import MissingExtra
from vong.processes import resident_bytes


class Device(NamedTuple):
    """Compute device. `name` is `cpu`, `cuda`, `mps` or `xpu`; `dtype` is `fp32` or `bf16`; memory is in bytes."""

    name: str
    dtype: str
    memory_in_use: Callable[[], float]


def select_device(dtype: str, threads: int) -> Device:
    """Return the accelerator if there is one, else the CPU with this number of threads (0: all available cores)."""
    # Spinning threads would take CPU time from the engines and the database.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "training") from error
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if accelerator is None:
        torch.set_num_threads(threads or available_cores())
        return Device("cpu", "bf16" if dtype == "bf16" else "fp32", resident_bytes)
    use_bf16 = dtype == "bf16" or (dtype == "auto" and accelerator.type == "cuda" and torch.cuda.is_bf16_supported())
    in_use = torch.cuda.max_memory_reserved if accelerator.type == "cuda" else resident_bytes
    return Device(accelerator.type, "bf16" if use_bf16 else "fp32", in_use)


def available_cores() -> int:
    """Return the number of CPU cores available to this process."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
