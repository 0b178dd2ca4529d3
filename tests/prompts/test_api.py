"""Versions, branches, comments, labels and their gate by API and Python client, for each role."""

from typing import Any

import pytest

from vong import errors
from vong.client.prompts import PromptsClient

from .conftest import Surfaces
from .templates import values


def create(client: PromptsClient, *texts: str, **options: Any) -> list[str]:
    """Create a version per text and return the refs."""
    return [client.create("support", values(text), **options).ref for text in texts]


def test_equal_content_is_one_version_and_is_found_by_every_ref(surfaces: Surfaces) -> None:
    client = surfaces.client
    first, second = create(client, "One.", "Two.", message="try")
    again = surfaces.member.post("/api/v1/prompts/support/versions", json={"template": values("One.")})
    assert (again.status_code, again.json()["number"]) == (200, 1)
    assert client.get("support").ref == first  # the head moved back to it
    client.create("support", values("Two."))
    assert [one.number for one in client.versions("support")] == [2, 1]
    version = client.get("support@2")
    for ref in ("support", "support:latest", second, f"support@{version.hash}", f"support@{version.hash[:6]}"):
        assert client.get(ref) == version, ref
    assert (version.parents, version.message, version.created_by) == ((first,), "try", "member")
    assert version.template.to_document() == values("Two.")
    for path in ("2", version.hash, "latest", "support@2", "support:latest", "support"):
        assert surfaces.viewer.get(f"/api/v1/prompts/support/versions/{path}").json()["number"] == 2, path
    client.set_label("support", "prod", "1", reason="first")
    assert client.get("support").ref == client.get("support:prod").ref == first
    [summary] = client.prompts()
    assert (summary.versions, summary.newest, summary.labels) == (2, second, {"prod": first})
    assert summary == client.summary("support")


def test_the_order_of_fields_of_a_schema_is_stored(surfaces: Surfaces) -> None:
    schema = {"type": "object", "properties": {"reasoning": {}, "a": {}, "answer": {}}}
    version = surfaces.client.create("support", values(output_schema=schema))
    stored = surfaces.client.get(version.ref).template.output_schema or {}
    assert list(dict(stored["properties"])) == ["reasoning", "a", "answer"]  # pyright: ignore[reportArgumentType, reportCallIssue]
    rendered = surfaces.client.render("support", {"ticket": "x"})
    assert str(rendered.output_schema) == str(schema)


def test_an_unknown_ref_is_an_error_with_the_next_step(surfaces: Surfaces) -> None:
    create(surfaces.client, "One.")
    for ref, kind, message in (
        ("nothing", errors.NotFound, "no prompt named 'nothing'"),
        ("support@9", errors.NotFound, "has no version '9'"),
        ("support@latest", errors.NotFound, "write the label as support:latest"),
        ("support:dev", errors.NotFound, "has no label 'dev'"),
        ("support@", errors.InvalidInput, "invalid prompt ref"),
        ("support@1@2", errors.InvalidInput, "invalid prompt ref"),
    ):
        with pytest.raises(kind, match=message):
            surfaces.client.get(ref)


def test_a_stale_base_and_a_taken_name_are_conflicts(surfaces: Surfaces) -> None:
    first, second = create(surfaces.client, "One.", "Two.")
    with pytest.raises(errors.Conflict, match=f"its head is {second}, not {first}"):
        surfaces.client.create("support", values("Three."), base=first)
    assert surfaces.client.create("support", values("Three."), base=second).number == 3
    taken = surfaces.member.post("/api/v1/prompts", json={"name": "support", "template": values()})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert surfaces.member.post("/api/v1/prompts", json={"name": "new", "template": values()}).status_code == 201
    for name in ("a b", "a:b", "red-team", ""):
        bad = surfaces.member.post("/api/v1/prompts", json={"name": name, "template": values()})
        assert bad.status_code == 422, name


