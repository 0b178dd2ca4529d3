"""Machine that a run would compute on: its device, its memory limit and its speed class."""

import os
import platform
from functools import lru_cache
from pathlib import Path

from vong.errors import VongError
from vong.processes import machine_memory
from vong.records import Record
from vong.training.device import available_cores
from vong.training.planning.model_structure import run_inspection

ACCELERATOR_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Device files of NVIDIA and AMD drivers. Without them (and not on a Mac) torch is not asked for an accelerator."""

GPU_USABLE_SHARE = 0.95
"""Share of the memory of a GPU that a run can use: the rest is lost to fragmentation."""


class Machine(Record):
    """Machine: a stable name, `device` (cpu, cuda, mps or xpu), cores, memory limit in bytes and bf16 support.

    For a GPU the limit is its memory, for a CPU the memory that is free now, within the limit of the container.
    """

    name: str
    device: str
    cores: int
    memory_limit_bytes: int
    bf16: bool = False


def detect_machine(threads: int = 0) -> Machine:
    """Return this machine. `threads` is the setting cpu_threads (0: all cores)."""
    cores = threads or available_cores()
    memory = machine_memory()
    found = _find_accelerator() if _may_have_accelerator() else None
    if found is None:
        return Machine(
            name=_name_processor(cores),
            device="cpu",
            cores=cores,
            memory_limit_bytes=memory.available,
        )
    kind, name, limit, bf16 = found
    return Machine(
        name=name,
        device=kind,
        cores=cores,
        memory_limit_bytes=int(limit * GPU_USABLE_SHARE) if limit else memory.available,
        bf16=bf16,
    )


def name_machine(device: str, threads: int = 0) -> str:
    """Return the name of the machine of a finished run on this device, as `detect_machine` returns it."""
    if device == "cpu":
        return _name_processor(threads or available_cores())
    if device in {"cuda", "xpu"}:
        import torch

        return str(getattr(torch, device).get_device_name(0))
    return device


def _name_processor(cores: int) -> str:
    return f"{_processor_name()}, {cores} threads"


def _may_have_accelerator() -> bool:
    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or any(Path(file).exists() for file in ACCELERATOR_FILES) or Path("/dev/dri/renderD128").exists()


@lru_cache(maxsize=1)
def _find_accelerator() -> tuple[str, str, int | None, bool] | None:
    """Return type, name, memory in bytes and bf16 support of the accelerator, or None. Asked once per process."""
    try:
        found = run_inspection("device")
    except VongError:  # the training libraries are not installed
        return None
    return (found["type"], found["name"], found["memory"], found["bf16"]) if found.get("name") else None


@lru_cache(maxsize=1)
def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return name or platform.processor() or os.uname().machine
