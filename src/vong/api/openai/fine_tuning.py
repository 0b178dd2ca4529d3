"""Handlers of OpenAI's `/v1/fine_tuning/jobs`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vong.access import Principal
from vong.api.openai.files_and_batches import MAX_FORM_BYTES, parse_page, parse_path_id
from vong.api.openai.list_page import build_page
from vong.api.openai.requests import authenticate_stored, json_response, limit_body
from vong.app import Platform
from vong.app import fine_tuning as fine_tuning_app
from vong.app.batches import key_filter
from vong.errors import InvalidInput
from vong.gateway.fine_tuning import store
from vong.gateway.fine_tuning.requests import parse_body
from vong.gateway.gateway import Gateway
from vong.records import new_id
from vong.records.fine_tuning import FINAL_STATUSES, FineTuningCheckpoint, FineTuningEvent, FineTuningJob

JOBS_PATH = "/v1/fine_tuning/jobs"
ID_PREFIX, EVENT_PREFIX, CHECKPOINT_PREFIX = "ftjob-", "ftevent-", "ftckpt_"
MAX_PAGE = 100
HYPERPARAMETERS = ("n_epochs", "batch_size", "learning_rate_multiplier")


class FineTuningHandlers:
    """Handlers of the routes of fine-tuning jobs."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    def routes(self) -> list[Route]:
        """Return the routes."""
        changes = {
            "cancel": fine_tuning_app.cancel_job,
            "pause": fine_tuning_app.pause_job,
            "resume": fine_tuning_app.resume_job,
        }
        return [
            Route(JOBS_PATH, self.create_job, methods=["POST"]),
            Route(JOBS_PATH, self.list_jobs, methods=["GET"]),
            Route(f"{JOBS_PATH}/{{id}}", self.get_job, methods=["GET"]),
            Route(f"{JOBS_PATH}/{{id}}/events", self.list_events, methods=["GET"]),
            Route(f"{JOBS_PATH}/{{id}}/checkpoints", self.list_checkpoints, methods=["GET"]),
            *(
                Route(f"{JOBS_PATH}/{{id}}/{name}", self._changer(change), methods=["POST"])
                for name, change in changes.items()
            ),
        ]

    async def create_job(self, request: Request) -> Response:
        """Handle `POST /v1/fine_tuning/jobs`: create a job."""
        principal = await authenticate_stored(self._gateway, request)
        body = parse_body(await limit_body(request, MAX_FORM_BYTES).body())
        job = await run_in_threadpool(fine_tuning_app.create_job, self._platform, principal, body)
        return _respond(job_object(job))

    async def list_jobs(self, request: Request) -> Response:
        """Handle `GET /v1/fine_tuning/jobs`: list jobs, newest first."""
        principal = await authenticate_stored(self._gateway, request)
        after, limit = parse_page(request, ID_PREFIX, MAX_PAGE)
        query = request.query_params
        metadata = {name[len("metadata[") : -1]: value for name, value in query.items() if name.startswith("metadata[")}

        def find() -> list[FineTuningJob]:
            return fine_tuning_app.list_jobs(
                self._platform,
                principal,
                after,
                limit + 1,
                metadata,
                without_metadata=query.get("metadata") == "null",
            )

        found = await run_in_threadpool(find)
        return _respond(build_page([job_object(job) for job in found], limit))

    async def get_job(self, request: Request) -> Response:
        """Handle `GET /v1/fine_tuning/jobs/{id}`: return a job."""
        principal, id = await authenticate_stored(self._gateway, request), parse_path_id(request, ID_PREFIX)
        return _respond(job_object(await run_in_threadpool(fine_tuning_app.get_job, self._platform, principal, id)))

    async def list_events(self, request: Request) -> Response:
        """Handle `GET /v1/fine_tuning/jobs/{id}/events`: list events, newest first."""
        principal, id = await authenticate_stored(self._gateway, request), parse_path_id(request, ID_PREFIX)
        after, limit = parse_page(request, EVENT_PREFIX, MAX_PAGE)
        found = await run_in_threadpool(self._read, principal, id, store.list_events, after, limit + 1)
        return _respond(build_page([event_object(event) for event in found], limit))

    async def list_checkpoints(self, request: Request) -> Response:
        """Handle `GET /v1/fine_tuning/jobs/{id}/checkpoints`: list checkpoints, newest first."""
        principal, id = await authenticate_stored(self._gateway, request), parse_path_id(request, ID_PREFIX)
        after, limit = parse_page(request, CHECKPOINT_PREFIX, MAX_PAGE)
        found = await run_in_threadpool(self._read, principal, id, store.list_checkpoints, after, limit + 1)
        return _respond(build_page([checkpoint_object(checkpoint) for checkpoint in found], limit))

    def _changer(self, change: Callable[[Platform, Principal, UUID], FineTuningJob]) -> Any:
        async def handle(request: Request) -> Response:
            principal, id = await authenticate_stored(self._gateway, request), parse_path_id(request, ID_PREFIX)
            return _respond(job_object(await run_in_threadpool(change, self._platform, principal, id)))

        return handle

    def _read(
        self, principal: Principal, id: UUID, read: Callable[..., list[Any]], after: UUID | None, limit: int
    ) -> list[Any]:
        with self._platform.scope(principal.project_id) as connection:
            store.get_job(connection, id, key_id=key_filter(principal))
            return read(connection, id, after=after, limit=limit)