def test_branches_are_merged_and_conflicts_store_nothing(surfaces: Surfaces) -> None:
    client = surfaces.client
    [first] = create(client, "One.\nTwo.\nThree.")
    assert client.create_branch("support", "try").head == first
    on_branch = client.create("support", values("One!\nTwo.\nThree."), branch="try")
    assert client.get("support").ref == first
    preview = client.merge("support", "try", preview=True)
    assert (preview.version, preview.conflicts, client.get("support").ref) == (None, [], first)
    assert (client.merge("support", "try").version or on_branch).ref == client.get("support").ref == on_branch.ref
    client.create("support", values("One!\nTwo.\nThree?", model="support"))
    client.create("support", values("One!\nTwo!\nThree.\n"), branch="try")
    conflict = client.merge("support", "try")
    assert (conflict.version, [one.field for one in conflict.conflicts]) == (None, ["messages[0].content"])
    assert (conflict.conflicts[0].ours, conflict.conflicts[0].base) == ("One!\nTwo.\nThree?", "One!\nTwo.\nThree.")
    merged = client.merge("support", "try", resolutions={"messages[0].content": "theirs"}).version
    assert merged is not None
    assert (merged.parents, merged.message) == ((conflict.ours, conflict.theirs), "merge try into main")
    assert client.merge("support", "try").version == merged  # nothing to merge
    assert [one.branch for one in client.branches("support")] == ["main", "try"]
    assert client.delete_branch("support", "try").branch == "try"
    for failing, kind in (
        (lambda: client.delete_branch("support", "main"), errors.Conflict),
        (lambda: client.create_branch("support", "main"), errors.Conflict),
        (lambda: client.merge("support", "gone"), errors.NotFound),
        (lambda: client.create("support", values(), branch="gone"), errors.NotFound),
    ):
        with pytest.raises(kind):
            failing()


def test_a_merge_that_makes_an_invalid_template_is_rejected(surfaces: Surfaces) -> None:
    client = surfaces.client
    create(client, "One.")
    client.create_branch("support", "try")
    without = values("One.")
    del without["variables"]["tone"]
    client.create("support", without)
    client.create("support", values("One {{ tone }}."), branch="try")
    with pytest.raises(errors.InvalidInput, match="uses the variable 'tone', which is not declared"):
        client.merge("support", "try")


def test_versions_and_messages_have_comments(surfaces: Surfaces) -> None:
    client = surfaces.client
    first, second = create(client, "One.", "Two.")
    comment = client.comment(first, "too short", message=1)
    client.comment("support:latest", "better")
    assert [one.text for one in client.comments("support")] == ["better", "too short"]
    assert [(one.version, one.message) for one in client.comments("support", first)] == [(first, 1)]
    with pytest.raises(errors.InvalidInput, match="has no message 2"):
        client.comment(second, "a", message=2)
    own = surfaces.owner.post("/api/v1/prompts/support/comments", json={"version": "1", "text": "owner"}).json()
    with pytest.raises(errors.Forbidden, match="written by 'owner'"):
        client.delete_comment("support", own["id"])
    client.delete_comment("support", comment.id)
    assert surfaces.owner.delete(f"/api/v1/prompts/support/comments/{own['id']}").status_code == 200
    assert [one.text for one in client.comments("support")] == ["better"]


def test_without_a_policy_prod_needs_evidence_or_a_reason(surfaces: Surfaces) -> None:
    client = surfaces.client
    first, second = create(client, "One.", "Two.")
    assert client.set_label("support", "staging", "1").version == client.get("support:staging").ref == first
    assert client.set_label("support", "facade", "2").version == client.get("support:facade").ref == second
    with pytest.raises(errors.PreconditionFailed, match="without evidence") as caught:
        client.set_label("support", "prod", "1")
    assert f"vong prompts label support prod {first} --evidence FILE" in caught.value.hint
    moved = client.set_label("support", "prod", first, reason=" first ")
    assert (moved.version, moved.reason, moved.moved_by) == (first, "first", "member")
    assert client.set_label("support", "prod", first).id == moved.id  # no change needs no evidence
    proof = {"run": "b"}
    assert client.set_label("support", "prod", "latest", evidence=proof).version == second
    rejected, overridden, passed = reversed(surfaces.viewer.get("/api/v1/evals/gates/decisions").json())
    assert [one["passed"] for one in (rejected, overridden, passed)] == [False, True, True]
    assert overridden["override"]["reason"] == "first"
    assert [str(one.decision) for one in client.label_history("support", "prod")] == [passed["id"], overridden["id"]]
    for label in ("latest", "a b", "2", "0a1b2c3d"):
        with pytest.raises(errors.InvalidInput):
            client.set_label("support", label, "1", reason="a")


