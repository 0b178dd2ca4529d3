"""Evidence of a candidate for a gate: licence, parity check, health of the training data, approvals and suites."""

from sqlalchemy import Connection

from vong import data, gateway, prompts, registry, serving
from vong.app import gate_retrieval, gate_suites
from vong.app.gate_candidate import GateCandidate
from vong.data.report_store import load_latest_report
from vong.errors import InvalidInput, NotFound
from vong.evals import gate_store, gates
from vong.evals.gates import GatePolicy, GateRequirement, GateSubject, RequirementKind
from vong.loop.application_targets import pin_target
from vong.records import ModelVersion, Route
from vong.records.route import TargetKey
from vong.registry.licences import find_terms
from vong.registry.versions import find_base_version
from vong.store.blobs import BlobStore

DEPLOYMENT_PREFIX = "deployment/"
MAX_DEPLOYMENTS = 500


class Collector:
    """Evidence of one candidate for the requirements of one policy."""

    def __init__(
        self,
        connection: Connection,
        blobs: BlobStore,
        policy: GatePolicy,
        subject: GateSubject,
        candidate: GateCandidate,
    ) -> None:
        self._connection = connection
        self._blobs = blobs
        self._policy = policy
        self._subject = subject
        self._candidate = candidate

    def evidence(self, has_evidence: bool) -> GateRequirement:
        """Check that the change carries evidence."""
        detail = "evidence was sent" if has_evidence else "send the comparison or canary decision that supports it"
        command = f"vong registry alias {self._subject.name.replace(':', ' ')} {self._candidate.key} --evidence FILE"
        if self._subject.kind == "prompt_label":
            command = f"vong prompts label {self._subject.name.replace(':', ' ')} {self._candidate.key} --evidence FILE"
        if self._subject.kind == "pipeline":
            command = (
                f"vong pipelines label {self._subject.name.replace(':', ' ')} {self._candidate.key} --reason REASON"
            )
        if self._subject.kind == "index":
            detail = "it was sent" if has_evidence else "the index was not compared with the live one on questions"
            command = f"vong knowledge evaluate {self._subject.name}"
        return self._result("evidence", "evidence", has_evidence, detail, command)

    def suites(self) -> list[GateRequirement]:
        """Check the required suites, their slices and their judges."""
        needed = self._policy.requirements
        found: list[GateRequirement] = []
        for ref in needed.suites:
            found += [
                self._result(one.kind, one.name, one.passed, one.detail, one.command, one.evidence)
                for one in gate_suites.check_suite(self._connection, self._blobs, ref, self._candidate, needed)
            ]
        return found

    def licence(self) -> GateRequirement:
        """Check the licence of the model and of its base."""
        model, needed = self._candidate.model, self._policy.requirements
        if model is None:
            return self._not_applicable("licence")
        base = find_base_version(self._connection, model)
        problems: list[str] = []
        for version in (model, *([base] if base and base.ref != model.ref else [])):
            terms = find_terms(version.licence)
            if needed.licences and (version.licence or "").lower() not in {one.lower() for one in needed.licences}:
                problems.append(f"the licence of {version.ref} is {version.licence or 'unknown'}")
            elif needed.commercial_use and terms.commercial is not True:
                problems.append(f"{version.ref}: {terms.warning or f'{terms.name} permits no commercial use'}")
        allowed = f" (allowed: {', '.join(needed.licences)})" if needed.licences else ""
        detail = "; ".join(problems) + allowed if problems else f"the licence {model.licence} is allowed"
        command = f"vong registry import SOURCE --name {model.name} --licence LICENCE"
        return self._result("licence", "licence", not problems, detail, command)

    def parity(self) -> GateRequirement:
        """Check that a deployment of the model has passed the parity check. A skipped check is no evidence."""
        model = self._candidate.model
        if model is None:
            return self._not_applicable("parity check")
        reports = [
            (deployment.name, deployment.parity)
            for deployment in serving.list_deployments(self._connection, limit=MAX_DEPLOYMENTS)
            if deployment.model == model.ref and deployment.parity
        ]
        passed = next((name for name, report in reports if report.get("equal")), None)
        skipped = next((report["skipped"] for _, report in reports if "skipped" in report), None)
        if passed:
            detail = f"passed by deployment {passed!r}"
        elif skipped:
            detail = f"the parity check of {model.ref} was skipped: {skipped}"
        else:
            detail = f"no deployment of {model.ref} has passed a parity check"
        return self._result(
            "parity", "parity", bool(passed), detail, f"vong serving deploy {model.name} --model {model.ref}"
        )

    def data_health(self) -> GateRequirement:
        """Check the health report of the dataset on which the model was trained."""
        model = self._candidate.model
        if model is None:
            return self._not_applicable("health report")
        if model.dataset is None:
            return self._result("data_health", "data health", True, "the model was not trained here")
        command = f"vong data profile {model.dataset}"
        try:
            version = data.find(self._connection, model.dataset)
            report = load_latest_report(self._connection, self._blobs, version)
        except NotFound as error:
            return self._result("data_health", "data health", False, error.message, command)
        errors = [finding.text for finding in report.findings if finding.severity == "error"]
        if not errors:
            return self._result("data_health", "data health", True, f"{model.dataset} has a report without errors")
        detail = f"{model.dataset}: {'; '.join(errors[:3])}"
        return self._result("data_health", "data health", False, detail, f"vong data clean {model.dataset}")

    def retrieval(self) -> list[GateRequirement]:
        """Check that an index is not worse than the live one on the same questions."""
        if self._subject.kind != "index":
            detail = f"{self._subject} is no index of a knowledge base"
            return [self._result("retrieval", "retrieval", True, detail)]
        found = gate_retrieval.check_retrieval(
            self._connection, self._subject.name, self._candidate, self._policy.requirements
        )
        return [
            self._result("retrieval", one.name, one.passed, one.detail, one.command, dict(one.evidence))
            for one in found
        ]

    def approvals(self) -> list[GateRequirement]:
        """Check the approvals of people per role."""
        needed = self._policy.requirements.approvals
        if not needed:
            return []
        given = gate_store.list_approvals(self._connection, self._subject, self._candidate.key)
        command = f"vong evals gates approve {self._subject.kind} {self._subject.name} {self._argument}"
        if self._subject.kind == "prompt_label":
            command = f"vong prompts approve {self._candidate.key} --label {self._subject.name.partition(':')[2]}"
        results: list[GateRequirement] = []
        for role, count, people in gates.check_approvals(needed, given):
            detail = f"{len(people)} of {count} approvals by role {role!r} for {self._candidate.key}"
            detail += f": {', '.join(people)}" if people else ""
            passed = len(people) >= count
            results.append(self._result("approval", f"approval:{role}", passed, detail, command))
        return results

    @property
    def _argument(self) -> str:
        return self._candidate.target or self._candidate.key

    def _not_applicable(self, what: str) -> GateRequirement:
        kind: RequirementKind = {"licence": "licence", "parity check": "parity"}.get(what, "data_health")  # pyright: ignore[reportAssignmentType]
        detail = f"{self._candidate.key} is no model of the registry, so it has no {what}"
        return self._result(kind, what, True, detail)

    def _result(
        self,
        kind: RequirementKind,
        name: str,
        passed: bool,
        detail: str,
        command: str | None = None,
        evidence: dict[str, object] | None = None,
    ) -> GateRequirement:
        return GateRequirement(
            kind=kind,
            name=name,
            passed=passed,
            detail=detail,
            command=None if passed else command,
            policy=self._policy.ref,
            evidence=evidence or {},
        )


