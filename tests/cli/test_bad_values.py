"""Wrong input to any command: one sentence and a status other than 0, never a traceback, never silence."""

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from tests.conftest import fresh_database
from tests.gateway.conftest import serving
from vong import access
from vong.app import Platform
from vong.cli import main as cli
from vong.cli.params import Command, Group
from vong.client import Client
from vong.config import ProviderSettings, Settings

from .command_table import ENDLESS, PROCESSES, Leaf, all_commands, arguments, bad_values

HOSTILE_TEXTS = ("nope", "..", "../x", "a/b", "a?b=1", "a#b", "%2e%2e", "é b", "a" * 3000, "*", "key:", "a=", "=", "[]")
COMMANDS = all_commands()
REMOTE = [leaf for leaf in COMMANDS if leaf.words not in PROCESSES]


class Done(NamedTuple):
    """Result of a command: its exit code and what it wrote to stderr."""

    code: int
    error: str


class Runner:
    """Runner of commands in this process. An exception that the command line does not report fails the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        for name in ("VONG_PUBLIC_URL", "VONG_API_KEY", "VONG_DATABASE_URL", "VONG_PORT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("VONG_HOME", str(home))
        monkeypatch.setitem(Client.__init__.__kwdefaults__ or {}, "retry_seconds", 0.0)
        monkeypatch.chdir(home)
        for name in ("up.start_detached", "down.stop", "status.get_status", "quickstart.ensure_running"):
            monkeypatch.setattr(f"vong.cli.{name}", _do_nothing)
        for name in ("supervisor.Supervisor.run", "doctor.run_checks", "database.running_url"):
            monkeypatch.setattr(f"vong.app.host.{name}", _do_nothing)

    def connect(self, url: str, key: str) -> None:
        """Let the commands call a server."""
        self._monkeypatch.setenv("VONG_PUBLIC_URL", url)
        self._monkeypatch.setenv("VONG_API_KEY", key)

    def __call__(self, *words: str) -> Done:
        """Run a command."""
        self._monkeypatch.setattr(sys, "argv", ["vong", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, self._capsys.readouterr().err)


def _do_nothing(*_: object, **__: object) -> None:
    raise AssertionError("the command was started")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Runner:
    return Runner(monkeypatch, capsys, tmp_path)


@pytest.fixture(scope="module")
def connection(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return the URL of a server with all routes, and the key of an owner."""
    home = tmp_path_factory.mktemp("bad-values")
    with fresh_database(postgres_url) as url:
        platform = Platform(Settings(home=home, database_url=url, providers={"echo": ProviderSettings(kind="echo")}))
        with platform.database.owner() as connected:
            project = access.create_project(connected, "default")
            key = access.create_key(connected, "owner", role="owner", project_id=project.id).secret
        with serving(platform, all_routes=True) as running:
            yield running.url, key


@pytest.mark.parametrize("leaf", COMMANDS, ids=lambda leaf: leaf.words)
def test_values_that_no_command_can_use_are_wrong_usage(leaf: Leaf, run: Runner, tmp_path: Path) -> None:
    for param in leaf.command.params:
        if isinstance(param, click.Option) and param.is_flag:
            continue
        for value in bad_values(param.type):
            done = run(*arguments(leaf, tmp_path, param, value))
            assert done.code == 2 and "Error: " in done.error, (param.name, value[:40], done)


@pytest.mark.parametrize("leaf", REMOTE, ids=lambda leaf: leaf.words)
def test_a_missing_server_is_reported(leaf: Leaf, run: Runner, tmp_path: Path) -> None:
    run.connect("http://127.0.0.1:9", "vong-x")
    done = run(*arguments(leaf, tmp_path))
    assert done.code in (1, 2) and len(done.error) > 20, done


@pytest.mark.full
@pytest.mark.parametrize("leaf", [leaf for leaf in REMOTE if leaf.words not in ENDLESS], ids=lambda leaf: leaf.words)
def test_hostile_texts_are_reported_by_the_server_or_mean_nothing(
    leaf: Leaf, run: Runner, tmp_path: Path, connection: tuple[str, str]
) -> None:
    run.connect(*connection)
    for param in leaf.command.params:
        if param.type.name != "text" or (isinstance(param, click.Option) and param.is_flag):
            continue
        for value in HOSTILE_TEXTS:
            done = run(*arguments(leaf, tmp_path, param, value))
            assert done.code == 0 or done.error.count("\n") in range(1, 12), (param.name, value, done)
            assert "internal" not in done.error and "see the traceback" not in done.error, (param.name, value, done)