def test_a_rollback_goes_back_one_version_each_time(surfaces: Surfaces) -> None:
    client = surfaces.client
    refs = create(client, "One.", "Two.", "Three.")
    for ref in refs:
        client.set_label("support", "prod", ref, reason="release")
    rolled_back = client.rollback("support", "prod", reason="wrong answers")
    assert (rolled_back.version, rolled_back.reason) == (refs[1], "wrong answers")
    assert rolled_back.evidence["rollback"]["from"] == refs[2]
    assert client.rollback("support", "prod").version == refs[0]
    with pytest.raises(errors.Conflict, match="no earlier version"):
        client.rollback("support", "prod")
    client.set_label("support", "prod", refs[2], reason="fixed")
    assert client.rollback("support", "prod").version == refs[0]
    assert len(client.label_history("support")) == 7


def test_a_label_needs_the_approvals_of_its_policy(surfaces: Surfaces) -> None:
    client = surfaces.client
    first, second = create(client, "One.", "Two.")
    requirements = {"approvals": {"owner": 1}, "override_roles": ["owner"]}
    body = {"kind": "prompt_label", "pattern": "*:prod", "requirements": requirements}
    assert surfaces.owner.put("/api/v1/evals/gates/policies/prompts", json=body).status_code == 200
    with pytest.raises(errors.PreconditionFailed, match="0 of 1 approvals by role 'owner'") as caught:
        client.set_label("support", "prod", "2", reason="trust me", evidence={"better": True})
    assert caught.value.hint.startswith(f"vong prompts approve {second} --label prod")
    client.approve(second)
    with pytest.raises(errors.PreconditionFailed):
        client.set_label("support", "prod", "2")
    given = surfaces.owner.post("/api/v1/prompts/support/approvals", json={"version": "2", "comment": "read it"})
    assert (given.status_code, given.json()["candidate"]) == (201, second)
    assert [one["role"] for one in client.approvals("support@2")] == ["member", "owner"]
    check_by_target = {"subject": {"kind": "prompt_label", "name": "support:prod"}, "candidate": f"prompt/{second}"}
    assert surfaces.member.post("/api/v1/evals/gates/check", json=check_by_target).json()["passed"]
    assert client.set_label("support", "prod", "2").version == second
    with pytest.raises(errors.PreconditionFailed):
        client.set_label("support", "prod", "1")  # the approval was for other content
    path = "/api/v1/prompts/support/labels/prod"
    urgent = surfaces.owner.put(path, json={"version": "1", "reason": "outage"})
    assert urgent.json()["version"] == first
    [decision, *_] = surfaces.member.get("/api/v1/evals/gates/decisions?passed=true").json()
    assert (decision["override"]["reason"], decision["current"]) == ("outage", second)


def test_a_suite_of_the_policy_must_have_a_run_of_the_version(surfaces: Surfaces) -> None:
    [first] = create(surfaces.client, "One.")
    body = {"kind": "prompt_label", "pattern": "*", "requirements": {"suites": ["answers"]}}
    surfaces.owner.put("/api/v1/evals/gates/policies/prompts", json=body)
    request = {"subject": {"kind": "prompt_label", "name": "support:dev"}, "candidate": "1"}
    decision = surfaces.member.post("/api/v1/evals/gates/check", json=request).json()
    assert (decision["candidate"], decision["target"], decision["passed"]) == (first, f"prompt/{first}", False)
    assert decision["requirements"][0]["name"] == "suite:answers"


