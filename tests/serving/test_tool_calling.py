"""Tool calls, structured output and reasoning of both engines, with real clients and a model that learned to call."""

import asyncio
import json
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import openai
import pytest
import uvicorn
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from tests.serving.tool_model import WEATHER_TOOL, create_tool_model
from vong import plugins
from vong.serving.engine import EngineSettings
from vong.serving.engine.http import EngineApp
from vong.training.export.gguf_export import write_gguf

pytestmark = pytest.mark.slow

ENGINES = ("transformers", "xllamacpp")
HUE = [{"role": "user", "content": "What is the weather in Hue?"}]
BOTH = [{"role": "user", "content": "What is the weather in Hue and Hanoi?"}]


@contextmanager
def serve_engine(engine: Any) -> Generator[str]:
    """Serve an engine under the name `base` and yield the URL of its API."""
    app = EngineApp("secret", {"pid": 1})
    app.engine = engine
    app._adapter_folders["base"] = None  # as a deployment of the base model does
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Train one model and serve it by both engines."""
    folder = create_tool_model(tmp_path_factory.mktemp("tools") / "model")
    gguf = tmp_path_factory.mktemp("gguf")
    write_gguf(folder, gguf / "model.gguf", "f16")
    settings = EngineSettings(threads=1, context=2048, batch=4)
    transformers = plugins.load_extension("engine", "transformers")(folder, settings)
    llamacpp = plugins.load_extension("engine", "xllamacpp")(gguf, settings)
    with serve_engine(transformers) as one, serve_engine(llamacpp) as other:
        yield dict(zip(ENGINES, (one, other), strict=True))


@pytest.fixture(params=ENGINES)
def client(request: pytest.FixtureRequest, urls: dict[str, str]) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=urls[request.param], api_key="secret", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, messages: Any = HUE, **more: Any) -> Any:
    fields: dict[str, Any] = {"tools": [WEATHER_TOOL], "temperature": 0, "max_tokens": 200, **more}
    return client.chat.completions.create(model="base", messages=messages, **fields)


def calls(message: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or ()]


def test_the_model_decides_to_call_a_tool(client: openai.OpenAI) -> None:
    (choice,) = ask(client).choices
    assert choice.finish_reason == "tool_calls" and choice.message.content is None
    assert calls(choice.message) == [("get_weather", {"city": "Hue"})]
    assert choice.message.tool_calls[0].id.startswith("call_")
    (choice,) = ask(client, [{"role": "user", "content": "hi"}]).choices
    assert (choice.finish_reason, choice.message.tool_calls, choice.message.content) == ("stop", None, "Hi there.")


def test_the_result_of_a_call_is_answered(client: openai.OpenAI) -> None:
    message = ask(client).choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    answer = ask(client, [*HUE, message, result]).choices[0]
    assert (answer.message.content, answer.finish_reason) == ("It is sunny.", "stop")


def test_several_calls_are_parallel_unless_disabled(client: openai.OpenAI) -> None:
    expected = [("get_weather", {"city": "Hue"}), ("get_weather", {"city": "Hanoi"})]
    assert calls(ask(client, BOTH).choices[0].message) == expected
    assert calls(ask(client, BOTH, parallel_tool_calls=False).choices[0].message) == expected[:1]


def test_calls_are_streamed_in_parts(client: openai.OpenAI) -> None:
    found: dict[int, list[str]] = {}
    ids: set[str] = set()
    finishes: list[str] = []
    parts = 0
    for chunk in ask(client, BOTH, stream=True, stream_options={"include_usage": True}):
        for choice in chunk.choices:
            finishes += [choice.finish_reason] if choice.finish_reason else []
            assert not choice.delta.content
            for call in choice.delta.tool_calls or ():
                if call.id:
                    ids.add(call.id)
                    found[call.index] = [call.function.name, ""]
                found[call.index][1] += call.function.arguments
                parts += 1
    assert [(name, json.loads(text)["city"]) for name, text in found.values()] == [
        ("get_weather", "Hue"),
        ("get_weather", "Hanoi"),
    ]
    assert len(ids) == 2 and finishes == ["tool_calls"] and parts > 6


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("required", {"get_weather", "noop"}),
        ({"type": "function", "function": {"name": "noop"}}, {"noop"}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"name": "noop"}]}},
            {"noop"},
        ),
    ],
)
def test_a_required_call_is_well_formed(client: openai.OpenAI, choice: Any, expected: set[str]) -> None:
    noop = {"type": "function", "function": {"name": "noop", "parameters": {"type": "object", "properties": {}}}}
    answer = ask(
        client,
        [{"role": "user", "content": "hi"}],
        tools=[WEATHER_TOOL, noop],
        tool_choice=choice,
        parallel_tool_calls=False,
    )
    ((name, arguments),) = calls(answer.choices[0].message)
    assert name in expected and answer.choices[0].finish_reason == "tool_calls"
    assert set(arguments) == ({"city"} if name == "get_weather" else set()) or name == "noop"


def test_no_tool_is_called_if_the_request_forbids_it(client: openai.OpenAI) -> None:
    message = ask(client, tool_choice="none").choices[0].message
    assert message.tool_calls is None and message.content


def test_calls_hold_with_sampling_and_several_choices(client: openai.OpenAI) -> None:
    answer = ask(
        client,
        temperature=1.5,
        top_p=0.9,
        n=3,
        seed=4,
        presence_penalty=1.0,
        extra_body={"repetition_penalty": 1.3, "top_k": 40},
        tool_choice="required",
        tools=[_limited_tool()],
        parallel_tool_calls=False,
    )
    for choice in answer.choices:
        ((name, arguments),) = calls(choice.message)
        assert name == "get_weather" and len(arguments["city"]) <= 5 and choice.finish_reason == "tool_calls"


def _limited_tool() -> dict[str, Any]:
    function: Any = WEATHER_TOOL["function"]
    parameters = {**function["parameters"], "properties": {"city": {"type": "string", "maxLength": 5}}}
    return {"type": "function", "function": {**function, "parameters": parameters}}


def test_the_older_fields_of_functions_are_answered_in_their_form(client: openai.OpenAI) -> None:
    (choice,) = ask(client, tools=openai.omit, functions=[WEATHER_TOOL["function"]]).choices
    assert choice.finish_reason == "function_call" and choice.message.tool_calls is None
    assert (choice.message.function_call.name, json.loads(choice.message.function_call.arguments)) == (
        "get_weather",
        {"city": "Hue"},
    )


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_a_format_constrains_the_answer(client: openai.OpenAI, kind: str) -> None:
    schema = {
        "type": "object",
        "properties": {"rating": {"enum": [1, 2]}, "tags": {"type": "array", "items": {"enum": ["a"]}, "maxItems": 2}},
        "required": ["rating", "tags"],
        "additionalProperties": False,
    }
    wanted = {"type": kind} | ({"json_schema": {"name": "x", "schema": schema}} if kind == "json_schema" else {})
    bias = {"5": 50} if kind == "json_schema" else {}
    joke = [{"role": "user", "content": "Tell me a joke about cats."}]
    answer = ask(client, joke, tools=openai.omit, response_format=wanted, n=2, logit_bias=bias)
    for choice in answer.choices:
        found = json.loads(choice.message.content)
        assert choice.finish_reason == "stop"
        assert found["rating"] in (1, 2) if kind == "json_schema" else isinstance(found, dict)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "foo"}}}}, "constrained"),
        ({"response_format": {"type": "yaml"}}, "unknown response_format 'yaml'"),
        ({"tool_choice": {"type": "function", "function": {"name": "other"}}}, "names the function 'other'"),
        ({"tools": [{"type": "web_search"}]}, "do not support tools of type 'web_search'"),
        ({"tools": openai.omit, "tool_choice": "required"}, "the request has no tools"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "supports text only"),
    ],
)
def test_what_cannot_be_obeyed_is_rejected(client: openai.OpenAI, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        ask(client, **fields)


class _StandardTests(ChatModelIntegrationTests):
    """Standard tests of LangChain against an engine."""

    engine: ClassVar[str]
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def served(cls, urls: dict[str, str]) -> None:
        cls.url = urls[cls.engine]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            **{"base_url": self.url, "api_key": "secret", "model": "base", "max_retries": 0, "stream_usage": True},
            **{"temperature": 0, "max_tokens": 300},
        }

    @property
    def supports_json_mode(self) -> bool:
        return True


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.filterwarnings("ignore")
class TestTransformers(_StandardTests):
    """Standard tests of LangChain with the engine transformers."""

    engine: ClassVar[str] = "transformers"


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.filterwarnings("ignore")
class TestLlamaCpp(_StandardTests):
    """Standard tests of LangChain with the engine xllamacpp."""

    engine: ClassVar[str] = "xllamacpp"