class DeleteModelHandler:
    """Handler of `DELETE /v1/models/{model}`."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    async def delete_model(self, request: Request) -> Response:
        """Delete the name of a fine-tuned model and stop its deployment. The version stays in the registry."""
        from vong.app.fine_tuning_models import delete_model
        from vong.gateway.auth.scopes import FINE_TUNING, check_scope

        principal, name = await authenticate_stored(self._gateway, request), request.path_params["model"]
        check_scope(principal, FINE_TUNING, name)
        if not name.startswith("ft:"):
            raise InvalidInput(
                f"{name!r} is not a fine-tuned model", "delete routes and deployments with their commands"
            )
        await run_in_threadpool(delete_model, self._platform, principal.project_id, name)
        return _respond({"id": name, "object": "model", "deleted": True})


def job_object(job: FineTuningJob) -> dict[str, Any]:
    """Return a job as OpenAI's object. `run_id` (the training run) and `dataset` are additions of Vong."""
    hyperparameters = _hyperparameters(job)
    method = {
        **job.method_settings,
        "hyperparameters": {**job.method_settings.get("hyperparameters", {}), **hyperparameters},
    }
    return {
        "id": job.tag,
        "object": "fine_tuning.job",
        "created_at": _unix_seconds(job.created_at),
        "finished_at": _unix_seconds(job.finished_at),
        "estimated_finish": _unix_seconds(job.estimated_finish),
        "model": job.model,
        "fine_tuned_model": job.fine_tuned_model,
        "organization_id": "vong",
        "status": job.status,
        "error": job.error.model_dump() if job.error else None,
        "training_file": f"file-{job.training_file.hex}",
        "validation_file": f"file-{job.validation_file.hex}" if job.validation_file else None,
        "result_files": [f"file-{job.result_file.hex}"] if job.result_file else [],
        "trained_tokens": job.trained_tokens if job.status in FINAL_STATUSES else None,
        "hyperparameters": hyperparameters,
        "method": {"type": job.method, job.method: method},
        "seed": job.seed,
        "user_provided_suffix": job.suffix,
        "integrations": [dict(integration) for integration in job.integrations or ()],
        "metadata": job.metadata,
        "run_id": job.run_id,
        "dataset": job.dataset,
    }


def event_object(event: FineTuningEvent) -> dict[str, Any]:
    """Return an event as OpenAI's object."""
    return {
        "id": f"{EVENT_PREFIX}{event.id.hex}",
        "object": "fine_tuning.job.event",
        "created_at": _unix_seconds(event.created_at),
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": event.data or None,
    }


def checkpoint_object(checkpoint: FineTuningCheckpoint) -> dict[str, Any]:
    """Return a checkpoint as OpenAI's object."""
    return {
        "id": f"{CHECKPOINT_PREFIX}{checkpoint.id.hex}",
        "object": "fine_tuning.job.checkpoint",
        "created_at": _unix_seconds(checkpoint.created_at),
        "fine_tuned_model_checkpoint": checkpoint.model,
        "fine_tuning_job_id": f"{ID_PREFIX}{checkpoint.job_id.hex}",
        "metrics": checkpoint.metrics,
        "step_number": checkpoint.step,
    }


def _hyperparameters(job: FineTuningJob) -> dict[str, Any]:
    """Return the hyperparameters; those that the caller did not set are `auto`."""
    given = job.method_settings.get("hyperparameters", {})
    return {name: given.get(name, "auto") for name in HYPERPARAMETERS}


def _unix_seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None


def _respond(content: Any) -> Response:
    return json_response(content, {"x-request-id": f"req_{new_id().hex}"})
