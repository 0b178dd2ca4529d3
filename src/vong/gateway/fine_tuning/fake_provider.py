"""Provider with OpenAI's fine-tuning API that trains nothing, for trying out provider jobs and for tests.

Start it with `python -m vong.gateway.fine_tuning.fake_provider --port 8500`, and use `http://127.0.0.1:8500/v1` as the
`base_url` of a provider. A job takes `--seconds` and reports invented metrics; its model answers with the last message.
Everything is kept in memory. `POST /v1/fine_tuning/jobs` fails for the model `broken`, and the job of the model
`failing` fails while it runs.
"""

import argparse
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vong.errors import InvalidInput
from vong.gateway.fine_tuning.training_file import inspect_file

STEPS = 10
MODEL = "fake-mini-2026"
TOKENS_PER_STEP = 100


@dataclass
class _Job:
    """Job of the fake: its state follows from the time since `started_at`, which a pause moves."""

    body: dict[str, Any]
    number: int
    started_at: float
    seconds: float
    ended: str | None = None
    paused_at: float | None = None
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def id(self) -> str:
        return f"ftjob-fake{self.number}"

    @property
    def step(self) -> int:
        current = self.paused_at or time.monotonic()
        return min(STEPS, int(STEPS * (current - self.started_at) / max(self.seconds, 1e-6)))

    @property
    def status(self) -> str:
        if self.ended:
            return self.ended
        if self.paused_at:
            return "paused"
        if self.body["model"] == "failing" and self.step >= STEPS // 2:
            return "failed"
        return "succeeded" if self.step >= STEPS else "running" if self.step else "queued"

    def to_object(self) -> dict[str, Any]:
        done = self.status == "succeeded"
        name = f"ft:{self.body['model']}:fake:{self.body.get('suffix') or ''}:{self.number}"
        left = self.seconds - (time.monotonic() - self.started_at)
        failed = {"code": "invalid_training_file", "message": "the fake fails this model", "param": "training_file"}
        method: dict[str, Any] = self.body.get("method") or {"type": "supervised"}
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": self.created,
            "model": self.body["model"],
            "status": self.status,
            "fine_tuned_model": name if done else None,
            "trained_tokens": STEPS * TOKENS_PER_STEP if done else None,
            "finished_at": int(time.time()) if self.status in ("succeeded", "failed", "cancelled") else None,
            "estimated_finish": int(time.time() + left) if self.status == "running" else None,
            "error": failed if self.status == "failed" else {},
            "training_file": self.body["training_file"],
            "validation_file": self.body.get("validation_file"),
            "result_files": None,
            "organization_id": None,
            "seed": self.body.get("seed") or 0,
            "metadata": self.body.get("metadata"),
            "method": method,
            "hyperparameters": (method.get(method["type"]) or {}).get("hyperparameters") or {"n_epochs": "auto"},
        }

    def events(self) -> list[dict[str, Any]]:
        entries: list[tuple[str, str, dict[str, Any] | None]] = [("info", f"Created fine-tuning job: {self.id}", None)]
        for step in range(1, self.step + 1):
            loss = round(2.0 / step, 4)
            data = {"step": step, "total_steps": STEPS, "train_loss": loss, "train_mean_token_accuracy": 1 - loss / 3}
            entries.append(("info", f"Step {step}/{STEPS}: training loss={loss}", data))
        if self.status in ("succeeded", "failed", "cancelled"):
            entries.append(("info", f"The job has {self.status}", None))
        return [
            {
                "id": f"ftevent-{self.number}-{place:04d}",
                "object": "fine_tuning.job.event",
                "created_at": self.created,
                "level": level,
                "message": message,
                "type": "metrics" if data else "message",
                "data": data,
            }
            for place, (level, message, data) in enumerate(entries)
        ]


