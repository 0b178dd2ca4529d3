"""Scores of a deployment after its parity check: the reference engine and the deployed one on the same examples.

The reference is the unquantized model on the engine `transformers`, in a process of its own. Both sides are evaluation
runs, so that their outputs can be inspected and the outputs of the reference are reused by later deployments.
"""

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Connection

from vong import data, evals
from vong.app.chat_client import parse_response
from vong.app.parity_inputs import find_reference
from vong.app.platform import Platform
from vong.app.registry import base_model, model_folder
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import InvalidInput, Unavailable, UpstreamFailed, VongError
from vong.evals import scoring, suites
from vong.evals.model_output import ModelOutput
from vong.jobs import JobContext
from vong.records import DatasetVersion, EvalResult, Message, ModelVersion, Usage, content_hash
from vong.serving import engine_launcher
from vong.serving.engine import EngineSettings
from vong.serving.engine_choice import TRANSFORMERS
from vong.serving.engine_client import EngineClient
from vong.serving.settings import DeploymentEvaluation

NAMESPACE = UUID("b7e6a0d4-5d4c-4b77-9a54-3a0de7a4f2b1")
"""Namespace of the ids of evaluation runs, which follow from their content: a repeated run resumes."""
CONCURRENCY = 4
START_SECONDS = 1800.0
"""Seconds in which the reference engine must load the model."""
LEASE_SECONDS = 20.0
REFERENCE_NAME = "reference"

Generate = Callable[[list[Message], dict[str, Any]], ModelOutput]


class EvaluatedSplit(NamedTuple):
    """Dataset split with its scorers and settings."""

    dataset: DatasetVersion
    split: str
    scorers: tuple[str, ...]
    settings: evals.EvalSettings
    suite: str | None = None


def find_splits(connection: Connection, wanted: DeploymentEvaluation) -> list[EvaluatedSplit]:
    """Return the splits that an evaluation names: of its suite, or the named one.

    Raises: NotFound if the suite, the dataset or a scorer does not exist; InvalidInput if the dataset lacks the split.
    """
    if wanted.suite:
        suite = suites.find_suite(connection, wanted.suite)
        return [
            EvaluatedSplit(data.find(connection, one.dataset), one.split, one.scorers, one.settings, suite.ref)
            for one in suite.entries
        ]
    version = data.find(connection, wanted.dataset)
    if wanted.split not in version.splits:
        available = ", ".join(version.splits) or "none; create splits with: vong data split"
        raise InvalidInput(f"{version.ref} has no split {wanted.split!r}", f"set evaluate.split to one of: {available}")
    scoring.build_scorers(wanted.scorers)
    settings = evals.EvalSettings(limit=wanted.limit, max_tokens=wanted.max_tokens)
    return [EvaluatedSplit(version, wanted.split, wanted.scorers, settings)]


def check_evaluation(connection: Connection, model: ModelVersion, wanted: DeploymentEvaluation | None) -> None:
    """Check that a model can be evaluated as a deployment requests it.

    Raises: InvalidInput or NotFound with the reason.
    """
    if wanted is None:
        return
    if model.embedding_task:
        raise InvalidInput(f"{model.ref} generates no text that scorers can score", "omit evaluate")
    find_splits(connection, wanted)


def measure_scores(
    job: JobContext,
    platform: Platform,
    model: ModelVersion,
    wanted: DeploymentEvaluation,
    deployed: tuple[EngineClient, str],
) -> dict[str, Any]:
    """Return the scores of the reference and of the deployed engine per split, with the interval of the difference.

    A failure is returned as `error`, because the deployment serves already.
    """
    try:
        with platform.scope(job.project_id) as connection:
            splits = find_splits(connection, wanted)
        with _reference_engine(job, platform, model) as reference:
            found = [_measure_split(job, platform, model, one, reference, deployed) for one in splits]
        return {"splits": found}
    except VongError as error:
        job.log(f"not scored: {error}")
        return {"error": str(error)}


def _measure_split(
    job: JobContext,
    platform: Platform,
    model: ModelVersion,
    split: EvaluatedSplit,
    reference: "Callable[[], EngineClient] | None",
    deployed: tuple[EngineClient, str],
) -> dict[str, Any]:
    """Evaluate both sides on a split and return their scores."""
    client, name = deployed
    label = f"{split.dataset.name}/{split.split}"
    own = _run_side(job, platform, split, f"{name} (deployment)", str(job.id), lambda: (client, name))
    result: dict[str, Any] = {
        **{"dataset": split.dataset.ref, "split": split.split, "suite": split.suite},
        **{"examples": own.examples, "deployed_run": str(own.id), "reference_run": None},
    }
    if reference is None:
        job.log(f"{label}: no unquantized model to compare with")
        return {**result, "metrics": {metric: {"deployed": value} for metric, value in own.scores.items()}}
    start = reference
    key = content_hash([model.ref, TRANSFORMERS])
    other = _run_side(job, platform, split, f"{model.ref} (reference)", key, lambda: (start(), REFERENCE_NAME))
    with platform.scope(job.project_id) as connection:
        compared = evals.compare(connection, other.id, own.id, changes=0)
    metrics = {
        metric: {
            **{"reference": one.a, "deployed": one.b, "difference": one.difference},
            **{"low": one.low, "high": one.high, "n": one.n},
        }
        for metric, one in compared.metrics.items()
    }
    for metric, values in metrics.items():
        job.log(
            f"{label} {metric}: {values['deployed']:.4g} deployed, {values['reference']:.4g} reference, difference "
            f"{values['difference']:+.4g} ({values['low']:+.4g} to {values['high']:+.4g})"
        )
    return {**result, "reference_run": str(other.id), "changed": compared.changed, "metrics": metrics}


