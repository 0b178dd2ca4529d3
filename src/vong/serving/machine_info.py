"""Figures of this machine: cores, memory and GPUs, recorded with every heartbeat."""

import logging
import os
import shutil
import subprocess
import time
from typing import Any

from sqlalchemy import Connection

from vong.processes import machine_memory
from vong.serving import replica_tables

log = logging.getLogger(__name__)

GPU_QUERY = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
GPU_QUERY_SECONDS = 10.0
"""Interval between two queries of the GPUs, and the time that one may take."""
MEBIBYTE = 1 << 20


class MachineInfo:
    """Name, address and current figures of this machine, and the Ray Serve application to which it belongs."""

    def __init__(self, name: str, address: str, application: str | None = None) -> None:
        self.name = name
        self.address = address
        self.application = application
        self._gpus: list[dict[str, Any]] = []
        self._gpus_read_at = -GPU_QUERY_SECONDS

    def record(self, connection: Connection) -> None:
        """Record a heartbeat with the current figures. Requires the owner's connection."""
        memory = machine_memory()
        values = {
            "address": self.address,
            "cores": len(os.sched_getaffinity(0)),
            "memory": memory.total,
            "available": memory.available,
            "gpus": self._read_gpus(),
            "application": self.application,
        }
        replica_tables.record_heartbeat(connection, self.name, values)

    def _read_gpus(self) -> list[dict[str, Any]]:
        if time.monotonic() - self._gpus_read_at >= GPU_QUERY_SECONDS:
            self._gpus_read_at = time.monotonic()
            self._gpus = read_gpus()
        return self._gpus


def free_memory() -> dict[str, Any]:
    """Return the free memory of this machine and of its GPUs as columns of the table of machines."""
    return {"available": machine_memory().available, "gpus": read_gpus()}


def read_gpus() -> list[dict[str, Any]]:
    """Return the NVIDIA GPUs with their memory in bytes. Returns an empty list without the program `nvidia-smi`."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        command = [program, *GPU_QUERY]
        done = subprocess.run(command, capture_output=True, text=True, timeout=GPU_QUERY_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi failed: %s", error)
        return []
    return parse_gpus(done.stdout)


def parse_gpus(output: str) -> list[dict[str, Any]]:
    """Return the GPUs in the output of `nvidia-smi`. A line without numbers, as of a MIG device, is skipped."""
    gpus: list[dict[str, Any]] = []
    for line in output.splitlines():
        parts = [part.strip() for part in line.rsplit(",", 2)]
        if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            memory, available = int(parts[1]) * MEBIBYTE, int(parts[2]) * MEBIBYTE
            gpus.append({"name": parts[0], "memory": memory, "available": available})
    return gpus
