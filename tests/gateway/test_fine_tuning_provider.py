"""Tests of the client of a provider's fine-tuning API, of charges in budgets, and of models started by a call."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from vong.errors import (
    BudgetExceeded,
    InvalidInput,
    Misconfigured,
    NotFound,
    PriceUnknown,
    RateLimitExceeded,
    Unavailable,
    UpstreamFailed,
)
from vong.gateway.fine_tuning.fake_provider import MODEL, FakeProvider
from vong.gateway.fine_tuning.provider_api import ProviderFineTuning
from vong.gateway.limits import charges
from vong.gateway.limits.charges import Charge, LedgerEntry
from vong.gateway.limits.store import limit_states, set_limit
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.providers.base import ProviderResponse
from vong.gateway.providers.replicas import ReplicaEndpoint
from vong.gateway.routing.catalog import DeploymentEndpoint, ModelCatalog
from vong.gateway.routing.on_demand import ModelStarting, OnDemandTargets, StartSettings, StartState
from vong.gateway.upstream.client import UpstreamClient
from vong.records import new_id, now
from vong.records.limit import LimitCreate
from vong.store.database import Database
from vong.training.runs.epoch_checkpoints import EpochCheckpoints

ROW = json.dumps({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}).encode()


class AppApi:
    """API of a provider that is an application in this process. `replace` answers a path with other content."""

    def __init__(self, provider: FakeProvider) -> None:
        self._client = TestClient(provider.application(), base_url="http://fake")
        self.replace: dict[str, tuple[int, Any]] = {}

    async def get(self, path: str) -> ProviderResponse:
        return self._answer(path) or self._response(self._client.get(f"/v1{path}"))

    async def post(self, path: str, body: bytes, content_type: str = "application/json") -> ProviderResponse:
        headers = {"content-type": content_type}
        return self._answer(path) or self._response(self._client.post(f"/v1{path}", content=body, headers=headers))

    def _answer(self, path: str) -> ProviderResponse | None:
        found = self.replace.get(path.partition("?")[0])
        return ProviderResponse(found[0], json.dumps(found[1]).encode()) if found else None

    def _response(self, response: Any) -> ProviderResponse:
        return ProviderResponse(response.status_code, response.content)


def test_a_job_is_created_once_and_its_events_arrive_once() -> None:
    provider = FakeProvider(seconds=0)

    async def use(client: ProviderFineTuning) -> None:
        file = await client.upload_file("a.jsonl", ROW + b"\n" + ROW)
        assert provider.files[file] == ROW + b"\n" + ROW
        body = {"model": MODEL, "training_file": file, "metadata": {"team": "a"}}
        job = await client.create_job(body, "marker-1")
        assert (await client.create_job(body, "marker-1")).id == job.id
        assert (await client.create_job(body, "marker-2")).id != job.id
        done = await client.get_job(job.id)
        assert (done.status, done.trained_tokens, done.error) == ("succeeded", 1000, None)
        events = await client.list_events(job.id, set())
        assert [event.data["step"] for event in events if event.data] == list(range(1, 11))
        assert await client.list_events(job.id, {event.id for event in events}) == []
        assert [item["step_number"] for item in await client.list_checkpoints(job.id)] == [5]
        with pytest.raises(InvalidInput, match="has already completed"):
            await client.change_job(job.id, "cancel")
        with pytest.raises(InvalidInput, match="is not available for fine-tuning"):
            await client.create_job({**body, "model": "broken"}, "marker-3")
        with pytest.raises(InvalidInput, match="line 1"):
            await client.upload_file("a.jsonl", b"{}")

    asyncio.run(use(ProviderFineTuning("fake", AppApi(provider))))


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"status": "pending", "error": None, "result_files": None}, "queued", None),
        ({"status": "running", "error": {}}, "running", None),
        ({"status": "running", "error": {"code": None, "message": None, "param": None}}, "running", None),
        ({"status": "FAILED_VALIDATION", "error": "bad rows"}, "failed", "bad rows"),
        ({"status": "SUCCESS", "fine_tuned_model": "m", "trained_tokens": None}, "succeeded", None),
        ({"status": "canceled"}, "cancelled", None),
        ({"status": "something-new", "trained_tokens": "many"}, "running", None),
    ],
)
def test_deviations_of_known_providers_are_understood(fields: dict[str, Any], status: str, error: str | None) -> None:
    api = AppApi(FakeProvider())
    api.replace["/fine_tuning/jobs/j"] = (200, {"id": "j", **fields})
    api.replace["/fine_tuning/jobs/j/events"] = (404, {"detail": "Not Found"})
    api.replace["/fine_tuning/jobs/j/checkpoints"] = (200, {"data": None})
    client = ProviderFineTuning("odd", api)
    job = asyncio.run(client.get_job("j"))
    assert (job.status, job.error) == (status, error)
    assert asyncio.run(client.list_events("j", set())) == [] == asyncio.run(client.list_checkpoints("j"))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"message": "bad key"}}, Misconfigured),
        (404, {"detail": "Not Found"}, NotFound),
        (429, {"error": {"message": "slow down"}}, RateLimitExceeded),
        (422, {"message": "no"}, InvalidInput),
        (503, "down", UpstreamFailed),
        (200, ["a"], UpstreamFailed),
        (200, {"object": "fine_tuning.job"}, UpstreamFailed),
    ],
)
def test_a_refusal_is_an_error_with_the_words_of_the_provider(status: int, body: Any, kind: type[Exception]) -> None:
    api = AppApi(FakeProvider())
    api.replace["/fine_tuning/jobs/j"] = (status, body)
    with pytest.raises(kind):
        asyncio.run(ProviderFineTuning("odd", api).get_job("j"))
    with pytest.raises(InvalidInput, match="no fine-tuning API"):
        ProviderFineTuning("echo", object())


def test_a_charge_is_reserved_renewed_and_settled_once(database: Database, project_id: UUID) -> None:
    subjects, holder = LimitSubjects("ci", None, None, ("team-a",)), new_id()

    def used() -> list[tuple[int, int]]:
        with database.scope(project_id) as connection:
            return [(state.used, state.reserved) for state in limit_states(connection)]

    with database.scope(project_id) as connection:
        set_limit(connection, LimitCreate(subject_type="key", subject="ci", metric="cost", window="day", amount=100))
        with pytest.raises(PriceUnknown):
            charges.reserve(connection, project_id, holder, subjects, "a/b", None)
        held = charges.reserve(connection, project_id, holder, subjects, "a/b", 60)
    assert used() == [(0, 60)]
    with database.scope(project_id) as connection, pytest.raises(BudgetExceeded, match="this job may cost up to"):
        charges.reserve(connection, project_id, new_id(), subjects, "a/b", 50)
    held = [Charge.from_json(json.loads(json.dumps(charge.to_json()))) for charge in held]
    entry = LedgerEntry(holder, now(), subjects, "a/b", 10, 25, False)
    for _ in range(2):
        with database.scope(project_id) as connection:
            charges.renew(connection, holder, held)
            charges.settle(connection, holder, held, entry)
    assert used() == [(25, 0)]


class Starter:
    """Starter of a target that becomes ready after some calls."""

    def __init__(self, *states: StartState) -> None:
        self.states, self.calls = list(states), 0

    def __call__(self, project_id: UUID, target: str) -> StartState:
        assert (project_id, target) == (PRINCIPAL.project_id, "deployment/ft-1")
        self.calls += 1
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class Caller:
    project_id = new_id()


PRINCIPAL: Any = Caller()


def resolve(starter: Starter, timeout: float, on_demand: frozenset[str]) -> Any:
    endpoint = DeploymentEndpoint("ft-1", "ready", (ReplicaEndpoint("http://127.0.0.1:9", "token"),), "ft-1")
    empty, full = (
        ModelCatalog({}, known, {}, {}, UpstreamClient(), on_demand=on_demand) for known in ({}, {"ft-1": endpoint})
    )

    async def load(_: Any) -> ModelCatalog:
        return full

    targets = OnDemandTargets(StartSettings(starter, timeout), load, lambda _: None)
    return asyncio.run(targets.resolve(PRINCIPAL, empty, "deployment/ft-1", None))


def test_a_call_waits_for_a_model_that_is_deployed_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vong.gateway.routing.on_demand.POLL_INTERVAL_SECONDS", 0.01)
    names = frozenset({"deployment/ft-1"})
    starter = Starter(StartState("starting"), StartState("starting"), StartState("ready"))
    assert resolve(starter, 30, names).model == "ft-1" and starter.calls == 3
    with pytest.raises(ModelStarting, match="not ready within 0 s") as late:
        resolve(Starter(StartState("starting")), 0, names)
    assert (late.value.status, late.value.retry_after) == (503, 10)
    with pytest.raises(Unavailable, match="parity check failed"):
        resolve(Starter(StartState("failed", "parity check failed")), 30, names)
    with pytest.raises(NotFound):
        resolve(starter, 30, frozenset())


def test_the_weights_at_the_end_of_each_epoch_are_kept(tmp_path: Path) -> None:
    kept = EpochCheckpoints(tmp_path, epochs=4, keep=2, base_ref="tiny@1")
    for step in range(9):
        kept.on_progress(step, 8)  # the report of a step precedes its checkpoint
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        for name in ("adapter_model.safetensors", "optimizer.pt", "rng_state.pth", "README.md"):
            (folder / name).write_text(name)
        (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/tmp/x", "r": 4}')
        (folder / "vong.json").write_text("{}")
    assert [weights.step for weights in kept.weights()] == [4, 6]
    last = kept.weights()[-1].folder
    assert sorted(file.name for file in last.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert json.loads((last / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny@1"
    assert "/tmp/x" in (tmp_path / "checkpoint-6" / "adapter_config.json").read_text()
    none = EpochCheckpoints(tmp_path / "none", epochs=4, keep=0, base_ref="tiny@1")
    none.on_progress(8, 8)
    assert none.weights() == []
