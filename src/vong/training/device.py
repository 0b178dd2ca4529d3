"""Selection of the device that a training run computes on."""

import os
from collections.abc import Callable
from typing import NamedTuple

from vong.errors import InvalidInput, MissingExtra
from vong.processes import peak_resident_bytes, resident_bytes


class Device(NamedTuple):
    """Compute device. `name` is `cpu`, `cuda`, `mps` or `xpu`; `dtype` is `fp32` or `bf16`; memory is in bytes.

    `peak_memory` is the highest memory since the process started.
    """

    name: str
    dtype: str
    memory_in_use: Callable[[], float]
    peak_memory: Callable[[], float] = peak_resident_bytes


def select_device(dtype: str, threads: int) -> Device:
    """Return the accelerator if there is one, else the CPU with this number of threads (0: all available cores).

    Raises:
        InvalidInput: The GPU does not support the dtype.
    """
    # Spinning threads would take CPU time from the engines and the database.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # For each length of a batch, oneDNN keeps prepared operations: the default of 1,024 grows by 25 MB per new length.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "48")
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "training") from error
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if accelerator is None:
        torch.set_num_threads(threads or available_cores())
        return Device("cpu", "bf16" if dtype == "bf16" else "fp32", resident_bytes)
    if dtype == "bf16" and accelerator.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise InvalidInput(
            f"the GPU {torch.cuda.get_device_name()!r} does not support the dtype bf16", "set dtype to auto or fp32"
        )
    use_bf16 = dtype == "bf16" or (dtype == "auto" and accelerator.type == "cuda" and torch.cuda.is_bf16_supported())
    name = "bf16" if use_bf16 else "fp32"
    if accelerator.type == "cuda":
        return Device(accelerator.type, name, torch.cuda.max_memory_reserved, torch.cuda.max_memory_reserved)
    return Device(accelerator.type, name, resident_bytes)


def available_cores() -> int:
    """Return the number of CPU cores available to this process."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
