"""Exports and compressions whose worker is killed: they end after a restart, and nothing incomplete is offered."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.finished_loop import wait_for_result
from tests.running_vong import RunningVong, eventually, run_vong
from tests.tiny_model import create_tiny_model
from vong.records import Job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MOMENTS = ("", "comparing", "storing")
"""Parts of the progress message at which the worker is killed, one after the other."""


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVong]:
    folder = tmp_path_factory.mktemp("export-kills")
    with run_vong(folder / "home") as running:
        client = running.client()
        wait_for_result(client, client.registry.import_model(str(create_tiny_model(folder / "tiny")), name="tiny"))
        yield running


def kill_while_running(vong: RunningVong, job: Job) -> int:
    """Kill the worker at several moments of a job. Return the number of kills before the job ended."""
    client, kills = vong.client(), 0
    for moment in MOMENTS:

        def is_there(moment: str = moment, attempts: int = kills) -> bool:
            current = client.jobs.get(job.id)
            is_due = current.attempts > attempts and moment in current.progress.message
            return current.finished_at is not None or (current.status == "running" and is_due)

        eventually(is_there, 180)
        current = client.jobs.get(job.id)
        if current.finished_at is not None:
            break
        check_offered(vong)
        vong.kill("worker")
        kills += 1
    return kills


def check_offered(vong: RunningVong) -> list[dict[str, Any]]:
    """Check that every listed export can be downloaded completely, and return them."""
    client, found = vong.client(), []
    for one in client.registry.exports():
        export = client.registry.get_export(one.id)
        with TemporaryDirectory(prefix="vong-export-") as folder:
            files = client.registry.download_export(one.id, Path(folder) / "files")  # compares the sha256 of each
            assert sum(file.stat().st_size for file in files) == export.bytes
        found.append(export.model_dump())
    return found


def test_a_killed_export_ends_after_a_restart_and_is_stored_once(vong: RunningVong) -> None:
    client = vong.client()
    job = client.registry.export("tiny", format="gguf", quantization="f32")
    assert kill_while_running(vong, job) >= 1
    wait_for_result(client, job)
    (export,) = check_offered(vong)
    assert (export["id"], export["parity"]["equal"]) == (job.id, True)


def test_a_killed_compression_ends_after_a_restart_with_one_export_per_candidate(vong: RunningVong) -> None:
    client = vong.client()
    known = {one.id for one in client.registry.exports()}
    job = client.registry.compress("tiny", to=["gguf:q8_0", "gguf:q4_0"])
    assert kill_while_running(vong, job) >= 1
    result = wait_for_result(client, job)
    assert [one["candidate"] for one in result["candidates"]] == ["original", "gguf:q8_0", "gguf:q4_0"]
    offered = {one["id"] for one in check_offered(vong)} - known
    assert {str(id) for id in offered} == {one["export"] for one in result["candidates"] if "export" in one}
