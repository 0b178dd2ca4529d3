"""Fine-tuning at a provider, as a training run: start, follow across restarts, cancel, settle its cost."""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong import access, data, experiments, jobs
from vong.app.fine_tuning_dataset import export_rows
from vong.app.platform import Platform
from vong.app.providers import create_provider
from vong.app.training import TrainingRequest, parse_settings
from vong.config import ProviderSettings
from vong.errors import InvalidInput, JobCancelled, NotFound, RateLimitExceeded, UpstreamFailed, VongError
from vong.experiments.runs import mark_run_running
from vong.gateway.fine_tuning.provider_api import ProviderEvent, ProviderFineTuning, ProviderJob
from vong.gateway.limits import charges
from vong.gateway.limits.charges import Charge, LedgerEntry
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.pricing.store import training_price
from vong.gateway.providers import store as provider_store
from vong.gateway.upstream.client import UpstreamClient
from vong.jobs import JobContext
from vong.records import new_id
from vong.records.fine_tuning import FINAL_STATUSES
from vong.records.run import TrainingStarted
from vong.store.encryption import SecretBox
from vong.store.retry import retry_while_unavailable
from vong.training.recipes.provider import ProviderRecipe

JOB_KIND = "training.provider"
POLL_SECONDS = 2.0
MAX_POLL_SECONDS = 30.0
"""Seconds between two requests for the state of a job. The interval grows while nothing changes."""
MAX_OUTAGE_SECONDS = 1800.0
"""Seconds for which the provider may be unreachable until the attempt fails. The job then tries again."""
BYTES_PER_TOKEN = 3
"""Bytes of a training file per token, in the estimate that is reserved in budgets. The job is settled by its tokens."""
MAX_AUTO_EPOCHS, AUTO_EPOCHS, MIN_AUTO_ROWS = 25, 3, 100
"""Epochs that providers choose: 3, and more for few rows."""
METRICS = {
    "train_loss": "loss",
    "train_mean_token_accuracy": "token_accuracy",
    "valid_loss": "eval_loss",
    "full_valid_loss": "eval_loss",
    "valid_mean_token_accuracy": "eval_token_accuracy",
    "full_valid_mean_token_accuracy": "eval_token_accuracy",
}
"""Names of our metrics by the names in events."""


class TrainingFiles(NamedTuple):
    """Blobs of the training and the validation file, and rows and bytes of the training file."""

    training: str
    validation: str | None
    rows: int
    bytes: int


def find_provider(connection: Connection, platform: Platform, model: str) -> tuple[str, str] | None:
    """Return the provider and the provider's name of a model `PROVIDER/MODEL`, or None if it names no provider."""
    name, _, rest = model.partition("/")
    known = {*platform.settings.providers, *(stored.name for stored in provider_store.list_providers(connection))}
    return (name, rest) if rest and name in known else None


def require_provider(found: tuple[str, str] | None, base: str) -> tuple[str, str]:
    """Return the provider and the model that a base names.

    Raises:
        InvalidInput: It names none.
    """
    if found is None:
        raise InvalidInput(
            f"the base {base!r} does not name a model of a provider",
            "write PROVIDER/MODEL; list the providers: vong gateway providers list",
        )
    return found


