"""Model cards: a version with everything that is known about it, as a record and as Markdown."""

from collections.abc import Sequence

from sqlalchemy import Connection

from vong import evals, registry, serving
from vong.records import Deployment, ModelVersion
from vong.records.evals import EvalResult
from vong.records.model_bundle import LicenceTerms, ModelCard, ModelExport
from vong.registry import exports
from vong.registry.licences import find_conflicts, find_terms
from vong.registry.versions import find_base_version, get_bundle

MAX_EVALUATIONS = 200
"""Newest evaluations that are searched for those of a version."""


def build_card(connection: Connection, ref: str) -> ModelCard:
    """Return the card of a version."""
    version = registry.find(connection, ref)
    base = find_base_version(connection, version)
    own, inherited = find_terms(version.licence), find_terms(base.licence) if base else None
    deployments = [one for one in serving.list_deployments(connection, limit=500) if one.model == version.ref]
    aliases = registry.list_aliases(connection, version.name)
    return ModelCard(
        version=version,
        bundle=get_bundle(connection, version),
        licence=own,
        base_licence=inherited,
        warnings=tuple(find_conflicts(version.name, own, inherited)),
        evaluations=tuple(_find_evaluations(connection, version, deployments)),
        aliases=tuple(change.alias for change in aliases if change.model == version.ref),
        deployments=tuple(deployment.name for deployment in deployments if deployment.desired_state == "running"),
        exports=tuple(exports.list_exports(connection, version, limit=100)),
    )


def render_card(card: ModelCard, export: ModelExport | None = None) -> str:
    """Return a card as Markdown, with the parity of an export if there is one."""
    version, bundle = card.version, card.bundle
    facts = [
        ("Version", version.ref),
        ("Kind", f"{version.kind}, {version.format}"),
        ("Base", version.base),
        ("Dataset", version.dataset),
        ("Training run", str(version.run) if version.run else None),
        ("Content hash", version.hash),
        ("Bundle hash", bundle.hash if bundle else None),
        (
            "Made with",
            f"Vong {bundle.code.get('version')}, source {bundle.code.get('source', '')[:12]}" if bundle else None,
        ),
    ]
    lines = [f"# {version.name}", "", *(f"- {name}: {value}" for name, value in facts if value)]
    lines += ["", "## Licence", "", *_render_terms("This model", card.licence)]
    if card.base_licence:
        lines += _render_terms("Base", card.base_licence)
    lines += [f"- Warning: {warning}" for warning in card.warnings]
    lines += ["", "## Evaluations", "", *(_render_evaluation(one) for one in card.evaluations)]
    lines += [] if card.evaluations else ["None recorded."]
    if bundle and bundle.settings:
        settings = [f"- {name}: {value}" for name, value in sorted(bundle.settings.items())]
        lines += ["", "## Training settings", "", *settings]
    if export:
        lines += ["", "## Export", "", *_render_export(export)]
    return "\n".join(lines) + "\n"


def _render_export(export: ModelExport) -> list[str]:
    level = f", {export.quantization}" if export.quantization else ""
    lines = [f"- Format: {export.format}{level}", *(f"- {note}" for note in export.notes)]
    parity = export.parity
    if parity is None:
        return lines
    lines.append(f"- Comparison with the trainer by {parity.computed_by}: {parity.summary}")
    lines.append(f"- Equal greedy texts: {parity.greedy_equal} of {parity.conversations}")
    return lines


def _find_evaluations(
    connection: Connection, version: ModelVersion, deployments: Sequence[Deployment]
) -> list[EvalResult]:
    """Return the finished evaluations of a version: by its ref, or of its deployments since it exists."""
    names = {version.ref, *(f"deployment/{deployment.name}" for deployment in deployments)}
    runs = evals.list_runs(connection, limit=MAX_EVALUATIONS)
    return [
        run for run in runs if run.status == "finished" and run.model in names and run.created_at >= version.created_at
    ]


def _render_terms(label: str, terms: LicenceTerms) -> list[str]:
    use = {True: "commercial use permitted", False: "no commercial use", None: "terms unknown"}[terms.commercial]
    return [f"- {label}: {terms.name} ({use})", *(f"  - {condition}" for condition in terms.conditions)]


def _render_evaluation(run: EvalResult) -> str:
    scores = ", ".join(f"{name} {value:.3f}" for name, value in list(run.scores.items())[:6])
    return f"- {run.name} on {run.dataset} {run.split} ({run.examples} examples): {scores}"