def resolve_target(connection: Connection, route_name: str, target: str) -> GateCandidate:
    """Return the candidate of a route: the model of a deployment, or the target of a provider."""
    routes = {route.name: route for route in gateway.list_routes(connection)}
    current_target = _main_target(routes.get(route_name), target)
    return GateCandidate(
        key=_candidate_key(connection, target),
        model=find_target_model(connection, target),
        target=target,
        current=_candidate_key(connection, current_target) if current_target else None,
        current_target=current_target,
    )


def _candidate_key(connection: Connection, target: str) -> str:
    """Return what a target stands for: the version of a deployment's model, of a prompt and of a pipeline."""
    key, model = TargetKey.parse(pin_target(connection, target)), find_target_model(connection, target)
    prompt = prompts.find(connection, key.prompt).ref if key.prompt is not None else None
    return str(TargetKey(model.ref if model else key.model, prompt))


def find_target_model(connection: Connection, target: str) -> ModelVersion | None:
    """Return the model version of a target. Returns None if it is no deployment or its model was not registered."""
    model = TargetKey.parse(target).model
    if not model.startswith(DEPLOYMENT_PREFIX):
        return None
    try:
        deployment = serving.get_deployment(connection, model.removeprefix(DEPLOYMENT_PREFIX))
        return registry.find(connection, deployment.model)
    except (NotFound, InvalidInput):
        return None


def exposed_targets(route: Route | None) -> set[str]:
    """Return the keys of targets whose answers callers of a route may receive: those with a weight, and fallbacks."""
    if route is None:
        return set()
    fallbacks = route.policy.fallbacks if route.policy else ()
    return {*(target.key for target in route.targets if target.weight > 0), *fallbacks}


def routes_with_target(connection: Connection, target: str) -> list[str]:
    """Return the names of the routes that expose a target, with any prompt."""
    return [
        route.name
        for route in gateway.list_routes(connection)
        if any(TargetKey.parse(key).model == target for key in exposed_targets(route))
    ]


def _main_target(route: Route | None, candidate: str) -> str | None:
    """Return the target with the largest weight, the candidate excluded."""
    if route is None:
        return None
    others = [target for target in route.targets if target.key != candidate and target.weight > 0]
    return max(others, key=lambda target: target.weight).key if others else None
