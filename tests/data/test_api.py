"""Routes, jobs, client and commands of datasets, from a file to an exported split."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.data.factories import distinct_texts, example
from vong import access, jobs
from vong.api.http import problems
from vong.api.routes import data as routes
from vong.app import Platform
from vong.app import data as handlers
from vong.cli import data as commands
from vong.client.data import DataClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import InvalidInput, NotFound
from vong.jobs import JobContext
from vong.records import Job
from vong.store.database import Database

HANDLERS = {
    "data.import": handlers.import_file,
    "data.profile": handlers.profile,
    "data.clean": handlers.clean,
    "data.split": handlers.split,
}


class Running:
    """Job context for a handler that runs in the process of the test."""

    def __init__(self, job: Job, project_id: UUID, folder: Path) -> None:
        self.id, self.params, self.project_id, self.folder = job.id, job.params, project_id, folder
        self.lines: list[str] = []

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        assert total is None or done <= total

    def log(self, line: str) -> None:
        self.lines.append(line)


class Server:
    """Routes of datasets on a real database. Jobs run when the test requests it."""

    def __init__(self, platform: Platform, project_id: UUID, folder: Path) -> None:
        self.platform, self.project_id, self.folder = platform, project_id, folder
        app = FastAPI()
        app.state.platform = platform
        problems.install_handlers(app)
        app.include_router(routes.routes)
        with platform.scope(project_id) as connection:
            secret = access.create_key(connection, "test").secret
        self.http = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
        transport: Any = Transport("http://testserver", secret)
        transport.http = self.http
        self.data = DataClient(transport)

    def run(self, job: Job) -> dict[str, Any]:
        running = Running(job, self.project_id, self.folder)
        return HANDLERS[job.kind](cast(JobContext, running), self.platform)


@pytest.fixture
def server(database: Database, database_url: str, project_id: UUID, tmp_path: Path) -> Iterator[Server]:
    platform = Platform(Settings(home=tmp_path / "home", database_url=database_url))
    yield Server(platform, project_id, tmp_path)
    platform.close()


def tickets(folder: Path, count: int = 60) -> Path:
    rows = [
        {"id": f"T-{number}", "text": text, "triage": {"intent": "refund" if number % 3 else "cancel"}}
        for number, text in enumerate(distinct_texts(count))
    ]
    rows += [rows[5], {**rows[7], "text": f"{rows[7]['text']} jo@example.org"}]
    path = folder / "tickets.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_is_imported_profiled_cleaned_and_split(server: Server, tmp_path: Path) -> None:
    data = server.data
    raw = server.run(data.import_files("tickets", [tickets(tmp_path)]))
    assert (raw["number"], raw["rows"]) == (1, 62)
    again = server.run(data.import_files("tickets", [tickets(tmp_path)]))
    assert again["ref"] == raw["ref"]

    with pytest.raises(NotFound, match="vong data profile"):
        data.report("tickets")
    profiled = server.run(data.profile("tickets", labels=["completion.intent"]))
    assert profiled["worst"] == "warning"
    report = data.report(raw["ref"])
    assert (report["exact"]["extra"], report["near"]["extra"], report["personal"]["email"]["found"]) == (1, 1, 1)

    cleaned = server.run(data.clean(raw["ref"]))
    assert (cleaned["rows"], cleaned["changes"]["dropped_exact_duplicate"]) == (60, 1)
    changes = data.changes(cleaned["ref"])
    assert {change["row"] for change in changes} == {61, 62}
    assert changes[0]["origin"] == "tickets.jsonl#61"

    dealt = server.run(data.split(cleaned["ref"], {"train": 0.7, "test": 0.3}, stratify=["completion.intent"], seed=3))
    assert dealt["splits"] == {"train": 42, "test": 18}
    version = data.version(dealt["ref"])
    assert version.parents == (cleaned["ref"],)
    assert version.operation.settings["seed"] == 3
    assert [found.number for found in data.versions("tickets")] == [3, 2, 1]
    rows = list(data.read(dealt["ref"], split="test"))
    assert len(rows) == 18
    assert all(row.origin and row.origin.id.startswith("tickets.jsonl#") for row in rows)
    found = data.diff(raw["ref"], dealt["ref"])
    assert (found["added"], found["removed"], found["changed"], found["metadata_changed"]) == (0, 2, 0, 60)


def test_repeated_requests_with_one_idempotency_key_create_one_job(server: Server, tmp_path: Path) -> None:
    path = tickets(tmp_path)
    first = server.data.import_files("tickets", [path], key="k1")
    assert server.data.import_files("tickets", [path], key="k1").id == first.id
    with server.platform.scope(server.project_id) as connection:
        assert len(jobs.list_jobs(connection)) == 1


def test_several_files_with_options_are_imported_as_one_version(server: Server, tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "two.jsonl"
    one.write_text("frage;antwort\nwas;das\n")
    other.write_text('{"frage": "wer", "antwort": "der"}\n{"frage": "wo"}\n')
    options = {"input": "frage", "output": "antwort", "system": "Antworte kurz."}
    job = server.data.import_files("fragen", [one, other], options=options, on_error="skip")
    result = server.run(job)
    assert (result["rows"], [row["row"] for row in result["skipped"]]) == (2, ["two.jsonl#2"])
    rows = server.data.rows(result["ref"])
    assert [row.example.messages[0].text for row in rows] == ["Antworte kurz."] * 2
    assert server.data.version("fragen").operation.changes == {"read": 3, "imported": 2, "skipped": 1}


def test_rows_can_be_appended(server: Server) -> None:
    rows = [example("a", "b", id=1), example("c", None)]
    version = server.data.append("small", rows)
    assert [row.example for row in server.data.rows(version.ref)] == rows
    assert server.data.append("small", rows) == version
    assert [found.name for found in server.data.datasets()] == ["small"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "versions/none", None, 404),
        ("GET", "datasets/none/versions", None, 404),
        ("GET", "datasets?limit=501", None, 422),
        ("GET", "diff?a=none&b=none", None, 404),
        ("POST", "versions/none/clean", {}, 404),
        ("POST", "versions/none/split", {"settings": {"stratify": ["intent"]}}, 422),
        ("POST", "versions/none/profile", {"threshold": 0.01}, 422),
        ("POST", "datasets/small/rows", [], 422),
        ("POST", "datasets/a%20b/rows", [{"messages": [{"role": "user", "content": "a"}]}], 422),
    ],
)
def test_client_errors_are_problems_with_a_hint(server: Server, method: str, path: str, body: Any, status: int) -> None:
    answer = server.http.request(method, f"/api/v1/data/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]


DEEP = "[" * 200 + "]" * 200
INVALID_ROWS = [
    '{"messages": []}',
    '{"messages": [{"role": "user"}]}',
    '{"messages": [{"role": "user", "content": []}]}',
    '{"messages": [{"role": "user", "content": [{"type": "text", "value": "a"}]}]}',
    '{"messages": [{"role": "user", "content": "\\ud83d"}]}',
    '{"messages": [{"role": "user", "content": "a", "\\ud83d": 1}]}',
    '{"messages": [{"role": "user", "content": "a"}], "completion": {"role": "user", "content": "b"}}',
    '{"messages": [{"role": "user", "content": "a"}], "rejected": {"role": "tool", "content": "b"}}',
    '{"messages": [{"role": "user", "content": "a"}], "completion": {"role": "assistant"}}',
    *(
        f'{{"messages": [{{"role": "user", "content": "a"}}], "weight": {weight}}}'
        for weight in ("NaN", "-1", "1e999", "1e9")
    ),
    *(
        f'{{"messages": [{{"role": "user", "content": "a"}}], "metadata": {metadata}}}'
        for metadata in (
            '{"split": "a\\u0000"}',
            '{"a\\u0000": 1}',
            '{"a": NaN}',
            f'{{"a": {DEEP}}}',
            '{"a": "\\udc00"}',
        )
    ),
    '{"messages": [{"role": "user", "content": "a"}], "tools": [{"name": "\\ud83d"}]}',
    '{"messages": [{"role": "user", "content": "a"}], "\\ud83d": 1}',
]


@pytest.mark.parametrize("row", INVALID_ROWS)
def test_rows_that_no_import_would_accept_are_refused_when_added_and_edited(server: Server, row: str) -> None:
    server.data.append("small", [example("a", "b")])
    for path, body in (
        ("datasets/small/rows", f"[{row}]"),
        ("versions/small/rows", f'[{{"number": 1, "example": {row}}}]'),
    ):
        answer = server.http.post(f"/api/v1/data/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["hint"]
    assert len(server.data.versions("small")) == 1


@pytest.mark.parametrize("share", ['"NaN"', "NaN", '"Infinity"', "-Infinity", "1e999", "0", "-1", "null"])
def test_a_split_with_an_impossible_share_is_refused(server: Server, share: str) -> None:
    server.data.append("small", [example("a", "b")])
    body = f'{{"settings": {{"splits": {{"train": {share}}}}}}}'
    answer = server.http.post(
        "/api/v1/data/versions/small/split", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    with server.platform.scope(server.project_id) as connection:
        assert jobs.list_jobs(connection) == []


@pytest.mark.parametrize(
    ("name", "stored"),
    [("a\0b.jsonl", "a_b.jsonl"), ("../x.jsonl", "x.jsonl"), ("a\nb.jsonl", "a_b.jsonl"), ("..", "rows.jsonl")],
)
def test_an_upload_may_have_any_file_name(server: Server, name: str, stored: str) -> None:
    body = (
        f'--B\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        '{"prompt": "a", "completion": "b"}\n\r\n--B--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=B"}
    answer = server.http.post("/api/v1/data/datasets/small/versions", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    result = server.run(Job.model_validate(answer.json()))
    assert result["formats"] == {stored: "pairs"}
    looked = server.http.post("/api/v1/data/preview", content=body, headers=headers)
    assert looked.json()[0]["filename"] == stored


def test_a_report_names_the_encoding_and_the_warnings(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("prompt;completion;label\nOù?;Là;true\nOù?;Nulle part;false\n".encode("cp1252"))
    result = server.run(server.data.import_files("small", [path]))
    assert result["encodings"] == {"rows.csv": "cp1252"}
    assert [word in " ".join(result["warnings"]) for word in ("cp1252", "1 of 2 rows are marked as bad")] == [True] * 2
    settings = server.data.version("small").operation.settings
    assert (settings["encodings"], settings["warnings"]) == (result["encodings"], result["warnings"])
    looked = server.data.preview([path])[0]
    assert (looked["encoding"], looked["warnings"]) == ("cp1252", result["warnings"])


def test_an_invalid_row_fails_the_job_with_its_line_number(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": \n')
    job = server.data.import_files("bad", [path])
    with pytest.raises(InvalidInput, match=r"bad.jsonl line 2: the row is not JSON"):
        server.run(job)


class Offline:
    """Client of the commands whose jobs finish at once."""

    def __init__(self, server: Server) -> None:
        self.data = server.data


def test_the_commands_have_the_same_results_as_the_routes(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vong.cli import job_progress

    monkeypatch.setattr(commands, "Client", lambda: Offline(server))
    monkeypatch.setattr(job_progress, "follow", lambda _client, job: job.model_copy(update={"result": server.run(job)}))

    def vong(*words: str) -> str:
        result = CliRunner().invoke(commands.group, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    imported = json.loads(vong("import", str(tickets(tmp_path)), "--json"))
    assert imported["version"]["name"] == "tickets"
    assert "62" in vong("list")
    assert "Findings" in vong("profile", "tickets")
    assert "dropped_exact_duplicate 1" in vong("clean", "tickets")
    assert "dropped_near_duplicate" in vong("changes", "tickets")
    assert json.loads(vong("split", "tickets", "--into", "train=40,test=20", "--json"))["splits"] == {
        "train": 40,
        "test": 20,
    }
    assert "import" in vong("show", "tickets@1")
    assert "T-3" in vong("rows", "tickets", "--split", "test", "--limit", "500", "--json")
    assert "60 metadata changed" in vong("diff", "tickets@1", "tickets")
    out = tmp_path / "out.jsonl"
    vong("export", "tickets", str(out), "--split", "train")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(lines) == 40
    table = tmp_path / "my table (1).csv"
    vong("export", "tickets", str(table), "--format", "pairs")
    assert json.loads(vong("import", str(table), "--json"))["version"]["name"] == "my-table-1"
    assert "60 unchanged" in vong("diff", "tickets", "my-table-1")
    assert [message["role"] for message in lines[0]["messages"]] == ["user", "assistant"]
