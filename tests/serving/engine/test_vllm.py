"""The engine vllm starts the server, loads adapters, forwards requests and ends with it. The server is a fake."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving import fake_vllm
from vong.errors import InvalidInput
from vong.serving.engine import EngineSettings
from vong.serving.engine.http import EngineApp
from vong.serving.engine.vllm.engine import VllmEngine
from vong.serving.engine.vllm.options import COMMAND_VARIABLE, build_command, check_options, precision_of
from vong.serving.engine.vllm.server import parse_metrics

HEADERS = {"Authorization": "Bearer t"}
CHAT = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "config.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{% if tools %}<tool_call>{% endif %}")
    for name, rank in (("adapter", 8), ("large", 128)):
        (folder / name).mkdir()
        (folder / name / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return folder


@pytest.fixture(scope="module")
def exits() -> list[int]:
    return []


@pytest.fixture(scope="module")
def engine(folder: Path, exits: list[int]) -> Iterator[VllmEngine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(COMMAND_VARIABLE, f"{sys.executable} {fake_vllm.__file__}")
        patch.setattr("vong.serving.engine.vllm.server.POLL_SECONDS", 0.05)
        engine = VllmEngine(folder, EngineSettings(batch=4, context=512), on_exit=exits.append, start_seconds=30)
        yield engine
        engine.close()


@pytest.fixture(scope="module")
def http(engine: VllmEngine) -> Iterator[TestClient]:
    app = EngineApp("t", {"pid": os.getpid()}, EngineSettings(batch=4))
    app.engine = engine
    with TestClient(app, headers=HEADERS) as client:
        client.post("/adapters", json={"name": "plain", "folder": None})
        yield client


def test_requests_are_forwarded_under_the_name_of_the_deployment(http: TestClient) -> None:
    body = {"model": "plain", **CHAT, "tools": [{"type": "function", "function": {"name": "f"}}]}
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.json()["choices"][0]["message"]["content"] == "tools=1 by base"
    assert answer.json()["model"] == "plain"
    assert answer.json()["usage"]["prompt_tokens_details"] == {"cached_tokens": 2}
    assert "x-vong-queue-ms" in answer.headers
    streamed = http.post("/v1/chat/completions", json={**body, "stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("data: ") for line in streamed.text.splitlines() if line]
    assert events[-1] == "[DONE]"
    assert {json.loads(event)["model"] for event in events[:-1]} == {"plain"}
    assert http.get("/health").json()["active"] == 0


def test_errors_of_vllm_reach_the_caller_unchanged(http: TestClient) -> None:
    answer = http.post("/v1/chat/completions", json={"model": "plain", **CHAT, "temperature": -1})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("temperature must be non-negative, got -1.0")
    assert http.post("/v1/chat/completions", json={"model": "other", **CHAT}).status_code == 404
    assert http.post("/v1/chat/completions", content=b"x").status_code == 400


def test_adapters_are_loaded_replaced_and_unloaded(http: TestClient, folder: Path) -> None:
    for _ in range(2):
        assert http.post("/adapters", json={"name": "tuned", "folder": str(folder / "adapter")}).status_code == 200
    answer = http.post("/v1/chat/completions", json={"model": "tuned", **CHAT}).json()
    assert answer["choices"][0]["message"]["content"] == f"tools=0 by {folder / 'adapter'}"
    assert answer["model"] == "tuned"
    assert http.delete("/adapters/tuned").status_code == 200
    assert http.post("/v1/chat/completions", json={"model": "tuned", **CHAT}).status_code == 404
    refused = http.post("/adapters", json={"name": "large", "folder": str(folder / "large")})
    assert refused.status_code == 400
    assert "LoRA rank 128 is greater than max_lora_rank 64" in refused.text


def test_tokens_and_log_probabilities_are_those_of_vllm(engine: VllmEngine) -> None:
    ids = engine.tokenize(None, [{"role": "user", "content": "hi"}])
    assert bytes(ids).decode() == "<user>hi<assistant>"
    found = engine.logprobs(None, ids, 3, 5)
    assert len(found) == 3
    for back, position in enumerate(reversed(found)):
        assert position[2] == pytest.approx(fake_vllm.logprob(2, len(ids) - back))


def test_metrics_of_vllm_are_forwarded_and_give_the_load(http: TestClient, engine: VllmEngine) -> None:
    assert 'vllm:num_requests_running{engine="0",model_name="m"} 2.0' in http.get("/metrics").text
    deadline = time.monotonic() + 5
    while engine.load.active != 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (engine.load.active, engine.load.waiting) == (2, 1)
    assert parse_metrics('vllm:a{x="1"} 2\nvllm:a{x="2"} 3.5\nother 1\nvllm:b NaNx\n') == {"vllm:a": 5.5}


def test_the_settings_of_a_deployment_become_options_of_vllm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, "/opt/vllm/bin/vllm")
    options = {"tensor-parallel-size": 2, "enforce-eager": True, "max-lora-rank": 128, "dtype": "float16"}
    command = build_command(folder, EngineSettings(context=4096, batch=32, engine_options=options), 8123)
    assert command[:3] == ["/opt/vllm/bin/vllm", "serve", str(folder)]
    joined = " ".join(command)
    for part in (
        *("--port 8123", "--host 127.0.0.1", "--max-model-len 4096", "--max-num-seqs 32", "--enable-lora"),
        *("--tensor-parallel-size 2", "--enforce-eager", "--max-lora-rank 128", "--dtype float16"),
    ):
        assert part in joined
    assert joined.count("--max-lora-rank") == 1
    assert "--max-model-len" not in " ".join(build_command(folder, EngineSettings(), 1))
    assert (precision_of(options), precision_of({"quantization": "fp8"})) == ("bf16", "quantised")


@pytest.mark.parametrize(
    ("template", "chosen", "parser"),
    [
        ("{{ tools }}<tool_call>", {}, "hermes"),
        ("{{ tools }}<tool_call><function=f>", {}, "qwen3_coder"),
        ("{{ tools }}[TOOL_CALLS]", {}, "mistral"),
        ("{{ tools }}<|python_tag|>", {}, "llama3_json"),
        ("{{ tools }} in another format", {}, "hermes"),
        ("no functions", {}, None),
        ("no functions", {"tool-call-parser": "pythonic"}, "pythonic"),
    ],
)
def test_the_parser_of_tool_calls_follows_from_the_chat_template(
    template: str, chosen: dict[str, Any], parser: str | None, tmp_path: Path
) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    command = " ".join(build_command(tmp_path, EngineSettings(engine_options=chosen), 1))
    expected = f"--tool-call-parser {parser}" if parser else ""
    assert expected in command
    assert ("--tool-call-parser" in command) == ("--enable-auto-tool-choice" in command) == (parser is not None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trust-remote-code": True}, "no option 'trust-remote-code'"),
        ({"middleware": "os.system"}, "no option 'middleware'"),
        ({"tensor-parallel-size": "2"}, "a value of the type int"),
        ({"tensor-parallel-size": True}, "a value of the type int"),
        ({"dtype": "--api-key"}, "without a dash"),
    ],
)
def test_options_that_could_run_code_or_have_another_type_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_options(options)


def test_a_model_that_does_not_load_ends_the_start_with_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, f"{sys.executable} {fake_vllm.__file__}")
    with pytest.raises(InvalidInput, match="exit code 3"):
        VllmEngine(tmp_path, EngineSettings(), start_seconds=30)


def test_the_end_of_vllm_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, f"{sys.executable} {fake_vllm.__file__}")
    monkeypatch.setattr("vong.serving.engine.vllm.server.POLL_SECONDS", 0.05)
    ended, codes = threading.Event(), list[int]()
    engine = VllmEngine(
        folder, EngineSettings(), on_exit=lambda code: (codes.append(code), ended.set())[0], start_seconds=30
    )
    engine._server.process.kill()
    assert ended.wait(10)
    assert codes == [-9]
    engine.close()