class FakeProvider:
    """State of the fake. `jobs` and `files` may be read by tests; `requests` counts the requests by method and path."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds
        self.files: dict[str, bytes] = {}
        self.jobs: dict[str, _Job] = {}
        self.requests: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/v1/models", self._list_models),
            Route("/v1/files", self._upload, methods=["POST"]),
            Route("/v1/fine_tuning/jobs", self._create, methods=["POST"]),
            Route("/v1/fine_tuning/jobs", self._list),
            Route("/v1/fine_tuning/jobs/{id}", self._get),
            Route("/v1/fine_tuning/jobs/{id}/events", self._events),
            Route("/v1/fine_tuning/jobs/{id}/checkpoints", self._checkpoints),
            Route("/v1/fine_tuning/jobs/{id}/{action}", self._change, methods=["POST"]),
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def _list_models(self, request: Request) -> Response:
        self._count(request)
        tuned = [job.to_object()["fine_tuned_model"] for job in self.jobs.values()]
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "fake"} for name in [MODEL, *tuned] if name]
        return JSONResponse({"object": "list", "data": data})

    async def _upload(self, request: Request) -> Response:
        self._count(request)
        async with request.form() as form:
            upload = form.get("file")
            if form.get("purpose") != "fine-tune" or not isinstance(upload, UploadFile):
                return _error(400, "send the fields file and purpose=fine-tune")
            content = await upload.read()
        try:
            rows = inspect_file(content.splitlines(keepends=True)).total
        except InvalidInput as error:
            return _error(400, f"Invalid file format. {error.message}")
        id = f"file-fake{next(self._numbers)}"
        self.files[id] = content
        return JSONResponse(
            {
                "id": id,
                "object": "file",
                "bytes": len(content),
                "purpose": "fine-tune",
                "status": "processed",
                "rows": rows,
            }
        )

    async def _create(self, request: Request) -> Response:
        self._count(request)
        body = await request.json()
        if body.get("model") == "broken":
            return _error(400, "model 'broken' is not available for fine-tuning or does not exist.")
        for name in ("training_file", "validation_file"):
            if body.get(name) and body[name] not in self.files:
                return _error(400, f"invalid {name}: {body[name]}")
        job = _Job(body, next(self._numbers), time.monotonic(), self.seconds)
        self.jobs[job.id] = job
        return JSONResponse(job.to_object())

    async def _list(self, request: Request) -> Response:
        self._count(request)
        wanted = {
            name[len("metadata[") : -1]: value
            for name, value in request.query_params.items()
            if name.startswith("metadata[")
        }
        jobs = [
            job.to_object()
            for job in reversed(self.jobs.values())
            if wanted.items() <= (job.body.get("metadata") or {}).items()
        ]
        return _page(request, jobs)

    async def _get(self, request: Request) -> Response:
        self._count(request)
        job = self.jobs.get(request.path_params["id"])
        return JSONResponse(job.to_object()) if job else _error(404, "no such job")

    async def _events(self, request: Request) -> Response:
        self._count(request)
        job = self.jobs.get(request.path_params["id"])
        return _page(request, job.events()[::-1]) if job else _error(404, "no such job")

    async def _checkpoints(self, request: Request) -> Response:
        self._count(request)
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return _error(404, "no such job")
        model = job.to_object()["fine_tuned_model"]
        entry = {
            "id": f"ftckpt-{job.number}",
            "object": "fine_tuning.job.checkpoint",
            "created_at": job.created,
            "fine_tuning_job_id": job.id,
            "fine_tuned_model_checkpoint": f"{model}:ckpt-step-{STEPS // 2}",
            "step_number": STEPS // 2,
            "metrics": {"step": STEPS // 2, "train_loss": round(2.0 / (STEPS // 2), 4)},
        }
        return _page(request, [entry] if model else [])

    async def _change(self, request: Request) -> Response:
        self._count(request)
        job, action = self.jobs.get(request.path_params["id"]), request.path_params["action"]
        if job is None or action not in ("cancel", "pause", "resume"):
            return _error(404, "no such job")
        if job.status in ("succeeded", "failed", "cancelled"):
            return _error(400, f"Job has already completed: {job.id}")
        if action == "cancel":
            job.ended = "cancelled"
        elif action == "pause" and not job.paused_at:
            job.paused_at = time.monotonic()
        elif action == "resume" and job.paused_at:
            job.started_at += time.monotonic() - job.paused_at
            job.paused_at = None
        return JSONResponse(job.to_object())

    async def _chat(self, request: Request) -> Response:
        self._count(request)
        body = await request.json()
        known = {job.to_object()["fine_tuned_model"] for job in self.jobs.values()} | {MODEL}
        name = str(body.get("model"))
        if name not in known and name.partition(":ckpt-")[0] not in known:
            return _error(404, f"The model {name!r} does not exist")
        text = str(body["messages"][-1].get("content"))
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": len(text.split()), "completion_tokens": len(text.split())}
        return JSONResponse(
            {
                "id": "chatcmpl-fake",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": name,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {**usage, "total_tokens": sum(usage.values())},
            }
        )

    def _count(self, request: Request) -> None:
        key = f"{request.method} {request.url.path}"
        self.requests[key] = self.requests.get(key, 0) + 1


def _page(request: Request, items: list[dict[str, Any]]) -> Response:
    after, limit = request.query_params.get("after"), int(request.query_params.get("limit", "20"))
    places = [place for place, item in enumerate(items) if item["id"] == after]
    rest = items[places[0] + 1 :] if places else items
    return JSONResponse({"object": "list", "data": rest[:limit], "has_more": len(rest) > limit})


def _error(status: int, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, status)


def main() -> None:
    """Run the fake provider until it is interrupted."""
    import uvicorn

    parser = argparse.ArgumentParser(prog="python -m vong.gateway.fine_tuning.fake_provider", description=__doc__)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--seconds", type=float, default=5.0, help="Duration of a job.")
    options = parser.parse_args()
    uvicorn.run(FakeProvider(options.seconds).application(), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