def start(
    platform: Platform,
    connection: Connection,
    principal: access.Principal,
    request: TrainingRequest,
    *,
    files: TrainingFiles | None = None,
    key: str | None = None,
) -> TrainingStarted:
    """Create the run of a job at a provider, reserve its cost in budgets, and queue the job that follows it.

    Without `files` the rows of the dataset are sent.

    Raises:
        InvalidInput: The base is not PROVIDER/MODEL, or a row cannot be sent.
        BudgetExceeded, RateLimitExceeded, PriceUnknown: A limit or budget refuses the job.
    """
    settings, base = parse_settings(request), request.base or ""
    found = require_provider(find_provider(connection, platform, base), base)
    ProviderFineTuning(found[0], _create_api(platform, connection, principal.project_id, found[0]))
    dataset = data.find(connection, request.dataset or "")
    files = files or _write_files(platform, connection, request, settings)
    subjects = subjects_of(principal)
    price = training_price(connection, base, platform.settings.prices)
    tokens = files.bytes // BYTES_PER_TOKEN * choose_epochs(getattr(settings, "n_epochs", None), files.rows)
    cost = None if price is None else round(tokens * price)
    run_id, job_id = new_id(), new_id()
    held = charges.reserve(connection, principal.project_id, job_id, subjects, base, cost)
    params = {
        **request.model_dump(mode="json"),
        "dataset": dataset.ref,
        "run": str(run_id),
        "provider": found[0],
        "provider_model": found[1],
        "files": files._asdict(),
        "charges": [charge.to_json() for charge in held],
        "subjects": {"key": subjects.key, "user": subjects.user, "tags": list(subjects.tags)},
        "price": price,
    }
    job = jobs.submit(connection, JOB_KIND, params, id=job_id, key=key)
    if job.params["run"] != str(run_id):
        charges.release(connection, job_id, held)
        return TrainingStarted(run=experiments.get_run(connection, UUID(job.params["run"])), job=job)
    run = experiments.start_run(
        connection,
        request.name,
        id=run_id,
        recipe=ProviderRecipe.name,
        base=base,
        dataset=dataset.ref,
        job_id=job.id,
        settings=settings.model_dump(mode="json", exclude_none=True),
        queued=True,
    )
    return TrainingStarted(run=run, job=job)


def subjects_of(principal: access.Principal) -> LimitSubjects:
    """Return the subjects of the limits that apply to the jobs of a caller."""
    labels = principal.labels
    return LimitSubjects(principal.actor, labels.user if labels else None, None, labels.tags if labels else ())


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `training.provider`: upload the files, create the provider's job once, and follow it to its end."""
    run_id = UUID(job.params["run"])
    follower = _Follower(job, platform, run_id)
    follower.write(lambda connection: mark_run_running(connection, run_id))
    try:
        return asyncio.run(follower.follow())
    except JobCancelled:
        if job.is_cancelled:
            follower.write(lambda connection: experiments.finish_run(connection, run_id, "cancelled"))
            follower.settle(None, failed=True)
        raise
    except VongError as error:
        follower.write(lambda connection: experiments.finish_run(connection, run_id, "failed"))
        if error.fault in ("caller", "configuration"):  # others are tried again
            follower.settle(None, failed=True)
        raise


