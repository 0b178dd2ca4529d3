"""System information: installed versions, storage and process usage, for the about page and bug reports."""

import platform as machine
import shutil
from importlib import metadata
from pathlib import Path

from sqlalchemy import Connection, text

from vong import __version__
from vong.app.platform import Platform
from vong.records import Record

LIBRARIES = {
    "": ("fastapi", "pydantic", "sqlalchemy", "psycopg", "procrastinate", "pyarrow", "onnxruntime"),
    "training": ("torch", "transformers", "trl", "peft", "accelerate"),
    "serving": ("xllamacpp", "gguf"),
    "s3": ("s3fs",),
}
"""Main libraries by the extra that installs them."""
PROCESSES_WITH_CHILDREN = {"postgres", "worker"}

STORAGE_QUERY = text("""
    SELECT pg_database_size(current_database()) AS bytes,
           current_setting('server_version') AS postgres,
           (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
           (SELECT coalesce(sum(greatest(part.reltuples, pg_stat_get_live_tuples(part.oid), 0)), 0)::bigint
              FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
             WHERE inhparent = to_regclass('public.traces_spans')) AS spans
""")
"""Sizes from PostgreSQL's own statistics, so that no rows are counted."""


class LibraryInfo(Record):
    """Library and its version, null if it is not installed. `extra` is null for libraries that Vong always has."""

    name: str
    version: str | None
    extra: str | None


class ProcessInfo(Record):
    """Process of Vong: its memory in bytes (shared pages by their share) and used CPU seconds."""

    name: str
    pid: int
    memory: int
    cpu_seconds: float


class StorageUsage(Record):
    """Bytes on disk. Blob values are null for an object store; `spans` is PostgreSQL's own estimate."""

    database_bytes: int
    blob_bytes: int | None
    blobs: int | None
    blob_url: str
    spans: int
    free_bytes: int


class SystemInfo(Record):
    """Installed versions, storage and process usage."""

    version: str
    python: str
    system: str
    postgres: str
    pgvector: str | None
    libraries: tuple[LibraryInfo, ...]
    home: str
    storage: StorageUsage
    processes: tuple[ProcessInfo, ...]


def get_system_info(platform: Platform, connection: Connection) -> SystemInfo:
    """Return the current system information. The connection is the owner's, because sizes belong to no project."""
    from vong.app.host import supervisor  # imported here, because a server needs it only for this

    home = platform.settings.home_folder
    row = connection.execute(STORAGE_QUERY).one()
    state = supervisor.read_state(home)
    blob_sizes = _blob_usage(platform.settings.blob_store_url)
    return SystemInfo(
        version=__version__,
        python=machine.python_version(),
        system=f"{machine.system()} {machine.machine()}",
        postgres=row.postgres.split()[0],
        pgvector=row.pgvector,
        libraries=tuple(_library_info(name, extra) for extra, names in LIBRARIES.items() for name in names),
        home=str(home),
        storage=StorageUsage(
            database_bytes=row.bytes,
            blob_bytes=blob_sizes[0] if blob_sizes else None,
            blobs=blob_sizes[1] if blob_sizes else None,
            blob_url=platform.settings.blob_store_url,
            spans=row.spans,
            free_bytes=shutil.disk_usage(home if home.is_dir() else Path.cwd()).free,
        ),
        processes=tuple(
            process_usage(name, identity.pid)
            for name, identity in (supervisor.live_processes(state) if state else {}).items()
        ),
    )


def process_usage(name: str, pid: int) -> ProcessInfo:
    """Return the usage of one process; for PostgreSQL and the worker including their children."""
    import psutil  # imported here, because it takes 3 MB that a server needs only for this

    from vong.app.host.processes import memory_bytes

    cpu_seconds = 0.0
    try:
        family = [psutil.Process(pid)]
        family += family[0].children(recursive=True) if name in PROCESSES_WITH_CHILDREN else []
    except psutil.Error:
        family = []
    for member in family:
        try:
            times = member.cpu_times()
        except psutil.Error:
            continue
        cpu_seconds += times.user + times.system
    return ProcessInfo(
        name=name,
        pid=pid,
        memory=memory_bytes(pid, children=name in PROCESSES_WITH_CHILDREN),
        cpu_seconds=round(cpu_seconds, 1),
    )


def _library_info(name: str, extra: str) -> LibraryInfo:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = None
    return LibraryInfo(name=name, version=version, extra=extra or None)


def _blob_usage(url: str) -> tuple[int, int] | None:
    """Return bytes and number of the blobs in a folder, or None for an object store, where counting costs money."""
    if not url.startswith("file://"):
        return None
    sizes = [file.stat().st_size for file in Path(url.removeprefix("file://")).glob("??/??/*")]
    return sum(sizes), len(sizes)
