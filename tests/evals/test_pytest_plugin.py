"""The plugin of pytest, run by pytester with a client that answers without a server."""

import sys

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import json
from types import SimpleNamespace
import httpx
import pytest
from vong.cli import pytest_plugin
from vong.records import EvalResult, new_id, now

def call(method, path, json=None, timeout=None):
    text = json["messages"][-1]["content"].removeprefix("Say ")
    body = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    return SimpleNamespace(json=lambda: body)

def record(run):
    print("RECORDED", json.dumps(run))
    return SimpleNamespace(id="run-1", name=run["name"], examples=len(run["outputs"]), scores={"exact_match": 0.5})

client = SimpleNamespace(transport=SimpleNamespace(call=call), evals=SimpleNamespace(record=record))
pytest_plugin.Recorder.client = property(lambda self: client)
"""
TESTS = """
import pytest

@pytest.mark.vong(model="support", temperature=0.5)
def test_right(vong):
    answer = vong.complete("Say yes")
    assert vong.score(answer, "exact_match", reference="yes") == 1
    assert answer.input_tokens == 3 and not answer.is_truncated

@pytest.mark.vong("support")
def test_wrong(vong):
    assert vong.score(vong.complete("Say no"), "exact_match", reference="yes") == 1

@pytest.mark.vong("support", store=False)
def test_unstored(vong):
    assert vong.score(vong.complete("Say a"), "chrf", reference="a") == 100

def test_no_model(vong):
    with pytest.raises(Exception, match="names no model"):
        vong.complete("x")
"""


def test_answers_are_scored_and_stored_as_a_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_answers=TESTS)
    result = pytester.runpytest("-s", "--strict-markers")
    result.assert_outcomes(passed=3, failed=1)
    recorded = next(line for line in result.outlines if line.startswith("RECORDED"))
    assert '"model": "support"' in recorded
    assert '"dataset": "test_answers"' in recorded
    assert recorded.count('"finish_reason"') == 2
    assert "exact_match|fields:all" in recorded
    result.stdout.fnmatch_lines(["run-1  support in test_answers (pytest): 2 answers exact_match=0.5000"])


def test_the_plugin_is_light(pytester: pytest.Pytester) -> None:
    code = "import sys, vong.cli.pytest_plugin; print('pydantic' in sys.modules or 'httpx' in sys.modules)"
    result = pytester.run(sys.executable, "-c", code)
    assert result.outlines == ["False"]
