"""Commands of prompts with the real routes, and their files."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vong.cli import prompts as commands
from vong.cli import prompts_branches, prompts_labels
from vong.cli.prompts_files import read_template, read_values
from vong.client import Client
from vong.errors import InvalidInput, PreconditionFailed

from .conftest import Surfaces

PROMPT = """\
variables:
  answer: {type: string, enum: [yes, no, on]}  # texts, as in YAML 1.2
  ticket: {type: string}
messages:
  - role: system
    content: |
      Example: {"urgent": true, "tags": [{"id": 1}]}
      --- {{ answer }}
  - {role: user, content: "{{ ticket }}"}
settings: {temperature: 1e-3}
"""


@pytest.fixture
def vong(surfaces: Surfaces, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = Client("http://testserver", "unused")
    monkeypatch.setattr(client.transport, "http", surfaces.member)
    for module in (commands, prompts_labels, prompts_branches):
        monkeypatch.setattr(module, "Client", lambda: client)

    def run(*words: str, code: int = 0, text: str | None = None) -> str:
        done = CliRunner().invoke(commands.group, words, input=text, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_prompt_is_created_from_a_file_shown_rendered_and_compared(vong: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompt.yaml"
    file.write_text(PROMPT)
    created = json.loads(vong("create", "triage", "--file", str(file), "-m", "first", "--json"))
    assert (created["number"], created["template"]["settings"]) == (1, {"temperature": 0.001})
    assert created["template"]["variables"]["answer"]["enum"] == ["yes", "no", "on"]
    shown = CliRunner().invoke(commands.group, ["show", "triage"]).stdout
    again = json.loads(vong("create", "triage", "--file", "-", "--json", text=shown))
    assert again["ref"] == created["ref"]
    rendered = vong("render", "triage", "--var", "answer=no", "--var", "ticket={{ x }}")
    assert 'Example: {"urgent": true, "tags": [{"id": 1}]}\n--- no' in rendered
    assert "{{ x }}" in rendered
    values = tmp_path / "values.json"
    values.write_text('{"answer": "yes", "ticket": "from the file"}')
    ticket = tmp_path / "ticket.txt"
    ticket.write_text("from a text")
    words = ["render", "triage", "--vars-file", str(values), "--json"]
    assert json.loads(vong(*words))["messages"][1]["content"] == "from the file"
    assert json.loads(vong(*words, "--var", f"ticket=@{ticket}"))["messages"][1]["content"] == "from a text"
    file.write_text(PROMPT.replace("urgent", "late"))
    vong("create", "triage", "--file", str(file))
    assert '+      Example: {"late": true' in vong("diff", "triage", "triage@1", "2")
    assert "messages[0].content" in vong("diff", "triage", "1", "triage@2", "--fields")
    assert "first" in vong("versions", "triage")
    assert created["ref"] in vong("versions", "triage", "--json")
    assert "answer ticket" in vong("list")


def test_labels_comments_branches_and_merges(vong: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompt.yaml"
    for word in ("urgent", "late"):
        file.write_text(PROMPT.replace("urgent", word))
        vong("create", "triage", "--file", str(file))
    with pytest.raises(PreconditionFailed):
        vong("label", "triage", "prod", "1")
    vong("label", "triage", "prod", "1", "--reason", "first")
    evidence = tmp_path / "evidence.json"
    evidence.write_text('{"run": "a"}')
    vong("label", "triage", "prod", "triage@2", "--evidence", str(evidence))
    vong("rollback", "triage", "prod", "--reason", "worse")
    assert [line.split()[3] for line in vong("labels", "triage", "--history").splitlines()[1:]] == ["1", "2", "1"]
    assert "worse" in vong("labels", "triage")
    vong("approve", "triage@2", "--comment", "read it")
    assert "read it" in vong("approvals", "triage@2")
    vong("comment", "triage@2", "too long", "--message", "1")
    assert "too long" in vong("comments", "triage")
    assert "too long" not in vong("comments", "triage@1")
    vong("branch", "triage", "try")
    for word, branch in (("mine", "main"), ("theirs", "try")):
        file.write_text(PROMPT.replace("urgent", word))
        vong("create", "triage", "--file", str(file), "--branch", branch)
    conflict = vong("merge", "triage", "try", code=1)
    assert "conflict in messages[0].content" in conflict
    assert "theirs" in vong("merge", "triage", "try", "--resolve", "messages[0].content=theirs", "--preview")
    assert "main is triage@" in vong("merge", "triage", "try", "--resolve", "messages[0].content=theirs")
    assert "try" in vong("branches", "triage")
    vong("branch", "triage", "try", "--delete")
    assert "merge try into main" not in vong("versions", "triage", "--branch", "try")
    vong("unlabel", "triage", "prod", "--reason", "done")
    vong("delete", "triage", "--yes")
    assert json.loads(vong("list", "--json")) == []


def test_a_prompt_of_another_program_is_imported(vong: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompt.json"
    file.write_text('{"prompt": "Is {{movie-title}} good?", "config": {"temperature": 0}}')
    vong("import", "movie", "--file", str(file), "--format", "langfuse")
    assert "Is Dune good?" in vong("render", "movie", "--var", "movie_title=Dune")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("messages: [{role: user, content: {{ ticket }}}]", "not valid YAML in line 1"),
        ("a: 1\na: 2\nmessages: []", "line 2: the key 'a' occurs twice"),
        ("a: &x [1]\nmessages: *x", "line 2: a YAML alias (*name) is not allowed"),
        ("description: x", "has no 'messages'"),
        ("- a", "contains no object"),
        ("messages: [\n", "not valid YAML"),
        ("yes: 1\n1: 2\nmessages: []", "line 2: the key 1 is no text"),
    ],
)
def test_faults_of_a_file_name_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prompt.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_template(file)
    assert message in caught.value.message


def test_a_file_may_have_a_byte_order_mark_and_line_ends_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "prompt.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + PROMPT.replace("\n", "\r\n").encode())
    assert read_template(file)["settings"] == {"temperature": 0.001}
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_template(file)
    dated = tmp_path / "values.yaml"
    dated.write_text("day: 2024-01-01\nversion: 1.10\nnone: ~\n")
    assert read_values(dated) == {"day": "2024-01-01", "version": 1.1, "none": None}
