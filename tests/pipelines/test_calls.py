"""Steps that call Python objects: functions, LangChain, LangGraph and LlamaIndex, in a process of their own."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vong.app.pipelines.runnables import RunnableSummary, build_pipeline, check_call_rights
from vong.errors import Forbidden
from vong.pipelines.calls.process import stop_processes
from vong.pipelines.definition import parse_definition
from vong.pipelines.validation import validate
from vong.records import Span

from .engine import Engine

FUNCTIONS = """
import asyncio, os, time

def add(a: int, b: int = 2):
    print("noise that must not disturb the answers")
    return {"sum": a + b}

async def words():
    for word in ("one ", "two"):
        yield word

def fail():
    raise ValueError("broken part")

def die():
    os._exit(3)

async def wait():
    await asyncio.sleep(60)

def pid():
    return os.getpid()

def large():
    return "x" * 6_000_000
"""

FRAMEWORKS = """
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langgraph.graph import END, START, StateGraph
from llama_index.core import Document, SummaryIndex
from llama_index.core.llms.mock import MockLLM
from typing_extensions import TypedDict

def answers():
    while True:
        yield AIMessage(content="Hello there")

prompt = ChatPromptTemplate.from_messages([("user", "{question}")])
chain = prompt | GenericFakeChatModel(messages=answers()) | StrOutputParser()

class State(TypedDict):
    question: str
    answer: str

async def say(state):
    return {"answer": await chain.ainvoke({"question": state["question"]})}

builder = StateGraph(State)
builder.add_node("say", say)
builder.add_edge(START, "say")
builder.add_edge("say", END)
graph = builder.compile()
index = SummaryIndex.from_documents([Document(text="Lanterns cost 19 crowns.")])
engine = index.as_query_engine(llm=MockLLM(max_tokens=3))
"""


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apps")
    (folder / "functions.py").write_text(FUNCTIONS)
    return folder


@pytest.fixture
def calls(engine: Engine, apps: Path) -> Iterator[Engine]:
    recorded: list[Span] = engine.spans
    services: Any = engine.services
    services.app_folder, services.record_span = apps, lambda _, span: recorded.append(span)
    yield engine


@pytest.fixture(scope="module", autouse=True)
def stopped(module_engine: Engine) -> Iterator[None]:
    yield
    module_engine.do(stop_processes())


def call(function: str, input: Any = None, **step: Any) -> dict[str, Any]:
    steps = {"call": {"kind": "call", "function": function, "input": input, **step}}
    return {"steps": steps, "outputs": {"text": "{{ call.text }}", "output": "{{ call.output }}"}}


def test_functions_are_called_with_named_arguments(calls: Engine) -> None:
    assert calls.run(call("functions:add", {"a": 1})).outputs == {"text": "", "output": {"sum": 3}}
    assert calls.run(call("functions:words")).outputs == {"text": "one two", "output": "one two"}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("functions:fail", "ValueError: broken part (functions.py, line 13)"),
        ("functions:die", "ended with exit code 3"),
        ("functions:missing", "functions.py has no 'missing'"),
        ("nothing:x", "there is no file nothing.py"),
        ("functions:large", "the output has more than 5000000 characters"),
        ("functions:add", "TypeError: missing a required argument: 'a'"),
    ],
)
def test_errors_of_the_code_fail_the_step(calls: Engine, function: str, message: str) -> None:
    run = calls.run(call(function, {}))
    assert run.error is not None
    assert message in run.error.message


def test_the_process_serves_the_next_call_after_a_timeout(calls: Engine) -> None:
    before = calls.run(call("functions:pid")).outputs
    started = time.monotonic()
    run = calls.run(call("functions:wait", timeout_seconds=0.2))
    assert run.error is not None
    assert "did not finish within 0.2 s" in run.error.message
    assert time.monotonic() - started < 5
    assert calls.run(call("functions:pid")).outputs == before


def test_changed_files_are_loaded_again(calls: Engine, apps: Path) -> None:
    (apps / "changing.py").write_text("def value():\n    return 1\n")
    assert (calls.run(call("changing:value")).outputs or {})["output"] == 1
    (apps / "changing.py").write_text("def value():\n    return 22\n")
    assert (calls.run(call("changing:value")).outputs or {})["output"] == 22


@pytest.mark.parametrize("function", ["os.system", "a:b()", "../x:y", "a.b:", ""])
def test_other_names_are_rejected(function: str) -> None:
    findings = validate(parse_definition(call(function)))
    assert [finding.field for finding in findings] == ["function"]


def test_only_owners_may_name_python_objects() -> None:
    nested = {"kind": "map", "over": [1], "output": 1, "steps": {"inner": {"kind": "call", "function": "a:b"}}}
    definition = parse_definition({"steps": {"each": nested}})
    check_call_rights("owner", definition)
    with pytest.raises(Forbidden, match="the step 'inner' calls Python code"):
        check_call_rights("member", definition)


def test_pipelines_of_one_object_have_its_inputs() -> None:
    schema = {"type": "object", "properties": {"question": {"type": "string"}, "k": {"type": "integer", "default": 3}}}
    definition = build_pipeline(RunnableSummary(function="rag:chain", kind="langchain", input_schema=schema))
    assert definition.inputs == {"question": {"type": "string"}, "k": {"type": "integer", "default": 3}}
    assert [str(finding) for finding in validate(definition)] == []
    unnamed = build_pipeline(RunnableSummary(function="rag:chain", kind="langchain"))
    assert unnamed.inputs == {"input": {}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "text", "names"),
    [
        ("frameworks:chain", "Hello there", {"RunnableSequence", "ChatPromptTemplate", "GenericFakeChatModel"}),
        ("frameworks:graph", "Hello there", {"LangGraph", "say", "RunnableSequence", "GenericFakeChatModel"}),
        ("frameworks:engine", "text text text", {"RetrieverQueryEngine.aquery", "MockLLM.acomplete"}),
    ],
)
def test_frameworks_run_and_their_spans_are_below_the_step(
    calls: Engine, apps: Path, function: str, text: str, names: set[str]
) -> None:
    if not (apps / "frameworks.py").exists():
        (apps / "frameworks.py").write_text(FRAMEWORKS)
    run = calls.end(calls.begin(call(function, {"question": "hi"})).id, timeout=90)
    assert run.error is None
    assert (run.outputs or {})["text"] == text
    spans = {span.name: span for span in calls.spans}
    assert names <= set(spans)
    step = spans["step call"]
    ids = {span.span_id for span in calls.spans}
    assert all(spans[name].parent_span_id in ids for name in names)
    assert {span.trace_id for span in spans.values()} == {step.trace_id}
    assert any(span.kind == "chat" for span in spans.values())
