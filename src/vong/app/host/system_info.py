"""What is installed and what it uses: for the about page, and for whoever reports a fault."""

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
"""Key libraries by the extra that brings them."""
WITH_CHILDREN = {"postgres", "worker"}

STORAGE = text("""
    SELECT pg_database_size(current_database()) AS bytes,
           current_setting('server_version') AS postgres,
           (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
           (SELECT coalesce(sum(greatest(part.reltuples, pg_stat_get_live_tuples(part.oid), 0)), 0)::bigint
              FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
             WHERE inhparent = to_regclass('public.traces_spans')) AS spans
""")
"""Sizes as PostgreSQL keeps them for itself: nothing is counted."""


class LibraryInfo(Record):
    """A library by its version, null where it is not installed; `extra` brings it, null where Vong always has it."""

    name: str
    version: str | None
    extra: str | None


class ProcessInfo(Record):
    """A process of Vong: its memory in bytes (shared pages by their share) and the CPU seconds it has used."""

    name: str
    pid: int
    memory: int
    cpu_seconds: float


class StorageUsage(Record):
    """Bytes on disk. Blobs are null where they lie in an object store; `spans` is PostgreSQL's own estimate."""

    database_bytes: int
    blob_bytes: int | None
    blobs: int | None
    blob_url: str
    spans: int
    free_bytes: int


class SystemInfo(Record):
    """What is installed and what it uses."""

    version: str
    python: str
    system: str
    postgres: str
    pgvector: str | None
    libraries: tuple[LibraryInfo, ...]
    home: str
    storage: StorageUsage
    processes: tuple[ProcessInfo, ...]


def installation(platform: Platform, connection: Connection) -> SystemInfo:
    """As it is at this moment. The connection is the owner's: sizes belong to no project."""
    from vong.app.host import supervisor  # here, for a server needs it for nothing else

    home = platform.settings.folder
    row = connection.execute(STORAGE).one()
    state = supervisor.running(home)
    blobs = _blobs(platform.settings.blobs)
    return SystemInfo(
        version=__version__,
        python=machine.python_version(),
        system=f"{machine.system()} {machine.machine()}",
        postgres=row.postgres.split()[0],
        pgvector=row.pgvector,
        libraries=tuple(_library(name, extra) for extra, names in LIBRARIES.items() for name in names),
        home=str(home),
        storage=StorageUsage(
            database_bytes=row.bytes,
            blob_bytes=blobs[0] if blobs else None,
            blobs=blobs[1] if blobs else None,
            blob_url=platform.settings.blobs,
            spans=row.spans,
            free_bytes=shutil.disk_usage(home if home.is_dir() else Path.cwd()).free,
        ),
        processes=tuple(usage(name, one.pid) for name, one in (supervisor.processes(state) if state else {}).items()),
    )


def usage(name: str, pid: int) -> ProcessInfo:
    """What one process uses; PostgreSQL and the worker with their children."""
    import psutil  # here, for it takes 3 MB that a server has no other use for

    from vong.app.host.processes import memory

    seconds = 0.0
    try:
        family = [psutil.Process(pid)]
        family += family[0].children(recursive=True) if name in WITH_CHILDREN else []
    except psutil.Error:
        family = []
    for member in family:
        try:
            times = member.cpu_times()
        except psutil.Error:
            continue
        seconds += times.user + times.system
    return ProcessInfo(
        name=name, pid=pid, memory=memory(pid, children=name in WITH_CHILDREN), cpu_seconds=round(seconds, 1)
    )


def _library(name: str, extra: str) -> LibraryInfo:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = None
    return LibraryInfo(name=name, version=version, extra=extra or None)


def _blobs(url: str) -> tuple[int, int] | None:
    """Bytes and number of the blobs in a folder; None for an object store, where counting would cost money."""
    if not url.startswith("file://"):
        return None
    sizes = [file.stat().st_size for file in Path(url.removeprefix("file://")).glob("??/??/*")]
    return sum(sizes), len(sizes)
