"""Run every Python block of the README and of docs/ unchanged against a running Vong.

Blocks may use what `prepare` creates: the files `tickets.jsonl`, `docs`, `samples/handbook` and
`samples/handbook_source` in the working folder, a split dataset `tickets`, a route `triage`, a knowledge base
`handbook` with a question, a model `triage` with the alias `prod`, an answer with feedback and one that failed. The
base model `smollm2-135m-instruct` is a tiny one, so that guides can train it.
Blocks of one file share variables, from top to bottom.
"""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from shutil import copy, copytree

import pytest

from tests.docs.code_blocks import ROOT, Block, all_blocks
from tests.running_vong import RunningVong, run_vong
from tests.tiny_model import create_tiny_model
from vong.client import Client
from vong.errors import UpstreamFailed
from vong.records import Job

PYTHON = [block for block in all_blocks() if block.info.split()[:1] == ["python"]]
NOT_RUNNABLE = {
    **{
        f"docs/clients/{name}.md": "needs a package that the tests do not install"
        for name in ("llamaindex", "openai-agents-sdk", "pydantic-ai")
    },
    "docs/guides/training.md": "trains the model that ships: minutes",
    "docs/guides/serving.md": "deploys the model that this training made",
    "docs/guides/fine-tuning-api.md": "trains a model: minutes",
    "docs/guides/several-machines.md": "starts replicas of a tuned model",
    "docs/guides/export.md": "exports the model that this training made",
    **{
        f"docs/guides/training-{name}.md": "trains a model: minutes"
        for name in ("dpo", "grpo", "kto", "monitor", "orpo", "plan", "reward")
    },
}
"""Files with a block fenced as `python no-run`, and the reason. The list may only shrink."""

SLOW = {"docs/guides/model-fine-tune.md", "docs/guides/model-from-scratch.md"}
"""Files whose blocks train and deploy the tiny model."""


def block_marks(file: str) -> list[pytest.MarkDecorator]:
    """Return the marks of the blocks of a file: guides are many, so that `make test-full` runs them."""
    if file in SLOW:
        return [pytest.mark.slow]
    return [pytest.mark.full] if file.startswith("docs/guides/") else []


ADDRESS, KEY = "http://127.0.0.1:8400", "vong-…"
DEPLOYMENTS = {
    "deployment/base": "echo/echo",
    "deployment/bge": "echo/echo",
    "deployment/ranker": "echo/echo",
    "deployment/small": "echo/echo",
    "deployment/tuned": "echo/echo?delay=0",
}
"""Deployments of the blocks, replaced by models without weights. Otherwise only the address and the key of the server
are replaced before a block runs."""


def replace_server_values(text: str, running: RunningVong) -> str:
    text = text.replace(ADDRESS, running.url).replace(KEY, running.key)
    for name, model in DEPLOYMENTS.items():
        text = text.replace(f'"{name}"', f'"{model}"')
    return text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningVong]:
    """Start a Vong in `VONG_HOME`, with a working folder that has the files of the blocks."""
    folder = tmp_path_factory.mktemp("docs")
    create_files(folder / "work")
    with pytest.MonkeyPatch.context() as patch, run_vong(folder / "home") as started:
        for name in ("VONG_PUBLIC_URL", "VONG_API_KEY", "VONG_CONFIG"):
            patch.delenv(name, raising=False)
        patch.setenv("VONG_HOME", str(started.home))
        patch.chdir(folder / "work")
        prepare(Client())
        yield started