def _run_side(
    job: JobContext,
    platform: Platform,
    split: EvaluatedSplit,
    model: str,
    key: str,
    connect: Callable[[], tuple[EngineClient, str]],
) -> EvalResult:
    """Evaluate one side. Its run continues if it exists, so that finished outputs are not computed again."""
    settings = split.settings.model_copy(update={"concurrency": CONCURRENCY})
    content = [key, split.dataset.ref, split.split, list(split.scorers), settings.model_dump(mode="json")]
    id = uuid5(NAMESPACE, f"{job.project_id}:{content_hash(content)}")
    with platform.scope(job.project_id) as connection:
        result = evals.create_run(
            connection,
            model=model,
            dataset=split.dataset,
            split=split.split,
            scorers=split.scorers,
            settings=settings,
            name=f"{model} on {split.dataset.name}/{split.split}",
            id=id,
        )
    if result.status == "finished":
        return result
    services = PlatformScorerServices(platform, job)
    pool = list(data.read(platform.blobs, split.dataset, split=settings.shots_split)) if settings.shots else []
    try:
        return evals.run(
            lambda: platform.scope(job.project_id),
            id,
            list(data.read(platform.blobs, split.dataset, split=split.split)),
            _generate_with(connect),
            shots_pool=pool,
            progress=lambda done, total: job.progress(done, total, unit="examples", message=f"scoring {model}"),
            services=services,
        )
    finally:
        services.close()


def _generate_with(connect: Callable[[], tuple[EngineClient, str]]) -> Generate:
    """Return a function that requests completions from an engine. Tokens and latency are those of the engine."""

    def generate(messages: list[Message], params: Mapping[str, Any]) -> ModelOutput:
        client, name = connect()
        body = {"model": name, "messages": [one.model_dump(mode="json", exclude_none=True) for one in messages]}
        started = time.perf_counter()
        try:
            response = client.chat({**body, **params})
        except UpstreamFailed as error:
            return ModelOutput("", None, 0.0, Usage(), error=str(error))
        return parse_response(response, (time.perf_counter() - started) * 1000)

    return generate


@contextmanager
def _reference_engine(
    job: JobContext, platform: Platform, model: ModelVersion
) -> "Generator[Callable[[], EngineClient] | None]":
    """Yield a function that starts the reference engine when it is first called. Yield None for a model without one."""
    with platform.scope(job.project_id) as connection:
        version = find_reference(connection, model)
        base = base_model(connection, version)
        if base.format == "gguf":
            yield None
            return
    engine = ReferenceEngine(job, platform, version, base)
    try:
        yield engine.client
    finally:
        engine.close()


class ReferenceEngine:
    """Engine process with the unquantized model. It starts with the first use of its client and ends with `close`."""

    def __init__(self, job: JobContext, platform: Platform, version: ModelVersion, base: ModelVersion) -> None:
        self._job, self._platform = job, platform
        self._version, self._base = version, base
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._client: EngineClient | None = None
        self._pids: list[int] = []

    def client(self) -> EngineClient:
        """Return the client of the engine, which is started if it does not run.

        Raises: Unavailable if it does not load the model.
        """
        with self._lock:
            if self._client is None:
                self._client = self._start()
            return self._client

    def close(self) -> None:
        """End the process."""
        self._ended.set()
        if self._client:
            self._client.close()
        engine_launcher.terminate([(pid, None) for pid in self._pids], grace=5)

    def _start(self) -> EngineClient:
        folder, adapter = self._folders()
        address = engine_launcher.reserve_address()
        lease = self._job.folder / "reference.lease"
        settings = EngineSettings(threads=self._platform.settings.cpu_threads or 0, batch=CONCURRENCY)
        log = self._job.folder / "reference.log"
        url, token = address.url, address.token
        process = engine_launcher.start_engine(TRANSFORMERS, folder, settings, address, lease=lease, log=log)
        self._pids.append(process.pid)
        threading.Thread(target=self._renew, args=(lease,), name="reference-lease", daemon=True).start()
        client = EngineClient(url, token, timeout=600.0)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            self._job.check()
            try:
                if client.health()["state"] == "ready":
                    client.serve(REFERENCE_NAME, str(adapter) if adapter else None)
                    return client
            except UpstreamFailed:  # the process does not answer yet
                pass
            time.sleep(0.3)
        message = f"the reference engine did not load {self._version.ref}"
        raise Unavailable(message, f"see {log} on the worker's machine")

    def _folders(self) -> tuple[Path, Path | None]:
        with self._platform.scope(self._job.project_id) as connection:
            folder = model_folder(self._platform, connection, self._base.ref)
            is_adapter = self._version.kind == "adapter"
            return folder, model_folder(self._platform, connection, self._version.ref) if is_adapter else None

    def _renew(self, lease: Path) -> None:
        while not self._ended.wait(LEASE_SECONDS):
            lease.touch()