def test_every_command_checks_its_values() -> None:
    assert len(COMMANDS) > 90
    for leaf in COMMANDS:
        assert isinstance(leaf.command, Command), leaf.words
    assert Group.command_class is Command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("gateway routes set x echo/echo=nan", "write TARGET=WEIGHT"),
        ("gateway routes set x echo/echo=inf", "write TARGET=WEIGHT"),
        ("gateway routes set x echo/echo=1 echo/echo=2", "given twice"),
        ("gateway routes set triage triage", "is a route, not a target"),
        ("gateway routes show ../limits", "contains '/'"),
        ("gateway routes set x echo/echo --timeout total=nan", "timeout total"),
        ("gateway routes set x echo/echo --shadow echo/echo=inf", "write TARGET=WEIGHT"),
        ("gateway budgets set project nan", "not a finite number"),
        ("gateway limits set key: requests/minute=5", "names no key"),
        ("gateway limits set key:ci requests/minute=²", "whole number"),
        ("gateway limits set project:x requests/minute=5", "omit subject"),
        ("gateway prices set echo/x --input 1 --token-type cache_write=nan", "write TYPE=USD"),
        ("gateway guards create nope", "vong gateway guards types"),
        ("gateway usage --since 99999d", "hours is too long for buckets of one day"),
        ("gateway batches show nope", "vong gateway batches list"),
        ("gateway batches delete-file nope", "no file"),
        ("gateway providers delete echo", "cannot be deleted"),
        ("access keys create x --expires 0d", "out of range"),
        ("access keys create *", "invalid key name"),
        ("access projects create default", "exists already"),
        ("traces list --after nope", "not a valid UUID"),
        ("data split x --into train=nan", "list of shares"),
        ("data export nope /nope/file", "cannot read or write '/nope/file'"),
    ],
)
def test_wrong_input_is_told_with_what_helps(run: Runner, words: str, said: str, connection: tuple[str, str]) -> None:
    run.connect(*connection)
    run("gateway", "routes", "set", "triage", "echo/echo")
    done = run(*words.split())
    assert done.code in (1, 2) and said in " ".join(done.error.split()), done


def test_a_second_active_key_of_one_name_is_rejected(run: Runner, connection: tuple[str, str]) -> None:
    run.connect(*connection)
    assert run("access", "keys", "create", "ci/nightly").code == 0
    assert "exists already" in run("access", "keys", "create", "ci/nightly").error
    assert run("access", "keys", "show", "ci/nightly").code == 0
    assert run("access", "keys", "revoke", "ci/nightly").code == 0
    assert run("access", "keys", "create", "ci/nightly").code == 0


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("ftp://x", "k", "invalid URL"),
        ("http://[::1", "k", "invalid URL"),
        ("localhost:8400", "k", "invalid URL"),
        ("http://127.0.0.1:9", "schlüssel", "API key contains"),
        ("http://127.0.0.1:9", "two\nlines", "API key contains"),
        ("http://127.0.0.1:9", " ", "API key contains"),
    ],
)
def test_an_invalid_connection_is_reported(run: Runner, url: str, key: str, said: str) -> None:
    run.connect(url, key)
    done = run("gateway", "routes", "list")
    assert done.code == 1 and said in done.error


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (307, {"location": "https://elsewhere/"}, b"", "status 307 to https://elsewhere/"),
        (200, {"content-type": "text/html"}, b"<html>", "with something else"),
        (200, {}, b"", "with something else"),
        (204, {}, b"", "with something else"),
        (502, {}, b"bad gateway", "status 502"),
    ],
)
def test_a_response_of_another_server_is_reported(
    run: Runner, status: int, headers: dict[str, str], body: bytes, said: str
) -> None:
    with other_server(status, headers, body) as url:
        run.connect(url, "vong-x")
        for words in ("gateway routes list", "gateway routes delete x", "jobs list", "data show x"):
            done = run(*words.split())
            assert done.code == 1 and said in done.error, done


@contextmanager
def other_server(status: int, headers: dict[str, str], body: bytes) -> Generator[str]:
    """Serve the same response to every request, and yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.raw_requestline = self.rfile.readline()
            self.parse_request()
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(30)


def test_a_closed_output_is_no_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "VONG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "vong.cli.main", "config", "show", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path)
    assert process.stdout and process.stderr
    process.stdout.close()
    error = process.stderr.read()
    assert (process.wait(60), error) == (1, b"")
