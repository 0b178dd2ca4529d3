"""Table of dialects: what each kind of server receives, as the caller wrote it and translated from other endpoints."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.gateway.fake_upstream import FakeUpstream
from vong import plugins
from vong.config import ProviderSettings
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.providers import ProviderRequest, dialects
from vong.gateway.providers.dialects import HOST_DIALECTS, dialect_of
from vong.gateway.providers.openai import OpenAIProvider
from vong.gateway.routing.catalog import ResolvedTarget
from vong.gateway.translators.chat_dialect import ChatDialect, adapt_body, adapt_translated_chat
from vong.gateway.upstream.client import UpstreamClient
from vong.records.span import SpanVersions

ROWS: dict[str, ChatDialect] = {
    name: row for name, row in vars(dialects).items() if isinstance(row, ChatDialect) and row.has_serial_calls
}
CALL = {"id": "call_Xy12345678901234567890ab", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CACHED = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief.", **CACHED}]},
        {"role": "user", "content": "hi", **CACHED},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "annotations": [],
            "reasoning_content": "I should look.",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "x", "signature": "s", "format": "google-gemini-v1"}
            ],
            "tool_calls": [{**CALL, "index": 0}],
        },
        {"role": "tool", "tool_call_id": CALL["id"], "content": "42"},
    ],
    "tools": [{"type": "function", "function": {"name": "look"}, **CACHED}],
    "max_completion_tokens": 9,
    "reasoning_effort": "xhigh",
    "verbosity": "low",
    "top_k": 40,
    "metadata": {"run": "7"},
    "user": "u" * 150,
}
NEW_NAME = {"OPENAI", "AZURE", "GROQ", "XAI", "OPENROUTER", "VLLM", "NATIVE", "DEPLOYMENT"}
DEVELOPER = {"OPENAI", "AZURE", "OPENROUTER", "NATIVE", "DEPLOYMENT"}
REASONING = {
    **{name: {"reasoning_content", "reasoning"} for name in ("GENERIC", "VLLM")},
    **{name: {"reasoning_content"} for name in ("DEEPSEEK", "DEPLOYMENT", "MOONSHOT", "XAI", "NATIVE")},
    **{name: {"reasoning"} for name in ("GROQ", "OLLAMA", "OPENROUTER")},
}
TOP_K = {"VLLM", "OPENROUTER", "NATIVE", "DEPLOYMENT"}
VERBOSITY = {"OPENAI", "AZURE", "OPENROUTER"}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_translated_chat_contains_what_the_server_accepts(name: str) -> None:
    chat = adapt_translated_chat(CHAT, ROWS[name], "m")
    text = json.dumps(chat)
    assert ("max_completion_tokens" in chat) == (name in NEW_NAME) == ("max_tokens" not in chat)
    assert chat["messages"][0]["role"] == ("developer" if name in DEVELOPER else "system")
    turn = chat["messages"][2]
    assert {field for field in ("reasoning_content", "reasoning") if field in turn} == REASONING.get(name, set())
    assert ("reasoning_details" in turn) == (name in {"NATIVE", "OPENROUTER"})
    assert ("cache_control" in text) == (name in {"NATIVE", "OPENROUTER"})
    assert ("top_k" in chat) == (name in TOP_K) and ("verbosity" in chat) == (name in VERBOSITY)
    assert "metadata" not in chat and (name == "NATIVE") == (len(chat["user"]) > 64)
    assert CHAT["messages"][2]["reasoning_content"] == "I should look."  # other targets get it unchanged


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_chat_of_the_caller_is_changed_only_where_the_server_rejects_it(name: str) -> None:
    row = ROWS[name]
    body = json.dumps(CHAT).encode()
    chat = json.loads(adapt_body(body, row, name))
    if row.is_verbatim:
        assert chat == CHAT
        return
    roles = [message["role"] for message in chat["messages"]]
    assert roles == ["developer" if name in DEVELOPER else "system", "user", "assistant", "tool"]
    assert ("cache_control" in json.dumps(chat["messages"])) == (name == "OPENROUTER")
    assert ("max_completion_tokens" in chat) == (name in NEW_NAME)
    if row.message_fields is not None:
        assert all(message.keys() <= row.message_fields for message in chat["messages"])
        assert chat["messages"][2]["tool_calls"][0].keys() == {"id", "type", "function"}
    assert chat.keys() - {"max_tokens"} <= CHAT.keys() - row.ignored_fields


def test_mistral_gets_ids_of_nine_letters_and_digits_alike_in_call_and_result() -> None:
    chat = json.loads(adapt_body(json.dumps(CHAT).encode(), dialects.MISTRAL, "mistral"))
    call, result = chat["messages"][2]["tool_calls"][0]["id"], chat["messages"][3]["tool_call_id"]
    assert call == result and len(call) == 9 and call.isalnum()
    again = {**CHAT, "messages": chat["messages"]}
    assert json.loads(adapt_body(json.dumps(again).encode(), dialects.MISTRAL, "m"))["messages"] == chat["messages"]


def test_mistral_continues_an_assistant_message_and_reads_its_own_thoughts() -> None:
    turn = {"role": "assistant", "content": "Xin", "reasoning_content": "Hm."}
    for model, content in (("mistral-large", "Xin"), ("magistral-medium", [{"type": "thinking"}, {"type": "text"}])):
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "?"}, turn]}).encode()
        last = json.loads(adapt_body(body, dialects.MISTRAL, "mistral"))["messages"][-1]
        found = last["content"]
        assert last["prefix"] is True and "reasoning_content" not in last
        assert (found if isinstance(found, str) else [{"type": part["type"]} for part in found]) == content


@pytest.mark.parametrize(
    "field", ["user", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier"]
)
def test_mistral_gets_no_field_of_openai_accounts(field: str) -> None:
    body = json.dumps({"model": "m", "messages": [], field: "x"}).encode()
    assert field not in json.loads(adapt_body(body, dialects.MISTRAL, "mistral"))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        *((model, "max_completion_tokens") for model in ("o3-mini", "gpt-5.1", "gpt-5", "openai/gpt-5-nano", "o1")),
        *((model, "max_tokens") for model in ("gpt-4o", "llama-3", "gpt-oss-120b", "gpt-3.5-turbo", "qwen3", "phi-4")),
    ],
)
def test_the_maximum_has_the_name_that_the_model_reads(model: str, name: str) -> None:
    assert dialects.GENERIC.max_tokens_name(model) == name
    body = json.dumps({"model": model, "messages": [], "max_tokens": 9}).encode()
    assert json.loads(adapt_body(body, dialects.OPENAI, "openai"))[name] == 9
    assert json.loads(adapt_body(body, dialects.DEEPSEEK, "deepseek"))["max_tokens"] == 9


@pytest.mark.parametrize(
    "fields",
    [
        {"max_completion_tokens": None},
        {"max_completion_tokens": None, "max_tokens": 3},
        {"max_completion_tokens": 3, "max_tokens": 4},
        {"max_completion_tokens": -1},
    ],
)
def test_the_maximum_is_sent_once(fields: dict[str, Any]) -> None:
    body = json.dumps({"model": "m", "messages": [], **fields}).encode()
    chat = json.loads(adapt_body(body, dialects.OLLAMA, "ollama"))
    given = next((value for value in fields.values() if value is not None), None)
    assert "max_completion_tokens" not in chat and chat.get("max_tokens") == given


def test_an_effort_reaches_only_models_that_accept_it() -> None:
    for row, model, effort in (
        (dialects.OPENAI, "gpt-5.1", "xhigh"),
        (dialects.OPENAI, "gpt-4o", None),
        (dialects.GENERIC, "gpt-4o", None),
        (dialects.GENERIC, "qwen3", "high"),
        (dialects.GROQ, "llama-3.3-70b", None),
        (dialects.GROQ, "openai/gpt-oss-20b", "high"),
        (dialects.MISTRAL, "magistral-small", "high"),
        (dialects.MISTRAL, "codestral", None),
    ):
        assert adapt_translated_chat(CHAT, row, model).get("reasoning_effort") == effort


@pytest.mark.parametrize(
    "messages", ["x", ["x"], [{"role": "assistant", "content": ["x"], "tool_calls": "x"}], [5], {}]
)
def test_a_malformed_chat_is_left_to_the_server(messages: Any) -> None:
    body = {"model": "m", "messages": messages, "note": '"developer" "assistant" "reasoning'}
    for row in ROWS.values():
        assert json.loads(adapt_body(json.dumps(body).encode(), row, "x"))["messages"] == messages


def test_known_addresses_have_their_dialect_whatever_the_kind() -> None:
    for host, row in HOST_DIALECTS.items():
        assert dialect_of(f"https://{host}/v1") is row
    assert dialect_of("https://mine.openai.azure.com/openai/v1") is dialects.AZURE
    assert dialect_of("https://api.openai.com.evil.example/v1") is dialects.GENERIC
    assert dialect_of("http://127.0.0.1:8000/v1") is dialects.GENERIC
    upstream = UpstreamClient()
    provider = OpenAIProvider("x", ProviderSettings(base_url="https://api.deepseek.com/v1"), upstream)
    prepare = provider.request_template("chat").prepare_body
    assert prepare is not None and b'"system"' in prepare(json.dumps(CHAT).encode())
    own = OpenAIProvider("x", ProviderSettings(base_url="http://10.0.0.1/v1"), upstream)
    assert own.request_template("chat").prepare_body is None


# requests of coding agents at every kind of provider


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeUpstream]:
    started = FakeUpstream().start()
    yield started
    started.stop()


CLAUDE_CODE: dict[str, Any] = {
    "model": "x",
    "max_tokens": 32_000,
    "system": [{"type": "text", "text": "You are an agent.", **CACHED}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi", **CACHED}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": ""},
                {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a", **CACHED}]},
    ],
    "tools": [
        {
            "name": "Bash",
            "description": "run",
            "eager_input_streaming": True,
            "input_schema": {"type": "object"},
            **CACHED,
        },
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 9},
        {"type": "web_search_20250305", "name": "web_search"},
    ],
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "metadata": {"user_id": "user_" + "0" * 140},
    "betas": ["interleaved-thinking-2025-05-14"],
    "diagnostics": {"previous_message_id": "x"},
    "speed": "standard",
    "top_k": 40,
    "stream": True,
}
CODEX: dict[str, Any] = {
    "model": "x",
    "instructions": "You are an agent.",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "content": None},
        {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "*** Begin Patch"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ],
    "tools": [
        {"type": "function", "name": "shell", "strict": False, "parameters": {"type": "object", "properties": {}}},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark", "definition": "s"}},
        {"type": "local_shell"},
        {"type": "web_search", "external_web_access": False},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "xhigh", "summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199",
    "text": {"verbosity": "low"},
    "client_metadata": {"x": "y"},
    "metadata": {"run": "7"},
}
OPENAI_FIELDS = {
    *("model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "max_tokens"),
    *("max_completion_tokens", "temperature", "top_p", "stop", "user", "reasoning_effort", "response_format"),
}
KINDS = sorted(set(plugins.list_extensions("provider")) - {"echo", "faults", "anthropic"})


def prepared(fake: FakeUpstream, endpoint: Any, request: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the chat that is sent to a provider."""
    settings = ProviderSettings(kind=kind, base_url=fake.url, api_key=SecretStr("secret"))
    provider = plugins.load_extension("provider", kind)("subject", settings, UpstreamClient())
    exchange = UpstreamExchange(endpoint, json.dumps(request).encode(), "0" * 32)
    target = ResolvedTarget(provider, kind, "plain", f"{kind}/plain", SpanVersions())
    shape, body = exchange.prepare_for(target)
    assert shape == "chat"
    return json.loads(body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("endpoint", "request_body"), [("messages", CLAUDE_CODE), ("responses", CODEX)])
