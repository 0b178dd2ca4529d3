"""Tests of prompts in the targets of routes: weights, canaries, releases, gates and statistics."""

from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Server
from tests.gateway.test_prompts import SUPPORT, create, label, post
from tests.loop.open_gate import OPEN_GATE
from tests.running_vong import eventually
from vong import gateway, loop, prompts
from vong.app import releases as releases_app
from vong.app.gate_evidence import exposed_targets, resolve_target
from vong.app.prompts.statistics import measure
from vong.errors import InvalidInput, NotFound
from vong.feedback import ScoreCreate, add_score
from vong.gateway.cache.shadow_result_store import list_shadow_results
from vong.loop import DecisionRules, ScoredSpan, releases
from vong.loop.release_records import ReleasePlan
from vong.records import Route, RoutePolicy, RouteTarget, Score, Span, new_id, now
from vong.records.cache import ShadowPolicy
from vong.records.prompt import PromptVersion
from vong.records.route import TargetKey
from vong.records.routing_tree import RouteNode

OLD, NEW = "echo/echo+prompt/support:prod", "echo/echo+prompt/support@2"


@pytest.fixture
def versions(server: Server) -> tuple[PromptVersion, PromptVersion]:
    """Create two versions of a prompt whose answers differ. The label `prod` names the first."""
    first = create(server)
    messages = [*SUPPORT["messages"][:1], {"role": "user", "content": "New: {{ ticket }}"}]
    second = create(server, messages=messages)
    label(server, first, "prod")
    return first, second


def set_route(server: Server, *keys: str, **more: Any) -> Route:
    with server.platform.scope(server.project_id) as connection:
        route = gateway.set_route(connection, "help", [RouteTarget(model=key) for key in keys], **more)
    server.platform.apply_routing_change(server.project_id)
    return route


def ask(server: Server, ticket: str = "no invoice", **more: Any) -> httpx.Response:
    return post(server, model="help", prompt={"id": "support", "variables": {"ticket": ticket}, **more})


