"""`vong up` from the user's view. All tests share one home, because each start takes seconds."""

import json
import os
import re
import stat
import urllib.request
from collections.abc import Generator
from pathlib import Path

import openai
import psutil
import pytest

from tests.running_vong import RunningVong, eventually, run_vong


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningVong]:
    with run_vong(tmp_path_factory.mktemp("home") / "vong") as running:
        yield running


def ask(vong: RunningVong, text: str) -> str | None:
    client = openai.OpenAI(base_url=f"{vong.url}/v1", api_key=vong.key, max_retries=5)
    output = client.chat.completions.create(model="echo/echo", messages=[{"role": "user", "content": text}])
    return output.choices[0].message.content


def test_an_unmodified_openai_client_is_answered(vong: RunningVong) -> None:
    assert ask(vong, "good morning") == "good morning"


def test_status_lists_every_process_with_its_resource_usage(vong: RunningVong) -> None:
    status = vong.status()
    assert status["up"]
    names = {process["name"] for process in status["processes"]}
    assert names == {"postgres", "server", "worker", "supervisor"}
    assert 50e6 < status["memory"] < 400e6


def test_the_server_does_not_load_torch(vong: RunningVong) -> None:
    maps = Path(f"/proc/{vong.pid('server')}/maps")
    if not maps.exists():
        pytest.skip("no /proc here")
    assert "torch" not in maps.read_text()
    assert "torch" not in Path(f"/proc/{vong.pid('worker')}/maps").read_text()


def test_the_owners_key_is_readable_by_its_owner_alone(vong: RunningVong) -> None:
    assert stat.S_IMODE((vong.home / "owner.key").stat().st_mode) == 0o600


def test_a_second_up_reports_that_vong_is_already_running(vong: RunningVong) -> None:
    refused = vong.run("up", "--port", "0", ok=False)
    assert refused.returncode == 1
    assert "already running from this home" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_an_error_with_the_next_step(vong: RunningVong, tmp_path: Path) -> None:
    port = vong.url.rpartition(":")[2]
    refused = vong.run("up", "--port", port, "--home", str(tmp_path / "other"), ok=False)
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr and "--port" in refused.stderr


def test_health_metrics_and_openapi_are_served(vong: RunningVong) -> None:
    def get(path: str, accept: str = "*/*") -> str:
        asked = urllib.request.Request(vong.url + path, headers={"accept": accept})
        with urllib.request.urlopen(asked) as response:
            return response.read().decode()

    assert json.loads(get("/health"))["status"] == "ok"
    assert "# TYPE" in get("/metrics")
    assert "/api/v1/loop/runs" in json.loads(get("/api/openapi.json"))["paths"]
    assert "vong" in get("/", "text/html").lower()
    assert get("/") == "Ollama is running"


def test_keys_are_created_listed_and_revoked(vong: RunningVong) -> None:
    made = json.loads(vong.run("access", "keys", "create", "ci", "--json").stdout)
    assert made["secret"].startswith("vong-")
    assert "ci" in vong.run("access", "keys", "list").stdout
    vong.run("access", "keys", "revoke", "ci")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{vong.url}/v1", api_key=made["secret"]).models.list()


def test_doctor_finds_no_fault(vong: RunningVong) -> None:
    findings = json.loads(vong.run("doctor", "--json").stdout)
    assert {finding["check"] for finding in findings} >= {"python", "disk", "memory", "port", "database", "clock"}
    assert not [finding for finding in findings if finding["state"] == "fault"]


@pytest.mark.parametrize(
    "victim",
    [pytest.param("server", marks=pytest.mark.slow), pytest.param("worker", marks=pytest.mark.slow), "postgres"],
)
def test_a_killed_process_restarts_and_no_acknowledged_data_is_lost(vong: RunningVong, victim: str) -> None:
    client = vong.client()
    answer = client.gateway.chat("echo/echo", f"before the end of the {victim}")
    client.feedback.create(answer.span_id, value=1.0)  # acknowledged: the span and its score are committed
    before = vong.pid(victim)
    vong.kill(victim)
    eventually(lambda: vong.pid(victim) not in {0, before} and psutil.pid_exists(vong.pid(victim)))
    assert ask(vong, "and after") == "and after"
    assert client.traces.get(answer.span_id).output is not None
    assert [score.value for score in client.feedback.scores(spans=[answer.span_id])] == [1.0]


@pytest.mark.slow
def test_after_a_kill_of_the_supervisor_the_next_up_takes_over(vong: RunningVong) -> None:
    postgres, server = vong.pid("postgres"), vong.pid("server")
    vong.kill("supervisor")
    assert not (vong.start().count("first start"))
    assert vong.pid("postgres") == postgres
    assert vong.pid("server") != server
    assert ask(vong, "still here") == "still here"


def test_down_stops_all_processes_and_the_next_start_has_all_data(vong: RunningVong) -> None:
    pids = [vong.pid(name) for name in ("supervisor", "server", "worker", "postgres")]
    spans = {span.id for span in vong.client().traces.list()}
    vong.run("down")
    eventually(lambda: not any(_alive(pid) for pid in pids))
    assert not vong.status()["up"]
    assert vong.run("down").returncode == 0
    output = vong.start()
    assert "first start" not in output
    assert re.search(r"OpenAI +http://127\.0\.0\.1:\d+/v1", output)
    assert {span.id for span in vong.client().traces.list()} >= spans


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_help_is_fast(vong: RunningVong) -> None:
    before = os.times().children_user + os.times().children_system
    assert "Stages" in vong.run("--help").stdout
    assert os.times().children_user + os.times().children_system - before < 1.0


def test_usage_errors_exit_with_2(vong: RunningVong) -> None:
    assert vong.run("data", "import", ok=False).returncode == 2
    assert vong.run("nonsense", ok=False).returncode == 2
