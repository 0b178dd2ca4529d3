"""What a run computes on."""

import os
from collections.abc import Callable
from typing import NamedTuple

from vong.errors import MissingExtra


class Device(NamedTuple):
    """`name` is `cpu`, `cuda`, `mps` or `xpu`; `dtype` is `fp32` or `bf16`; memory is in bytes."""

    name: str
    dtype: str
    memory_in_use: Callable[[], float]


def choose(dtype: str, threads: int) -> Device:
    """The accelerator where there is one, else the CPU with that many threads (0: all that this process may use)."""
    # Threads that wait by spinning would take the cores that the engines and the database need.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "training") from error
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if found is None:
        torch.set_num_threads(threads or cores())
        return Device("cpu", "bf16" if dtype == "bf16" else "fp32", resident)
    half = dtype == "bf16" or (dtype == "auto" and found.type == "cuda" and torch.cuda.is_bf16_supported())
    in_use = torch.cuda.max_memory_reserved if found.type == "cuda" else resident
    return Device(found.type, "bf16" if half else "fp32", in_use)


def cores() -> int:
    """How many CPU cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def resident() -> float:
    """The resident memory of this process."""
    import psutil

    return float(psutil.Process().memory_info().rss)