class _Follower:
    """Follower of one provider job."""

    def __init__(self, job: JobContext, platform: Platform, run_id: UUID) -> None:
        self._job, self._platform, self._run_id = job, platform, run_id
        self._charges = [Charge.from_json(fields) for fields in job.params["charges"]]
        self._seen_file = job.folder / "events.json"
        self._seen: set[str] = set(json.loads(self._seen_file.read_text())) if self._seen_file.exists() else set()

    def write(self, work: Callable[[Connection], Any]) -> Any:
        """Run a transaction, retried while the database is unavailable."""
        return retry_while_unavailable(self._platform.database, self._job.project_id, work, timeout_seconds=600)

    async def follow(self) -> dict[str, Any]:
        """Follow the provider's job and return the result of the run."""
        params, project_id = self._job.params, self._job.project_id
        api = self.write(lambda connection: _create_api(self._platform, connection, project_id, params["provider"]))
        client = ProviderFineTuning(params["provider"], api)
        provider_id = await self._create(client)
        try:
            ended = await self._poll(client, provider_id)
        except JobCancelled:
            if self._job.is_cancelled:
                await self._cancel(client, provider_id)
            raise
        if ended.status != "succeeded":
            reason = ended.error or f"the job has {ended.status}"
            raise InvalidInput(
                f"the job {provider_id!r} at {params['provider']!r} {ended.status}: {reason}",
                "fix it and start a new run",
            )
        return await self._finish(client, ended)

    async def _create(self, client: ProviderFineTuning) -> str:
        """Upload the files and create the job, each once, also if this attempt is a later one."""
        files, params = self._job.params["files"], self._job.params
        ids: dict[str, str] = {}
        for name in ("training", "validation"):
            if files[name]:
                content = self._platform.blobs.get(files[name])
                ids[f"{name}_file"] = await self._once(
                    f"upload_{name}", lambda content=content, name=name: client.upload_file(f"{name}.jsonl", content)
                )
        settings: dict[str, Any] = params["settings"]
        names = ("n_epochs", "batch_size", "learning_rate_multiplier", "beta")
        hyperparameters = {name: settings[name] for name in names if settings.get(name) is not None}
        method = settings.get("method") or "supervised"
        details: dict[str, Any] = {**(settings.get("method_settings") or {})}
        details["hyperparameters"] = {**(details.get("hyperparameters") or {}), **hyperparameters}
        body = {
            "model": params["provider_model"],
            **ids,
            "method": {"type": method, method: details},
            "suffix": settings.get("suffix") or params["name"][:64],
            **({"seed": settings["seed"]} if settings.get("seed") is not None else {}),
        }

        async def create() -> str:
            return (await client.create_job(body, str(self._job.id))).id

        provider_id = await self._once("create", create)
        self._job.log(f"job {provider_id} at {params['provider']}")
        return provider_id

    async def _once(self, name: str, action: Callable[[], Awaitable[str]]) -> str:
        """Run a step of the job once and return its stored result in later attempts."""
        loop = asyncio.get_running_loop()

        def run_in_loop() -> str:
            return asyncio.run_coroutine_threadsafe(_await(action), loop).result()

        return await asyncio.to_thread(self._job.step, name, run_in_loop)

    async def _poll(self, client: ProviderFineTuning, provider_id: str) -> ProviderJob:
        """Return the job once it has ended. Its events become metrics and log lines."""
        interval, failing_since = POLL_SECONDS, None
        while True:
            self._job.check()
            try:
                current = await client.get_job(provider_id)
                events = await client.list_events(provider_id, self._seen)
                failing_since = None
            except (UpstreamFailed, RateLimitExceeded) as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > MAX_OUTAGE_SECONDS:
                    raise
                self._job.log(f"warning: {error}")
                await self._wait(MAX_POLL_SECONDS)
                continue
            self._record(current, events)
            if current.status in FINAL_STATUSES:
                return current
            interval = POLL_SECONDS if events else min(MAX_POLL_SECONDS, interval * 1.3)
            await self._wait(interval)

    async def _wait(self, seconds: float) -> None:
        await asyncio.to_thread(self._job.stop_event.wait, seconds)

    def _record(self, current: ProviderJob, events: list[ProviderEvent]) -> None:
        def write(connection: Connection) -> None:
            charges.renew(connection, self._job.id, self._charges)
            for event in events:
                values = {METRICS[name]: float(value) for name, value in event.data.items() if _is_metric(name, value)}
                step = event.data.get("step")
                if values and isinstance(step, int) and step >= 0:
                    experiments.log_metrics(connection, self._run_id, step, values)

        self.write(write)
        for event in events:
            self._job.log(event.message if event.level == "info" else f"{event.level}: {event.message}")
            step, total = event.data.get("step"), event.data.get("total_steps")
            if isinstance(step, int) and isinstance(total, int):
                self._job.progress(step, total, unit="steps", message=current.status)
        self._seen |= {event.id for event in events}
        self._seen_file.write_text(json.dumps(sorted(self._seen)))

    async def _cancel(self, client: ProviderFineTuning, provider_id: str) -> None:
        try:
            await client.change_job(provider_id, "cancel")
        except VongError as error:
            self._job.log(f"warning: the provider did not cancel the job: {error}")

    async def _finish(self, client: ProviderFineTuning, ended: ProviderJob) -> dict[str, Any]:
        provider = self._job.params["provider"]
        if not ended.fine_tuned_model:
            raise UpstreamFailed(
                f"the provider {provider!r} named no model for the job {ended.id!r}", "ask the provider"
            )
        model = f"{provider}/{ended.fine_tuned_model}"
        checkpoints = [
            {"step": item.get("step_number"), "model": f"{provider}/{item['fine_tuned_model_checkpoint']}"}
            for item in await client.list_checkpoints(ended.id)
            if item.get("fine_tuned_model_checkpoint") and isinstance(item.get("step_number"), int)
        ]
        cost = self.settle(ended.trained_tokens, failed=False)
        summary = {"tokens": ended.trained_tokens, "provider": provider, "provider_job": ended.id}
        summary |= {"cost_usd": None if cost is None else cost / 1e6}

        self.write(lambda connection: experiments.finish_run(connection, self._run_id, summary=summary, model=model))
        return {"run": str(self._run_id), "model": model, "summary": summary, "checkpoints": checkpoints}

    def settle(self, tokens: int | None, *, failed: bool) -> int | None:
        """Write the ledger entry of the job and return its cost, or None if it is unknown."""
        params, price = self._job.params, self._job.params["price"]
        cost = None if tokens is None or price is None else round(tokens * price)
        named = params["subjects"]
        subjects = LimitSubjects(named["key"], named["user"], None, tuple(named["tags"]))

        def write(connection: Connection) -> None:
            started_at = jobs.get(connection, self._job.id).created_at
            entry = LedgerEntry(self._job.id, started_at, subjects, params["base"], tokens, cost, failed)
            charges.settle(connection, self._job.id, self._charges, entry)

        self.write(write)
        return cost