def test_labels_with_a_gate_are_removed_with_a_reason_and_protect_the_prompt(surfaces: Surfaces) -> None:
    client = surfaces.client
    create(client, "One.")
    client.set_label("support", "dev", "1")
    client.set_label("support", "prod", "1", reason="first")
    assert client.remove_label("support", "dev").version is None
    with pytest.raises(errors.PreconditionFailed, match="has a gate"):
        client.remove_label("support", "prod")
    for force in (False, True):
        with pytest.raises(errors.PreconditionFailed, match="is in use"):
            client.delete("support", force=force)
    client.remove_label("support", "prod", reason="unused")
    assert (client.labels("support"), len(client.label_history("support"))) == ([], 4)
    with pytest.raises(errors.NotFound):
        client.remove_label("support", "prod", reason="again")
    client.set_label("support", "prod", "1", reason="again")
    assert surfaces.owner.delete("/api/v1/prompts/support?force=true").json()["versions"] == 1
    assert client.prompts() == []
    assert client.create("support", values()).number == 1


def test_prompts_are_rendered_compared_and_imported(surfaces: Surfaces) -> None:
    client = surfaces.client
    first, _ = create(client, "One {{ tone }}.", "Two.")
    assert client.render(first, {"ticket": "{{ x }}"}).messages == [
        {"role": "system", "content": "One formal."},
        {"role": "user", "content": "{{ x }}"},
    ]
    with pytest.raises(errors.InvalidInput, match="'ticket' is missing"):
        client.render("support")
    found = client.diff("support", first, "2")
    assert [(one.field, one.new) for one in found.changes] == [("messages[0].content", "Two.")]
    imported = client.import_prompt("movie", {"prompt": "Is {{movie}} good?", "version": 3, "config": {}})
    assert (imported.message, client.render("movie", {"movie": "Dune"}).messages[0]["content"]) == (
        "imported from Langfuse version 3",
        "Is Dune good?",
    )


CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "", {"name": "new", "template": values()}),
    ("DELETE", "/support", None),
    ("POST", "/support/versions", {"template": values("Two.")}),
    ("POST", "/support/import", {"document": {"prompt": "a"}}),
    ("POST", "/support/branches", {"branch": "try"}),
    ("DELETE", "/support/branches/main", None),
    ("POST", "/support/merge", {"source": "main"}),
    ("POST", "/support/comments", {"version": "1", "text": "a"}),
    ("PUT", "/support/labels/dev", {"version": "1"}),
    ("DELETE", "/support/labels/dev", None),
    ("POST", "/support/labels/dev/rollback", {}),
    ("POST", "/support/approvals", {"version": "1"}),
]


def test_a_viewer_reads_and_changes_nothing(surfaces: Surfaces) -> None:
    create(surfaces.client, "One.")
    before = surfaces.viewer.get("/api/v1/prompts/support").json()
    for method, path, body in CHANGES:
        refused = surfaces.viewer.request(method, f"/api/v1/prompts{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path
    assert surfaces.viewer.get("/api/v1/prompts/support").json() == before
    for page in ("", "/versions", "/labels", "/branches", "/comments", "/approvals?version=1", "/diff?old=1&new=1"):
        assert surfaces.viewer.get(f"/api/v1/prompts/support{page}").status_code == 200, page


def test_invalid_templates_are_rejected_with_the_field(surfaces: Surfaces) -> None:
    broken = {"messages": [{"role": "user", "content": 'Example: {{"a": 1}}'}]}
    found = surfaces.member.post("/api/v1/prompts/support/versions", json={"template": broken})
    assert found.status_code == 422
    assert "messages[0].content, line 1" in found.json()["detail"]
    assert "{% raw %}" in found.json()["hint"]
    surrogate = b'{"template": {"messages": [{"role": "user", "content": "\\ud800"}]}}'
    headers = {"Content-Type": "application/json"}
    found = surfaces.member.post("/api/v1/prompts/support/versions", content=surrogate, headers=headers)
    assert (found.status_code, "not valid Unicode" in found.text) == (422, True), found.text
    assert surfaces.client.prompts() == []
