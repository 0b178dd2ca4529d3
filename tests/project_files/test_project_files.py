"""Project files: lossless in both directions, planned without effect, applied in one transaction."""

from collections.abc import Callable
from typing import Any

import yaml
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vong.app.project_files.prompt_kinds import PromptKind
from vong.app.project_files.prompt_text import read_markdown, write_markdown
from vong.app.project_files.registry import parse_files

from .conftest import FILES, PIPELINE


def pull(http: TestClient) -> dict[str, str]:
    found = http.get("/api/v1/project-files")
    assert found.status_code == 200, found.text
    return {file["path"]: file["text"] for file in found.json()["files"]}


def base_of(http: TestClient) -> dict[str, str]:
    files = http.get("/api/v1/project-files").json()["files"]
    return {file["path"].rpartition(".")[0]: file["hash"] for file in files}


def plan(http: TestClient, files: dict[str, str], **options: Any) -> dict[str, Any]:
    found = http.post("/api/v1/project-files/plan", json={"files": files, **options})
    assert found.status_code == 200, found.text
    return found.json()


def apply(http: TestClient, files: dict[str, str], **options: Any) -> dict[str, Any]:
    found = http.post("/api/v1/project-files/apply", json={"files": files, **options})
    assert found.status_code == 200, found.text
    return found.json()


def refuse(http: TestClient, files: dict[str, str], status: int, **options: Any) -> str:
    found = http.post("/api/v1/project-files/apply", json={"files": files, **options})
    assert found.status_code == status, found.text
    return found.json()["detail"]


def test_files_pass_through_an_empty_project_without_loss(connect: Callable[..., TestClient]) -> None:
    first, second = connect("first"), connect("second")
    planned = plan(first, FILES)
    assert pull(first) == {} and planned["problems"] == []  # a plan has no effect
    assert {one["key"] for one in planned["changes"]} == {path.rpartition(".")[0] for path in FILES}
    applied = apply(first, FILES, plan=planned["id"])
    assert applied["applied"] and applied["hashes"] == planned["hashes"]
    changed = pull(first)["pipelines/echo.yaml"].replace("You asked", "Asked")
    release = {**FILES, "pipelines/echo.yaml": changed.replace("- dev\n", "- dev\n  - beta\n")}
    apply(first, release)
    # A label with another content than the newest version has its own file.
    older = {**release, "pipelines/echo@dev.yaml": PIPELINE}
    older["pipelines/echo.yaml"] = release["pipelines/echo.yaml"].replace("  - dev\n", "")
    apply(first, older)
    files = pull(first)
    assert {"pipelines/echo@dev.yaml", "pipelines/echo.yaml", "prompts/answer.md", "prompts/short.yaml"} <= set(files)
    assert files["prompts/answer.md"].endswith("# user\n\n{{ ticket }}\n")
    assert plan(first, files)["changes"] == []
    apply(second, files)
    assert pull(second) == files
    assert apply(second, files)["changes"] == []


def test_comments_and_formatting_are_no_change(http: TestClient) -> None:
    apply(http, FILES)
    reformatted = yaml.safe_dump(yaml.safe_load(FILES["routes/support.yaml"]), default_flow_style=False)
    again = {**FILES, "pipelines/echo.yaml": f"# another comment\n{PIPELINE}", "routes/support.yaml": reformatted}
    assert plan(http, again)["changes"] == []


def test_a_plan_lists_fields_and_removals_only_with_prune(http: TestClient) -> None:
    apply(http, FILES)
    changed = {**FILES, "routes/support.yaml": FILES["routes/support.yaml"].replace("retries: 2", "retries: 3")}
    del changed["prompts/short.yaml"]
    planned = plan(http, changed)
    (change,) = planned["changes"]
    assert change["fields"] == [{"path": "policy.retries", "kind": "changed", "old": 2, "new": 3}]
    assert "-  retries: 2" in change["text"] and planned["unmanaged"] == ["prompts/short"]
    pruned = plan(http, changed, prune=True)
    assert [(one["key"], one["action"]) for one in pruned["changes"]] == [
        ("prompts/short", "delete"),
        ("routes/support", "update"),
    ]
    apply(http, changed, prune=True, plan=pruned["id"])
    assert "prompts/short.yaml" not in pull(http)


