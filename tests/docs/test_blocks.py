"""Every Python block of the README and of docs/ runs, as it is written, against a Vong that runs.

A block may rely on what `vong` prepares below: the files `tickets.jsonl` and `samples/handbook` in the working folder,
a split dataset `tickets`, a route `triage`, a knowledge base `handbook`, a model `triage` with the alias `prod`, an
answer with feedback and one that failed. The blocks of one file share their names, from top to bottom.
"""

from collections.abc import Callable, Generator
from pathlib import Path
from shutil import copy

import pytest

from tests.docs.blocks import ROOT, Block, every_block
from tests.live import Live, live
from vong.client import Client
from vong.errors import UpstreamFailed
from vong.records import Job

PYTHON = [block for block in every_block() if block.info.split()[:1] == ["python"]]
NOT_RUN = {
    "docs/guides/training.md": "trains the model that ships: minutes",
    "docs/guides/serving.md": "deploys the model that this training made",
}
"""The files whose block is fenced as `python no-run`, and why. The list may only shrink."""

ADDRESS, KEY = "http://127.0.0.1:8400", "vong-…"
DEPLOYMENTS = {"deployment/base": "echo/echo", "deployment/tuned": "echo/echo?delay=0"}
"""Three things are replaced in a block before it runs: the address and the key of the reader's server by those of the
test's own, and the two deployments by models that need no weights. Nothing else."""


def stand_in(text: str, running: Live) -> str:
    text = text.replace(ADDRESS, running.url).replace(KEY, running.key)
    for name, model in DEPLOYMENTS.items():
        text = text.replace(f'"{name}"', f'"{model}"')
    return text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Live]:
    """A Vong of its own in `VONG_HOME`, and a working folder with the files that blocks open."""
    folder = tmp_path_factory.mktemp("docs")
    work_in(folder / "work")
    with pytest.MonkeyPatch.context() as patch, live(folder / "home") as started:
        for name in ("VONG_PUBLIC_URL", "VONG_API_KEY", "VONG_CONFIG"):
            patch.delenv(name, raising=False)
        patch.setenv("VONG_HOME", str(started.home))
        patch.chdir(folder / "work")
        prepare(Client())
        yield started


def work_in(folder: Path) -> None:
    (folder / "samples" / "handbook").mkdir(parents=True)
    rows = (ROOT / "samples" / "tickets.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:60]
    (folder / "tickets.jsonl").write_text("".join(rows), encoding="utf-8")
    for name in ("refunds.md", "tap-terminal.md"):
        copy(ROOT / "samples" / "handbook" / name, folder / "samples" / "handbook")
    (folder / "weights").mkdir()
    (folder / "weights" / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")  # a file of no tensors


def prepare(client: Client) -> None:
    """What the blocks rely on."""
    pairs = {"input": "text", "output": "triage"}
    imported = done(client, client.data.import_files("tickets", [Path("tickets.jsonl")], options=pairs))
    assert imported.result is not None
    shares = {"train": 0.6, "validation": 0.1, "test": 0.3}
    done(client, client.data.split(imported.result["ref"], shares, seed=7))
    client.gateway.set_route("triage", {"echo/echo": 1.0})
    done(client, client.knowledge.upload("handbook", sorted(Path("samples/handbook").iterdir())))
    done(client, client.registry.import_model(str(Path("weights").absolute()), name="triage"))
    client.registry.set_alias("triage", "prod", "triage@1", reason="the first one")
    client.feedback.create(client.gateway.chat("triage", "My printer is on fire").span_id, value=1.0)
    with pytest.raises(UpstreamFailed):
        client.gateway.chat("echo/echo?status=500", "The printer prints blank receipts")


def done(client: Client, job: Job) -> Job:
    ended = client.jobs.wait(job.id)
    assert ended.status == "finished", ended.error
    return ended


@pytest.fixture(scope="module")
def up_to(running: Live) -> Callable[[Block], None]:
    """Run a block after those above it in its file, each once."""
    names: dict[str, dict[str, object]] = {}
    ran: set[Block] = set()

    def run(block: Block) -> None:
        before = [one for one in runnable() if one.file == block.file and one.line <= block.line]
        for one in before:
            if one not in ran:
                text = "\n" * (one.line - 1) + stand_in(one.text, running)  # so that a traceback names the line
                exec(compile(text, ROOT / one.file, "exec"), names.setdefault(one.file, {"__name__": "docs"}))
                ran.add(one)

    return run


def runnable() -> list[Block]:
    return [block for block in PYTHON if "no-run" not in block.info]


@pytest.mark.parametrize("block", runnable(), ids=lambda block: f"{block.file}:{block.line}")
def test_a_python_block_runs(block: Block, up_to: Callable[[Block], None]) -> None:
    up_to(block)


def test_the_blocks_that_do_not_run_are_those_that_cannot() -> None:
    assert {block.info for block in PYTHON} <= {"python", "python no-run"}
    assert sorted(block.file for block in PYTHON if "no-run" in block.info) == sorted(NOT_RUN)


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"{block.file}:{block.line}")
def test_a_python_block_is_python(block: Block) -> None:
    compile(block.text, block.file, "exec")