def test_routes_without_prompts_keep_their_versions(server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        plain = gateway.set_route(connection, "plain", [RouteTarget(model="echo/echo", weight=0.5)])
        assert plain.version == "e94c571b3099"
        policy = RoutePolicy(retries=2)
        assert gateway.set_route(connection, "plain", plain.targets, policy=policy).version == "05a260209d6d"
        stored = gateway.get_route(connection, "plain").targets[0]
    assert stored == RouteTarget(model="echo/echo", weight=0.5) and stored.dump() == {
        "model": "echo/echo",
        "weight": 0.5,
    }


def test_a_target_key_names_model_and_prompt() -> None:
    target = RouteTarget.model_validate({"model": NEW, "weight": 2})
    assert (target.model, target.prompt, target.key) == ("echo/echo", "support@2", NEW)
    assert RouteTarget(model="echo/echo", prompt="support@2").key == NEW
    assert TargetKey.parse("openai/a+b:free") == TargetKey("openai/a+b:free", None)
    with pytest.raises(ValueError, match="name one prompt"):
        RouteTarget(model=NEW, prompt="other@1")


def test_the_targets_of_a_route_choose_the_version_by_weight(
    server: Server, versions: tuple[PromptVersion, PromptVersion]
) -> None:
    set_route(server, OLD, NEW)
    texts = {ask(server).json()["choices"][0]["message"]["content"] for _ in range(25)}
    assert texts == {"Ticket: no invoice", "New: no invoice"}
    spans = server.spans()
    assert {(span.attributes["vong.target"], span.versions.prompt_version) for span in spans} == {
        (OLD, versions[0].ref),
        (NEW, versions[1].ref),
    }
    assert {span.model for span in spans} == {"echo/echo"}
    streamed = post(
        server, "responses", model="help", prompt={"id": "support", "variables": {"ticket": "x"}}, stream=True
    )
    assert "response.completed" in streamed.text
    for more, text in (({"version": "1"}, "chooses"), ({"id": "other"}, "'other'")):
        answer = post(server, model="help", prompt={"id": "support", **more})
        assert answer.status_code in (400, 422) and text in answer.json()["error"]["message"], answer.text
    assert "'ticket'" in post(server, model="help", messages=[{"role": "user", "content": "hi"}]).text


def test_a_route_names_existing_versions_or_labels(server: Server, versions: object) -> None:
    path = "/api/v1/gateway/routes/help"
    headers = {"authorization": f"Bearer {server.key}"}
    for target, text in (
        ({"model": "echo/echo", "prompt": "nothing@1"}, "no prompt named 'nothing'"),
        ({"model": "echo/echo", "prompt": "support"}, "support:prod"),
        ({"model": "echo/echo+prompt/"}, "targets.0.prompt"),
    ):
        answer = httpx.put(server.url + path, json={"targets": [target]}, headers=headers)
        assert answer.status_code in (404, 422) and text in answer.text, answer.text
    found = server.client.gateway.set_route("help", {OLD: 0.9, NEW: 0.1})
    assert [target.key for target in found.targets] == [OLD, NEW]
    with (
        server.platform.scope(server.project_id) as connection,
        pytest.raises(InvalidInput, match="tree or a fallback"),
    ):
        gateway.set_route(connection, "tree", [], tree=RouteNode(model=NEW))


def test_a_prompt_is_also_named_in_the_model_of_a_call(
    server: Server, versions: tuple[PromptVersion, PromptVersion]
) -> None:
    body: dict[str, Any] = {"prompt": {"variables": {"ticket": "x"}}, "messages": [{"role": "user", "content": "and?"}]}
    assert post(server, model=NEW, **body).json()["choices"][0]["message"]["content"] == "and?"
    assert server.span().versions.prompt_version == versions[1].ref
    assert [one["content"] for one in server.span().input["messages"]][1:] == ["New: x", "and?"]


def test_a_fallback_receives_the_request_with_the_prompt_of_the_chosen_target(server: Server, versions: object) -> None:
    set_route(server, "dead/m+prompt/support@2", policy=RoutePolicy(fallbacks=("echo/echo",), retries=0))
    assert ask(server).json()["choices"][0]["message"]["content"] == "New: no invoice"
    (span,) = server.spans()
    assert span.attributes["vong.target"] == "echo/echo"
    assert [one.attributes["vong.target"] for one in server.attempt_spans()] == ["dead/m+prompt/support@2", "echo/echo"]


def test_a_shadow_target_renders_its_own_prompt(server: Server, versions: tuple[PromptVersion, PromptVersion]) -> None:
    set_route(server, OLD, policy=RoutePolicy(shadow=ShadowPolicy(model=NEW)))
    assert ask(server).status_code == 200

    def compared() -> bool:
        with server.platform.scope(server.project_id) as connection:
            return any(
                one.target == NEW for one in list_shadow_results(connection, route="help", kind="shadow", limit=5)
            )

    eventually(compared)
    assert {span.versions.prompt_version for span in server.spans()} == {one.ref for one in versions}


def scored(spans: Iterable[Span], version: PromptVersion) -> list[ScoredSpan]:
    """Return a score of 1 for each answer of a version, and of 0 for all others."""
    return [
        ScoredSpan(
            Score(
                id=new_id(),
                span_id=span.id,
                name="quality",
                value=float(span.versions.prompt_version == version.ref),
                created_at=now(),
            ),
            span,
        )
        for span in spans
    ]


@pytest.mark.parametrize("better", [1, 0])
def test_a_canary_between_two_versions_is_decided_by_scores(
    server: Server, versions: tuple[PromptVersion, PromptVersion], better: int
) -> None:
    set_route(server, OLD)
    with server.platform.scope(server.project_id) as connection:
        canary = loop.start_canary(
            connection,
            route="help",
            candidate="echo/echo+prompt/support:latest",
            share=0.5,
            rules=DecisionRules(min_pairs=5),
            gate=OPEN_GATE,
        )
    assert canary.candidate == f"echo/echo+prompt/{versions[1].ref}", "a label is pinned"
    server.platform.apply_routing_change(server.project_id)
    for _ in range(45):
        assert ask(server).status_code == 200
    with server.platform.scope(server.project_id) as connection:
        canary = loop.add_scores(connection, canary.id, scored(server.spans(), versions[better]), gate=OPEN_GATE)
        route = gateway.get_route(connection, "help")
    assert canary.status == ("promoted" if better else "rolled_back"), canary.evidence
    weights = {target.key: target.weight for target in route.targets}
    assert weights == ({OLD: 0.0, canary.candidate: 1.0} if better else {OLD: 1.0})
    assert {span.model for span in server.spans()} == {"echo/echo"}


def test_a_release_between_two_versions_moves_the_label(
    server: Server, versions: tuple[PromptVersion, PromptVersion]
) -> None:
    set_route(server, OLD)
    platform = server.platform
    with platform.scope(server.project_id) as connection:
        services = releases_app.build_services(connection, releases_app.evidence_gate(platform))
        plan = ReleasePlan(steps=(0.5,), guard_rails=(), min_pairs=5, step_pairs=0)
        release = releases.start(connection, route="help", candidate=NEW, plan=plan, services=services)
    platform.apply_routing_change(server.project_id)
    for _ in range(45):
        assert ask(server).status_code == 200
    spans = server.spans()
    with platform.scope(server.project_id) as connection:
        for one, span in ((one.score, one.span) for one in scored(spans, versions[1])):
            add_score(connection, span, ScoreCreate(span_id=span.id, name="quality", value=one.value))
        release = releases_app.evaluate(platform, connection, release.id)
        assert (release.status, release.decided_by) == ("promoted", "evidence"), release
        assert gateway.get_route(connection, "help").targets[1] == RouteTarget(model=NEW, weight=1.0)
        moved = {one.label: one.version for one in prompts.list_labels(connection, "support")}
    assert moved == {"prod": versions[1].ref}


def test_the_gate_of_a_route_decides_about_the_version_of_the_prompt(
    server: Server, versions: tuple[PromptVersion, PromptVersion]
) -> None:
    route = set_route(server, OLD)
    assert exposed_targets(route) == {OLD}
    with server.platform.scope(server.project_id) as connection:
        candidate = resolve_target(connection, "help", NEW)
        with pytest.raises(NotFound):
            resolve_target(connection, "help", "echo/echo+prompt/support@9")
    assert candidate.key == f"echo/echo+prompt/{versions[1].ref}"
    assert candidate.current == f"echo/echo+prompt/{versions[0].ref}"


def test_statistics_compare_versions(server: Server, versions: tuple[PromptVersion, PromptVersion]) -> None:
    first, second = versions
    for number in range(6):
        prompt = {"id": "support", "version": str(1 + number % 2), "variables": {"ticket": "x"}}
        post(server, model="echo/echo", prompt=prompt, user=f"user-{number // 2}")
    post(server, model="echo/echo?status=500", prompt={"id": "support", "version": "2", "variables": {"ticket": "x"}})
    with server.platform.scope(server.project_id) as connection:
        for span in server.spans()[:6]:
            value = float(span.versions.prompt_version == second.ref)
            for name in ("helpful", "length"):
                add_score(
                    connection, span, ScoreCreate(span_id=span.id, name=name, value=value if name == "helpful" else 0.5)
                )
        found = measure(connection, "support")
    newest, oldest = found.versions
    assert (newest.version, newest.number, newest.labels) == (second.ref, 2, ())
    assert (oldest.version, oldest.labels) == (first.ref, ("prod",))
    assert (newest.calls, newest.errors, newest.users, oldest.calls, oldest.errors) == (4, 1, 3, 3, 0)
    assert oldest.input_tokens and oldest.output_tokens == 6 and oldest.latency_p50 and oldest.latency_p95
    helpful, length = newest.scores
    assert (helpful.name, helpful.n, helpful.mean) == ("helpful", 3, 1.0)
    assert helpful.low == pytest.approx(0.4385, abs=1e-3) and helpful.high == 1.0
    assert (length.mean, length.low, length.high) == (0.5, 0.5, 0.5)
    assert [(day.version, day.calls) for day in sorted(found.days, key=lambda day: day.calls)] == [
        (first.ref, 3),
        (second.ref, 4),
    ]
    shown = server.client.prompts.statistics("support")
    assert [one["calls"] for one in shown["versions"]] == [4, 3]
    with pytest.raises(NotFound):
        server.client.prompts.statistics("suport")