def test_a_stale_base_is_rejected(http: TestClient) -> None:
    apply(http, FILES)
    base = base_of(http)
    route = {"targets": [{"model": "echo/echo", "weight": 2}]}
    assert http.put("/api/v1/gateway/routes/support", json=route).status_code == 200
    changed = {**FILES, "routes/support.yaml": "targets: [{model: echo/other}]\n"}
    for options in ({"base": base}, {}):  # without a lock file, the base is what was last applied
        detail = refuse(http, changed, 409, **options)
        assert "routes/support.yaml: the object changed on the server" in detail
    assert plan(http, changed, base=base)["problems"][0]["code"] == "conflict"
    planned = plan(http, changed, base=None)
    assert http.put("/api/v1/gateway/routes/support", json={"targets": [{"model": "echo/x"}]}).status_code == 200
    assert "is out of date" in refuse(http, changed, 409, base=None, plan=planned["id"])
    apply(http, changed, base=None)
    assert "echo/other" in pull(http)["routes/support.yaml"]


def test_a_fault_in_one_file_rejects_all(http: TestClient) -> None:
    broken = {
        **FILES,
        "pipelines/bad.yaml": "steps: {a: {kind: template, text: '{{ nobody.text }}'}}\n",
        "routes/worse.yaml": "targets: [{model: echo/echo, wait: 1}]\n",
        "suites/missing.yaml": "entries: [{dataset: nothing}]\n",
        "prompts/odd.md": "hello\n",
        "prompts/twice.yaml": "messages: [{role: user, content: a}]\nmessages: []\n",
        "elsewhere/x.yaml": "a: 1\n",
    }
    planned = plan(http, broken)
    found = {one["path"]: one["message"] for one in planned["problems"]}
    assert set(found) == set(broken) - set(FILES)
    assert "nobody" in found["pipelines/bad.yaml"] and "wait" in found["routes/worse.yaml"]
    assert "no dataset named 'nothing'" in found["suites/missing.yaml"]
    assert "line 1 belongs to no message" in found["prompts/odd.md"]
    assert "'messages' occurs twice" in found["prompts/twice.yaml"]
    assert "no project file has this path" in found["elsewhere/x.yaml"]
    assert "6 files have problems" in refuse(http, broken, 422)
    assert pull(http) == {}


def test_a_label_in_a_file_needs_evidence_or_a_reason(http: TestClient) -> None:
    files = {"pipelines/echo.yaml": PIPELINE.replace("[dev]", "[dev, prod]")}
    detail = refuse(http, files, 409)
    assert "cannot change pipeline 'echo:prod'" in detail and pull(http) == {}
    apply(http, files, reason="first release")
    assert apply(http, files)["changes"] == []
    removed = {"pipelines/echo.yaml": PIPELINE}
    assert "cannot remove label echo:prod" in refuse(http, removed, 409)
    apply(http, removed, reason="withdrawn")
    assert [one["label"] for one in http.get("/api/v1/pipelines/echo/labels").json()] == ["dev"]


def test_members_may_not_change_limits_guards_and_gates(connect: Callable[..., TestClient]) -> None:
    owner, member = connect("first"), connect("first", role="member")
    paths = {one["path"] for one in plan(member, FILES)["problems"]}
    assert paths == {"guards.yaml", "limits.yaml", "gates/release.yaml"}
    apply(owner, FILES)
    assert apply(member, FILES)["changes"] == []
    assert connect("first", role="viewer").post("/api/v1/project-files/plan", json={"files": {}}).status_code == 403


def test_secrets_of_guards_are_written_encrypted(http: TestClient) -> None:
    guards = (
        "guards: [{guard: webhook, settings: {url: 'http://127.0.0.1:9/x', headers: {authorization: s3cret-value}}}]\n"
    )
    apply(http, {"guards.yaml": guards})
    text = pull(http)["guards.yaml"]
    assert "s3cret-value" not in text and "sealed:" in text
    assert plan(http, {"guards.yaml": text})["changes"] == plan(http, {"guards.yaml": guards})["changes"] == []


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from("\n#-: \t"), max_size=60
)
messages = st.lists(
    st.one_of(
        st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["system", "user"]), texts),
        st.just({"placeholder": "history"}),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, messages, st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), st.just({"type": "string"})))
def test_every_prompt_survives_its_file(description: str, parts: list[dict[str, str]], variables: Any) -> None:
    kind = PromptKind()
    given_ = {"description": description, "variables": variables, "messages": parts, "labels": ["dev"]}
    values = kind.normalize("prompts/p", given_)
    ending, text = kind.write(values)
    contents, _, faults = parse_files({f"prompts/p{ending}": text})
    assert faults == [] and contents["prompts/p"] == values


def test_a_prompt_with_a_heading_of_a_message_is_written_as_yaml() -> None:
    values = {"messages": [{"role": "user", "content": "a\n# user\nb"}]}
    assert write_markdown(values) is None
    plain = {"messages": [{"role": "user", "content": "a\n## user\nb"}]}
    text = write_markdown(plain)
    assert text is not None and read_markdown(text.replace("\n", "\r\n"), "x")["messages"] == plain["messages"]