def create_files(folder: Path) -> None:
    (folder / "samples" / "handbook").mkdir(parents=True)
    rows = (ROOT / "samples" / "tickets.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:60]
    (folder / "tickets.jsonl").write_text("".join(rows), encoding="utf-8")
    for name in ("refunds.md", "tap-terminal.md"):
        copy(ROOT / "samples" / "handbook" / name, folder / "samples" / "handbook")
    copytree(ROOT / "samples" / "handbook_source", folder / "samples" / "handbook_source")
    copytree(ROOT / "docs" / "concepts", folder / "docs" / "concepts")
    create_tiny_model(folder / "weights")


def prepare(client: Client) -> None:
    """Create the resources that the blocks use. The jobs run at the same time."""
    pairs = {"input": "text", "output": "triage"}
    importing = client.data.import_files("tickets", [Path("tickets.jsonl")], options=pairs)
    jobs = [client.knowledge.upload("handbook", sorted(Path("samples/handbook").iterdir()))]
    for name in ("triage", "smollm2-135m-instruct"):
        jobs.append(client.registry.import_model(str(Path("weights").absolute()), name=name))
    imported = wait_for_result(client, importing)
    assert imported.result is not None
    shares = {"train": 0.6, "validation": 0.1, "test": 0.3}
    jobs.append(client.data.split(imported.result["ref"], shares, seed=7))
    client.gateway.set_route("triage", {"echo/echo": 1.0})
    for job in jobs:
        wait_for_result(client, job)
    refunds = {"question": "Who approves a refund of 600 euros?", "passages": [{"path": "refunds.md"}]}
    client.knowledge.questions.add("handbook", [refunds])
    create_applications(client)
    client.registry.set_alias("triage", "prod", "triage@1", reason="the first one")
    client.feedback.create(client.gateway.chat("triage", "My printer is on fire").span_id, value=1.0)
    with pytest.raises(UpstreamFailed):
        client.gateway.chat("echo/echo?status=500", "The printer prints blank receipts")


def create_applications(client: Client) -> None:
    """Create the pipeline `support`, the prompt `answer` with the label `staging`, and the files of their guides."""
    step = {"kind": "prompt", "model": "echo/echo", "messages": [{"role": "user", "content": "{{ inputs.question }}"}]}
    support = {
        "inputs": {
            "question": {"type": "string"},
            "tone": {"type": "string", "default": "formal"},
            "attachments": {"type": "array", "default": []},
        },
        "outputs": {"answer": "{{ answer.text }}"},
        "steps": {"answer": step},
    }
    client.pipelines.create("support", support)
    client.pipelines.set_label("support", "prod", 1, reason="the first one")
    Path("ask.yaml").write_text(json.dumps(support), encoding="utf-8")
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica")
    pdf.cell(text="Total: 40 crowns")
    Path("invoice.pdf").write_bytes(bytes(pdf.output()))
    template = {
        "variables": {"question": {"type": "string"}},
        "messages": [{"role": "user", "content": "{{ question }}"}],
        "model": "triage",
    }
    client.prompts.create("answer", template)
    client.prompts.set_label("answer", "staging", "1", reason="the first one")


def wait_for_result(client: Client, job: Job) -> Job:
    ended = client.jobs.wait(job.id)
    assert ended.status == "finished", ended.error
    return ended


@pytest.fixture(scope="module")
def run_through(running: RunningVong) -> Callable[[Block], None]:
    """Return a function that runs a block after those above it in its file, each once."""
    names: dict[str, dict[str, object]] = {}
    ran: set[Block] = set()

    def run(block: Block) -> None:
        before = [one for one in runnable() if one.file == block.file and one.line <= block.line]
        for one in before:
            if one not in ran:
                text = "\n" * (one.line - 1) + replace_server_values(
                    one.text, running
                )  # for line numbers in tracebacks
                exec(compile(text, ROOT / one.file, "exec"), names.setdefault(one.file, {"__name__": "docs"}))
                ran.add(one)

    return run


def runnable() -> list[Block]:
    return [block for block in PYTHON if "no-run" not in block.info]


@pytest.mark.parametrize(
    "block",
    [pytest.param(block, id=f"{block.file}:{block.line}", marks=block_marks(block.file)) for block in runnable()],
)
def test_python_blocks_run(block: Block, run_through: Callable[[Block], None]) -> None:
    run_through(block)


def test_the_blocks_marked_no_run_are_those_listed() -> None:
    assert {block.info for block in PYTHON} <= {"python", "python no-run"}
    assert sorted(block.file for block in PYTHON if "no-run" in block.info) == sorted(NOT_RUNNABLE)


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"{block.file}:{block.line}")
def test_python_blocks_are_valid_python(block: Block) -> None:
    compile(block.text, block.file, "exec")