async def _await(action: Callable[[], Awaitable[str]]) -> str:
    return await action()


def _is_metric(name: str, value: Any) -> bool:
    return name in METRICS and isinstance(value, int | float) and not isinstance(value, bool)


def _create_api(platform: Platform, connection: Connection, project_id: UUID, name: str) -> object:
    """Return the provider of that name, from the settings or the project."""
    settings: ProviderSettings | None = platform.settings.providers.get(name)
    if settings is None:
        settings = provider_store.load_settings(connection, project_id, name, SecretBox(platform.settings.home_folder))
    upstream = UpstreamClient(allow_link_local=platform.settings.allow_link_local)
    return create_provider(name, settings, upstream)


def _write_files(platform: Platform, connection: Connection, request: TrainingRequest, settings: Any) -> TrainingFiles:
    """Store the rows of the request's dataset as training files."""
    dataset = data.find(connection, request.dataset or "")
    blobs: dict[str, str | None] = {}
    rows = size = 0
    for name, split in (("training", request.train_split), ("validation", request.validation_split)):
        if name == "validation" and split not in dataset.splits:
            blobs[name] = None
            continue
        if dataset.splits and split not in dataset.splits:
            raise NotFound(f"{dataset.ref} has no split {split!r}", f"it has: {', '.join(sorted(dataset.splits))}")
        examples = data.read(platform.blobs, dataset, split if dataset.splits else None)
        with tempfile.NamedTemporaryFile(prefix="vong-fine-tuning-") as file:
            for line in export_rows(examples, settings.method):
                file.write(line)
                if name == "training":
                    rows, size = rows + 1, size + len(line)
            file.flush()
            blobs[name] = platform.blobs.put_file(Path(file.name))
    return TrainingFiles(str(blobs["training"]), blobs["validation"], rows, size)


def choose_epochs(chosen: int | None, rows: int) -> int:
    """Return the epochs of the estimate. Providers train more epochs on few rows."""
    if chosen is not None:
        return chosen
    return max(AUTO_EPOCHS, min(MAX_AUTO_EPOCHS, -(-MIN_AUTO_ROWS // max(1, rows))))
