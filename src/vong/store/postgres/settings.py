"""Settings of the embedded PostgreSQL: low idle cost, durable, many partitions.

The settings are a marked block at the end of `postgresql.conf` that is rewritten at every start. Add your own settings
with `ALTER SYSTEM SET …`, which PostgreSQL reads after the block, or above the block.
"""

import os
from pathlib import Path

from vong.processes import machine_memory
from vong.store.postgres.os_user import OsAccount

BEGIN = "# vong: begin (rewritten at every start; use ALTER SYSTEM to change a setting)"
END = "# vong: end"

SETTINGS: dict[str, str] = {
    "listen_addresses": "''",  # socket only
    "unix_socket_permissions": "0700",  # server user only, because pg_hba.conf trusts every connection
    "max_connections": "100",
    # Memory and processes: an idle Vong should cost little.
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "4MB",
    "io_method": "sync",  # saves three processes
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "2",
    "jit": "off",
    # Shared memory of parallel queries in files: an index build needs more than the 64 MB of /dev/shm in containers.
    "dynamic_shared_memory_type": "mmap",
    # A trace may be in any day partition, and every partition that a statement reads takes locks.
    "max_locks_per_transaction": "256",
    "min_wal_size": "64MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    # Keeps the log short: log_checkpoints would write a line every five minutes under load.
    "log_checkpoints": "off",
    "log_line_prefix": "'%m [%p] %d '",
    "log_timezone": "'UTC'",
    "timezone": "'UTC'",
}
SHARED_BUFFERS_MB = (64, 256)
"""Bounds of the shared buffers, which are a 32nd of the memory. A graph of 100,000 vectors has 116 MB."""


def _shared_buffers() -> str:
    smallest, largest = SHARED_BUFFERS_MB
    return f"{min(max(machine_memory().total >> 25, smallest), largest)}MB"


def write_settings(folder: Path, socket: Path, account: OsAccount) -> None:
    """Write or replace the block in `postgresql.conf`, atomically."""
    file = folder / "postgresql.conf"
    before = file.read_text(encoding="utf-8")
    rest = before.partition(BEGIN)[0] + before.partition(END)[2].lstrip("\n") if BEGIN in before else before
    quoted = str(socket).replace("'", "''").replace('"', '""')
    settings = {**SETTINGS, "shared_buffers": _shared_buffers(), "unix_socket_directories": f"'\"{quoted}\"'"}
    block = "\n".join([BEGIN, *(f"{name} = {value}" for name, value in settings.items()), END])
    after = f"{rest.rstrip()}\n\n{block}\n"
    if after == before:
        return
    partial = file.with_name("postgresql.conf.vong")
    partial.write_text(after, encoding="utf-8")
    partial.chmod(0o600)
    if account.switch:
        os.chown(partial, account.uid, account.gid)
    partial.replace(file)
