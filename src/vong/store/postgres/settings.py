"""The settings of the embedded PostgreSQL: thrifty when idle, durable, many partitions.

They stand in a marked block at the end of `postgresql.conf` and are written at every start. Your own go by
`ALTER SYSTEM SET …` (PostgreSQL reads those after ours) or above the block.
"""

import os
from pathlib import Path

from vong.store.postgres.os_user import OsAccount

BEGIN = "# vong: begin (rewritten at every start; use ALTER SYSTEM to change a setting)"
END = "# vong: end"

SETTINGS: dict[str, str] = {
    "listen_addresses": "''",  # the socket only
    "unix_socket_permissions": "0700",  # and only for the user who runs it: this is what guards the trust of pg_hba
    "max_connections": "100",
    # Memory and processes: a quiet Vong should cost little.
    "shared_buffers": "64MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "4MB",
    "io_method": "sync",  # three processes fewer
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "2",
    "jit": "off",
    # Shared memory of parallel queries in files: containers give /dev/shm 64 MB, an index build needs more.
    "dynamic_shared_memory_type": "mmap",
    # A trace may lie in any day: every partition that a statement names takes locks.
    "max_locks_per_transaction": "256",
    "min_wal_size": "64MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    # The log says what matters; log_checkpoints would write a line every five minutes of a busy day.
    "log_checkpoints": "off",
    "log_line_prefix": "'%m [%p] %d '",
    "log_timezone": "'UTC'",
    "timezone": "'UTC'",
}


def write_settings(folder: Path, socket: Path, account: OsAccount) -> None:
    """Put our block into `postgresql.conf`, in place of the one before; the file changes whole or not at all."""
    file = folder / "postgresql.conf"
    before = file.read_text(encoding="utf-8")
    kept = before.partition(BEGIN)[0] + before.partition(END)[2].lstrip("\n") if BEGIN in before else before
    quoted = str(socket).replace("'", "''").replace('"', '""')
    settings = {**SETTINGS, "unix_socket_directories": f"'\"{quoted}\"'"}
    block = "\n".join([BEGIN, *(f"{name} = {value}" for name, value in settings.items()), END])
    after = f"{kept.rstrip()}\n\n{block}\n"
    if after == before:
        return
    partial = file.with_name("postgresql.conf.vong")
    partial.write_text(after, encoding="utf-8")
    partial.chmod(0o600)
    if account.switch:
        os.chown(partial, account.uid, account.gid)
    partial.replace(file)
