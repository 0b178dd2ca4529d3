"""Plugin of pytest: call models in tests, score their answers, and store the results as a run.

The plugin is loaded in every test session where Vong is installed. It imports nothing else until a test uses it.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vong.client import Client
    from vong.evals.scorers import ScorerInput

MARKER = "vong"
SOURCE = "pytest"
MAX_TOKENS = 256


@dataclass(slots=True)
class CompletedAnswer:
    """Answer of a model: text, whole message, tokens and latency. `scores` collects what `vong.score` measured."""

    text: str
    message: dict[str, Any]
    finish_reason: str | None
    latency_ms: float
    input_tokens: int | None
    output_tokens: int | None
    prompt: str
    messages: list[dict[str, Any]] = field(repr=False)
    reference: str = ""
    scores: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Return the tool calls of the answer."""
        return self.message.get("tool_calls") or []

    @property
    def is_truncated(self) -> bool:
        """Return whether the answer ended at the maximum number of tokens."""
        return self.finish_reason == "length"

    def __str__(self) -> str:
        return self.text


class Recorder:
    """Answers of a test session, grouped by run, and the signatures of the scorers that were used."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._runs: dict[tuple[str, str], list[CompletedAnswer]] = {}
        self._signatures: dict[str, str] = {}

    @property
    def client(self) -> "Client":
        """Return the client of the server that VONG_PUBLIC_URL and VONG_API_KEY name."""
        if self._client is None:
            from vong.client import Client

            self._client = Client()
        return self._client

    @property
    def is_empty(self) -> bool:
        """Return whether no answer was added."""
        return not self._runs

    def add(self, name: str, model: str, answer: CompletedAnswer) -> None:
        """Add an answer to a run."""
        self._runs.setdefault((name, model), []).append(answer)

    def add_signatures(self, signatures: dict[str, str]) -> None:
        """Add signatures of scorers."""
        self._signatures |= signatures

    def store(self) -> list[str]:
        """Store the runs at the server, and return a line about each."""
        lines: list[str] = []
        for (name, model), answers in self._runs.items():
            metrics = {metric for answer in answers for metric in answer.scores}
            signatures = {metric: text for metric, text in self._signatures.items() if metric in metrics}
            run = {"source": SOURCE, "model": model, "dataset": name, "name": f"{model} in {name} (pytest)"}
            outputs = [_to_output(answer) for answer in answers]
            stored = self.client.evals.record({**run, "signatures": signatures, "outputs": outputs})
            scores = " ".join(f"{metric}={value:.4f}" for metric, value in stored.scores.items())
            lines.append(f"{stored.id}  {stored.name}: {stored.examples} answers {scores}".rstrip())
        return lines


class VongFixture:
    """Calls models and scores their answers in one test. Settings come from `@pytest.mark.vong(...)`."""

    def __init__(self, recorder: Recorder, settings: dict[str, Any], default_name: str) -> None:
        self._recorder = recorder
        self._settings = settings
        self._name = settings.get("name") or default_name

    @property
    def client(self) -> "Client":
        """Return the client of the server."""
        return self._recorder.client

    def complete(self, prompt: str | Sequence[dict[str, Any]], **params: Any) -> CompletedAnswer:
        """Return the answer of the model to a text or to messages. `params` are fields of a chat completion.

        Raises: VongError if no model is named, or the call fails.
        """
        import time

        from vong.errors import InvalidInput

        body: dict[str, Any] = {
            "max_tokens": MAX_TOKENS,
            "temperature": 0,
            **self._settings.get("params", {}),
            **params,
        }
        model = body.pop("model", None) or self._settings.get("model")
        if not model:
            raise InvalidInput("the test names no model", 'mark it with @pytest.mark.vong(model="ROUTE")')
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        started = time.perf_counter()
        response = self.client.transport.call(
            "POST", "/v1/chat/completions", json={"model": model, "messages": messages, **body}, timeout=600.0
        )
        elapsed = (time.perf_counter() - started) * 1000
        answered = response.json()
        choice, usage = answered["choices"][0], answered.get("usage") or {}
        answer = CompletedAnswer(
            text=choice["message"].get("content") or "",
            message=choice["message"],
            finish_reason=choice.get("finish_reason"),
            latency_ms=elapsed,
            input_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            prompt="\n".join(str(one.get("content") or "") for one in messages),
            messages=messages,
        )
        if self._settings.get("store", True):
            self._recorder.add(self._name, model, answer)
        return answer

    def score(self, answer: CompletedAnswer | str, scorer: Any, reference: str | None = None, **options: Any) -> float:
        """Return the value of a scorer for an answer; its other metrics are in `answer.scores`.

        `scorer` is written as for an evaluation: `NAME` or `NAME:option=value`; `options` may replace the latter.
        """
        from vong.evals import scoring
        from vong.evals.specs import ScorerSpec

        spec = ScorerSpec(name=scorer, options=options) if options else scorer
        scorers = scoring.build_scorers([spec])
        scored = answer if isinstance(answer, CompletedAnswer) else None
        values = scoring.score_input(scorers, _to_input(answer, reference))
        found = {metric: one.value for metric, one in values.items()}
        label = scorers[0].label
        if scored is not None:
            scored.scores |= found
            scored.reference = scored.reference or reference or ""
            self._recorder.add_signatures({metric: scorers[0].scorer.signature for metric in found})
        return found[label] if label in found else next(iter(found.values()))


def _to_input(answer: CompletedAnswer | str, reference: str | None) -> "ScorerInput":
    from vong.evals.scorers import ScorerInput
    from vong.evals.scorers.tool_calls import render
    from vong.records import Message

    references = () if reference is None else (reference,)
    if isinstance(answer, str):
        return ScorerInput(output=answer, references=references)
    message = Message.model_validate({"role": "assistant", "content": answer.text} | _known(answer.message))
    return ScorerInput(
        output=render(message),
        references=references,
        messages=tuple(Message.model_validate(one) for one in answer.messages),
        message=message,
        finish_reason=answer.finish_reason,
        latency_ms=answer.latency_ms,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
    )


def _known(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in ("content", "tool_calls") if message.get(name)}


def _to_output(answer: CompletedAnswer) -> dict[str, Any]:
    return {
        "prompt": answer.prompt,
        "reference": answer.reference,
        "answer": answer.text,
        "finish_reason": answer.finish_reason,
        "latency_ms": answer.latency_ms,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "scores": answer.scores,
    }


RECORDER = pytest.StashKey[Recorder]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the recorder of the session."""
    text = "vong(model, name, store, **params): model, run name and parameters of the fixture `vong`"
    config.addinivalue_line("markers", text)
    config.stash[RECORDER] = Recorder()


@pytest.fixture
def vong(request: pytest.FixtureRequest) -> Iterator[VongFixture]:
    """Call models and score their answers. Results are stored as a run at the end of the session."""
    marker = request.node.get_closest_marker(MARKER)
    given = dict(marker.kwargs) if marker else {}
    if marker and marker.args:
        given.setdefault("model", marker.args[0])
    settings = {name: given.pop(name) for name in ("model", "name", "store") if name in given}
    module = inspect.getmodule(request.function)
    default_name = (module.__name__ if module else "tests").rpartition(".")[2]
    yield VongFixture(request.config.stash[RECORDER], settings | {"params": given}, default_name)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Store the runs, and show them. A failure to store does not change the result of the tests."""
    recorder = config.stash.get(RECORDER, None)
    if recorder is None or recorder.is_empty:
        return
    from vong.errors import VongError

    try:
        lines = recorder.store()
    except (VongError, OSError, ValueError) as error:
        terminalreporter.write_line(f"vong: the results could not be stored: {error}")
        return
    if lines:
        terminalreporter.write_sep("-", "vong: stored runs")
        for line in lines:
            terminalreporter.write_line(line)