def test_requests_of_coding_agents_become_chats_of_every_provider(
    fake: FakeUpstream, endpoint: str, request_body: dict[str, Any], kind: str
) -> None:
    chat = prepared(fake, endpoint, request_body, kind)
    native = kind in {"anthropic", "gemini", "bedrock", "cohere"}
    extra = {"top_k"} if native or kind in {"vllm", "openrouter"} else set[str]()
    extra |= {"verbosity"} if kind in {"azure", "openrouter"} else set()
    assert chat.keys() <= OPENAI_FIELDS | extra
    assert "web_search" not in json.dumps(chat["tools"])
    assert all(tool["type"] == "function" for tool in chat["tools"])
    assert native or len(chat.get("user") or "") <= 64
    if endpoint == "responses":
        assert chat.get("parallel_tool_calls") is (None if kind in {"gemini", "bedrock", "cohere"} else False)


@pytest.mark.parametrize("kind", [*KINDS, "anthropic"])
@pytest.mark.parametrize("endpoint", ["messages", "responses"])
def test_requests_of_coding_agents_are_answered_by_every_provider(fake: FakeUpstream, endpoint: Any, kind: str) -> None:
    async def run() -> int:
        upstream = UpstreamClient()
        settings = ProviderSettings(kind=kind, base_url=fake.url, api_key=SecretStr("secret"))
        provider = plugins.load_extension("provider", kind)("subject", settings, upstream)
        request = {**(CLAUDE_CODE if endpoint == "messages" else CODEX), "stream": False}
        exchange = UpstreamExchange(endpoint, json.dumps(request).encode(), "0" * 32)
        exchange.allow_native = False
        target = ResolvedTarget(provider, kind, "plain", f"{kind}/plain", SpanVersions())
        shape, body = exchange.prepare_for(target)
        try:
            return (await provider.call(ProviderRequest(shape, "plain", body))).status
        finally:
            upstream.close()

    assert asyncio.run(run()) == 200
