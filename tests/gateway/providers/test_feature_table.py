"""Feature table of docs/guides/providers.md: handling of each chat field by each provider."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from tests.gateway.fake_upstream import FakeUpstream
from vong import plugins
from vong.config import ProviderSettings
from vong.errors import Misconfigured, Unsupported
from vong.gateway.providers import ProviderRequest
from vong.gateway.upstream.client import UpstreamClient

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "providers.md"
FUNCTION = {"name": "weather", "parameters": {"type": "object", "title": "m4rk"}}
TOOL = {"type": "function", "function": FUNCTION}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "title": "m4rk"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,bTRyaw=="}}
PAGE = {"type": "image_url", "image_url": {"url": "https://example.org/m4rk.png"}}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,bTRyaw==", "filename": "a.pdf"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "bTRyaw==", "format": "wav"}}


class Part(NamedTuple):
    """Fields of a chat, and a text of the sent request that shows that they were sent."""

    fields: dict[str, Any]
    mark: str


def sent_text(part: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, part]}]}


PARTS: dict[str, Part] = {
    "image data": Part(sent_text(PICTURE), "bTRyaw=="),
    "image URL": Part(sent_text(PAGE), "m4rk.png"),
    "PDF file data": Part(sent_text(FILE), "bTRyaw=="),
    "audio data": Part(sent_text(SOUND), "bTRyaw=="),
    "tools": Part({"tools": [TOOL]}, "m4rk"),
    "`tool_choice`: required": Part({"tools": [TOOL], "tool_choice": "required"}, "m4rk"),
    "`tool_choice`: one function": Part(
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "weather"}}}, "m4rk"
    ),
    "`parallel_tool_calls`: false": Part({"tools": [TOOL], "parallel_tool_calls": False}, "m4rk"),
    "`response_format`: json_schema": Part({"response_format": SCHEMA}, "m4rk"),
    "`response_format`: json_object": Part({"response_format": {"type": "json_object"}}, "json"),
    "`reasoning_effort`": Part({"reasoning_effort": "low"}, ""),
    "`logprobs`": Part({"logprobs": True}, "ogprobs"),
    "`top_logprobs`": Part({"logprobs": True, "top_logprobs": 3}, "ogprobs"),
    "`n`": Part({"n": 2}, "2"),
    "`seed`": Part({"seed": 77123}, "77123"),
    "`frequency_penalty`": Part({"frequency_penalty": 0.625}, "0.625"),
    "`logit_bias`": Part({"logit_bias": {"77123": 5}}, "77123"),
    "`stop`": Part({"stop": ["m4rk"]}, "m4rk"),
    "unknown fields": Part({"not_known": "m4rk"}, "m4rk"),
}
MODEL = "anthropic.claude-made-up"


def rows() -> list[list[str]]:
    text = GUIDE.read_text().partition("## Chat feature support")[2].partition("\n## ")[0]
    table = "| part |" + text.partition("| part |")[2]
    lines = [line for line in table.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


KINDS = [kind.strip("`") for kind in rows()[0][1:]]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


def actual_handling(fake: FakeUpstream, kind: str, part: Part) -> str:
    """Return the handling of a part: sent unchanged, translated, or rejected before sending."""

    async def run(fields: dict[str, Any]) -> dict[str, Any]:
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], **fields}
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=fake.url, api_key=SecretStr("secret"))
        try:
            provider = plugins.load_extension("provider", kind)("subject", settings, upstream)
            await provider.call(ProviderRequest("chat", MODEL, json.dumps(asked).encode()))
        finally:
            upstream.close()
        return fake.requests[-1].body

    plain = asyncio.run(run({}))
    seen = len(fake.requests)
    try:
        body = asyncio.run(run(part.fields))
    except Unsupported:
        assert len(fake.requests) == seen
        return "rejected"
    assert body != plain and part.mark in json.dumps(body), f"{kind} drops it in silence: {body}"
    return "passes" if all(body.get(name) == value for name, value in part.fields.items()) else "translated"


def test_the_table_lists_every_part() -> None:
    assert [row[0] for row in rows()[1:]] == list(PARTS)
    assert {"openai", "groq", "mistral", "ollama", "anthropic", "gemini", "bedrock", "cohere"} == set(KINDS)


def test_the_console_offers_every_provider_type_at_its_address() -> None:
    text = (GUIDE.parents[2] / "web/src/stages/gateway/kinds.ts").read_text().partition("KINDS")[2].partition("};")[0]
    offered = dict(re.findall(r'^  (\w+): ("[^"]*"|null),$', text, re.MULTILINE))
    assert set(offered) == set(plugins.list_extensions("provider"))
    for kind, offer in offered.items():
        settings, address = ProviderSettings(kind=kind), json.loads(offer)
        if address is None:
            with pytest.raises(Misconfigured, match="no base_url"):
                plugins.load_extension("provider", kind)("subject", settings, UpstreamClient())
        else:
            assert plugins.load_extension("provider", kind)("subject", settings, UpstreamClient()).address == address


@pytest.mark.parametrize("name", list(PARTS))
def test_the_table_equals_the_actual_handling(fake: FakeUpstream, name: str) -> None:
    (row,) = [row for row in rows() if row[0] == name]
    assert dict(zip(KINDS, row[1:], strict=True)) == {kind: actual_handling(fake, kind, PARTS[name]) for kind in KINDS}
