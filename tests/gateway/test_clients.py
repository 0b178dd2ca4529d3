"""Requests of common clients, replayed with a model of another vendor than the client expects.

The requests in `recordings/clients/` were recorded from the unmodified programs, with shortened texts; those of Open
WebUI, LibreChat and n8n are rebuilt from their published documentation. A file has the name of the client's page in
`docs/clients/`; `langchain-js` is the package that n8n uses.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream

RECORDINGS = Path(__file__).parent / "recordings" / "clients"
CHAT_FIELDS = {
    "model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "max_tokens",
    "max_completion_tokens", "temperature", "top_p", "stop", "seed", "n", "user", "presence_penalty",
    "frequency_penalty", "response_format", "reasoning_effort",
}  # fmt: skip
"""Fields that a server of vLLM's kind accepts and that these clients need."""
STREAM_ENDS = {"/v1/chat/completions": "[DONE]", "/v1/messages": "message_stop", "/v1/responses": "response.completed"}


class Recording(NamedTuple):
    """Recorded request of a client."""

    name: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None


def read_recordings() -> list[Recording]:
    return [
        Recording(f"{file.stem}-{number}", **json.loads(line))
        for file in sorted(RECORDINGS.glob("*.jsonl"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    ]


PAGES = sorted(
    page.stem for page in (Path(__file__).parents[2] / "docs" / "clients").glob("*.md") if page.stem != "README"
)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_client_has_recorded_requests(page: str) -> None:
    assert (RECORDINGS / f"{page}.jsonl").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("recording", read_recordings(), ids=lambda recording: recording.name)
@pytest.mark.parametrize("model", ["plain", "tools", "thinks"])
def test_requests_of_clients_are_answered_by_a_model_of_another_vendor(
    server: Server, fake: FakeUpstream, recording: Recording, model: str
) -> None:
    headers = {**recording.headers, "authorization": f"Bearer {server.key}"}
    if recording.body is None:
        listed = httpx.get(server.url + recording.path, headers=headers).json()
        assert {"id", "object", "created", "owned_by"} <= listed["data"][0].keys()
        return
    body = {**recording.body, "model": f"vllm/{model}"}
    answer = httpx.post(server.url + recording.path, headers=headers, json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    path = recording.path.partition("?")[0]
    if body.get("stream"):
        assert STREAM_ENDS[path] in answer.text[answer.text.rindex("data:") - 100 :]
        assert '"error":{' not in answer.text
    if path != "/v1/embeddings":
        check_upstream_request(fake.requests[-1].body)
    assert [span.status for span in server.spans()] == ["ok"]


def check_upstream_request(body: dict[str, Any]) -> None:
    """Check that a chat request keeps to the rules that servers of open models enforce."""
    assert body.keys() <= CHAT_FIELDS
    call_ids: set[str] = set()
    for message in body["messages"]:
        assert message["role"] in {"system", "user", "assistant", "tool"}
        call_ids |= {call["id"] for call in message.get("tool_calls") or []}
        if message["role"] == "tool":
            assert message["tool_call_id"] in call_ids
        content = message.get("content")
        if isinstance(content, list):
            assert all(part["type"] in {"text", "image_url"} for part in content)
            assert all(part["text"] for part in content if part["type"] == "text")
    names = [tool["function"]["name"] for tool in body.get("tools", [])]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
    assert all(tool["type"] == "function" for tool in body.get("tools", []))
