"""Prompts and pipelines as subjects of evaluations: `prompt/REF` and `pipeline/REF`.

A row of a dataset fills the variables of a prompt, and the inputs of a pipeline, by name: from the metadata field of
that name, or from that field of the last user message if this is a JSON object. If exactly one required value is then
missing, it is the text of the last user message. A placeholder of a prompt receives the messages before it.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import Connection
from tenacity import retry_any, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from vong import evals, prompts
from vong.app.chat_client import (
    RETRY_DELAY_SECONDS,
    RETRY_TIMEOUT_SECONDS,
    GatewayChatClient,
    ModelCallContext,
    failed_output,
)
from vong.app.prompt_rows import find_variables
from vong.errors import InvalidInput, JobCancelled, NotFound, VongError
from vong.evals.prompting import EvalSettings, choose_examples
from vong.json_schemas import SafeSchema
from vong.pipelines import versions
from vong.pipelines.chat_inputs import as_text, find_answer
from vong.pipelines.publications import ChatMapping
from vong.pipelines.versions import PipelineVersion
from vong.records import Example, Usage
from vong.records.prompt import PromptTemplate, PromptVersion
from vong.retries import call_with_retries

if TYPE_CHECKING:
    import httpx

PROMPT, PIPELINE = "prompt/", "pipeline/"
MAX_TOKENS_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens")
RUN_SECONDS = 3600.0
"""Seconds for which an evaluation waits for the run of a pipeline."""
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
ROW_HINT = "name metadata fields of the dataset as the inputs of the pipeline"
FIXED_SETTINGS = ("system", "template", "shots")
"""Settings that change the messages of a row, which a prompt or a pipeline defines itself."""

ApplicationVersion = PromptVersion | PipelineVersion


def is_application(subject: str) -> bool:
    """Return True if a subject is a prompt or a pipeline."""
    return subject.startswith((PROMPT, PIPELINE))


def pin_subject(connection: Connection, subject: str, settings: Sequence[EvalSettings] = ()) -> str:
    """Return a subject with the exact version that it names now: `prompt/NAME@HASH`. Models are returned unchanged.

    `settings` are those of the evaluations.

    Raises: NotFound if there is no such version; InvalidInput if a setting does not suit the subject.
    """
    for one in settings:
        _check_settings(subject, one)
    if not is_application(subject):
        return subject
    version = find_version(connection, subject)
    for one in settings:
        _check_step(version, one.step)
    return f"{subject.partition('/')[0]}/{version.ref}"


def find_version(connection: Connection, subject: str) -> ApplicationVersion:
    """Return the version of a prompt or a pipeline that a subject names.

    Raises: NotFound if there is none; InvalidInput if a prompt names no model.
    """
    if subject.startswith(PIPELINE):
        return versions.find(connection, subject.removeprefix(PIPELINE))
    version = prompts.find(connection, subject.removeprefix(PROMPT))
    if version.template.model is None:
        raise InvalidInput(f"prompt {version.ref} names no model", "set `model` in the prompt, and evaluate it again")
    return version


def called_model(connection: Connection, subject: str) -> str:
    """Return the model of a prompt. Other subjects are returned unchanged."""
    if not subject.startswith(PROMPT):
        return subject
    version = find_version(connection, subject)
    return str(version.template.model) if isinstance(version, PromptVersion) else subject


def check_rows(version: ApplicationVersion, examples: Sequence[Example], settings: EvalSettings) -> None:
    """Check that all evaluated rows have the variables or inputs.

    Raises: InvalidInput naming the first row that does not.
    """
    for position, example in choose_examples(examples, settings).items():
        map_row(version, example, position + 1)


def map_row(version: ApplicationVersion, example: Example, row: int) -> dict[str, Any]:
    """Return the variables of a prompt, or the inputs of a pipeline, from row number `row`."""
    if isinstance(version, PromptVersion):
        return find_variables(version.template, example, row)
    declared = version.definition.inputs
    required = {name: schema for name, schema in declared.items() if "default" not in schema}
    # The schemas of inputs have the form of the variables of a prompt.
    values = _find_inputs(declared, required, example)
    missing = [name for name in required if name not in values]
    if missing:
        raise InvalidInput(f"row {row}: no value for the input {missing[0]!r} of {version.ref}", ROW_HINT)
    for name, value in values.items():
        fault = SafeSchema(declared[name], f"the type of input {name!r}").find_error(value)
        if fault:
            raise InvalidInput(f"row {row}: the input {name!r} does not have its type: {fault}", ROW_HINT)
    return values


def _find_inputs(declared: Mapping[str, Any], required: Mapping[str, Any], example: Example) -> dict[str, Any]:
    asked = [message.text for message in example.messages if message.role == "user"]
    text = asked[-1] if asked else example.text or ""
    fields = {**_read_object(text), **example.metadata}
    values = {name: fields[name] for name in declared if name in fields}
    missing = [name for name in required if name not in values]
    if len(missing) == 1 and text:
        values[missing[0]] = text
    return values


def _read_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


class PromptSubject:
    """Prompt as the subject of an evaluation: each row fills its variables. Spans record its version."""

    def __init__(
        self,
        http: "httpx.Client",
        version: PromptVersion,
        job: ModelCallContext,
        settings: EvalSettings,
        *,
        bypass_cache: bool = False,
    ) -> None:
        self._version = version
        self._client = GatewayChatClient(http, str(version.template.model), job, bypass_cache=bypass_cache)
        self._params = _prompt_params(version.template, settings)

    def answer_row(self, example: Example) -> evals.ModelOutput:
        """Return the output of the prompt for a row."""
        variables = find_variables(self._version.template, example, 0)
        field = {"id": self._version.name, "version": self._version.hash, "variables": variables}
        return self._client([], {**self._params, "prompt": field})


class PipelineSubject:
    """Pipeline, or one of its steps, as the subject of an evaluation: each row is a run."""

    def __init__(
        self, http: "httpx.Client", version: PipelineVersion, job: ModelCallContext, step: str | None = None
    ) -> None:
        self._http, self._version, self._job, self._step = http, version, job, step

    def answer_row(self, example: Example) -> evals.ModelOutput:
        """Return the answer of the pipeline, or the output of the step, for a row."""
        from httpx import TransportError

        from vong.client.transport import raise_for_problem  # imports HTTP libraries

        body = {
            "inputs": map_row(self._version, example, 0),
            "version": self._version.hash,
            "mode": "wait",
            "wait_seconds": RUN_SECONDS,
        }
        headers = {"Idempotency-Key": str(uuid4())}
        started = time.perf_counter()
        try:
            response = call_with_retries(
                lambda: self._http.post(
                    f"/api/v1/pipelines/{self._version.name}/runs", json=body, headers=headers, timeout=RUN_SECONDS
                ),
                retry=retry_any(
                    retry_if_exception_type(TransportError),
                    retry_if_result(lambda response: response.status_code in RETRIED_STATUSES),
                ),
                wait=wait_fixed(RETRY_DELAY_SECONDS),
                stop=stop_after_delay(RETRY_TIMEOUT_SECONDS),
                cancelled=self._job.stop_event,
            )
            raise_for_problem(response)
        except TransportError as error:
            return self._failed(f"the server is unreachable: {type(error).__name__}")
        except VongError as error:
            return self._failed(error.message)
        return read_run(response.json(), self._step, (time.perf_counter() - started) * 1000)

    def _failed(self, message: str) -> evals.ModelOutput:
        try:
            self._job.check()
        except JobCancelled as error:
            return failed_output(str(error))
        return failed_output(message)


def read_run(run: Mapping[str, Any], step: str | None, latency_ms: float) -> evals.ModelOutput:
    """Return the output of a run, or of one of its steps. A run that did not succeed is an error."""
    tokens = 0 if run.get("tokens") == 0 else None  # those of calls are summed over the spans at the end
    usage = Usage(input_tokens=tokens, output_tokens=tokens, cost=run.get("cost"))
    span = UUID(str(run["id"]))
    if step is not None:
        found = next((one for one in run.get("steps") or () if one["path"] == step), None)
        if found is not None and found["state"] == "succeeded":
            return evals.ModelOutput(output_text(found["outputs"] or {}), span, latency_ms, usage)
        reason = f"step {step!r} is {found['state']}" if found else f"step {step!r} did not run"
        return failed_output(_describe_end(run) if run["state"] == "failed" else reason)
    if run["state"] != "succeeded":
        return failed_output(_describe_end(run))
    return evals.ModelOutput(find_answer(run.get("outputs") or {}, ChatMapping()), span, latency_ms, usage)


def output_text(outputs: Mapping[str, Any]) -> str:
    """Return the outputs of a step as text: its text, its only output, or all of them as JSON."""
    if isinstance(outputs.get("text"), str):
        return outputs["text"]
    return as_text(next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs))


def create_subject(
    connection: Connection,
    http: "httpx.Client",
    subject: str,
    job: ModelCallContext,
    settings: EvalSettings,
    *,
    bypass_cache: bool = False,
) -> PromptSubject | PipelineSubject:
    """Return the prompt or the pipeline that a pinned subject names."""
    version = find_version(connection, subject)
    if isinstance(version, PromptVersion):
        return PromptSubject(http, version, job, settings, bypass_cache=bypass_cache)
    return PipelineSubject(http, version, job, settings.step)


def _prompt_params(template: PromptTemplate, settings: EvalSettings) -> dict[str, Any]:
    """Return the settings of the evaluation that the prompt does not set itself."""
    params: dict[str, Any] = {}
    if not any(name in template.settings for name in MAX_TOKENS_NAMES):
        params["max_tokens"] = settings.max_tokens
    if "temperature" not in template.settings:
        params["temperature"] = settings.temperature
    return params


def _check_settings(subject: str, settings: EvalSettings) -> None:
    if settings.step is not None and not subject.startswith(PIPELINE):
        raise InvalidInput(f"step {settings.step!r} needs a pipeline, and the subject is {subject!r}", "remove step")
    used = [name for name in FIXED_SETTINGS if getattr(settings, name)]
    if used and is_application(subject):
        message = f"the setting {used[0]!r} has no effect on {subject!r}, which defines its messages itself"
        raise InvalidInput(message, "remove the setting, or change the prompt")


def _check_step(version: ApplicationVersion, step: str | None) -> None:
    if step is None or not isinstance(version, PipelineVersion):
        return
    name = step.split(".")[0].split("[")[0]
    if name not in version.definition.steps:
        known = ", ".join(version.definition.steps)
        raise NotFound(f"{version.ref} has no step {step!r}", f"its steps: {known}")


def _describe_end(run: Mapping[str, Any]) -> str:
    error = run.get("error") or {}
    where = f" at step {error['step']!r}" if error.get("step") else ""
    reason = f": {error['message']}" if error.get("message") else ""
    return f"the run {run['id']} is {run['state']}{where}{reason}"
