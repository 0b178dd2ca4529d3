"""Output files of promptfoo: `promptfoo eval -o FILE.json`."""

from collections.abc import Mapping
from typing import Any

from vong.evals.imports.values import as_count, as_dict, as_list, as_score, as_text
from vong.evals.recorded_runs import RecordedOutput, RecordedRun


def read_promptfoo(name: str, document: Mapping[str, Any]) -> list[RecordedRun]:
    """Return one run for each provider and prompt of the output: each column of its table.

    `pass` is 1 if all assertions passed, `score` promptfoo's weighted score, `assert.TYPE` the score of an assertion
    and `NAME` a named score.
    """
    del name
    groups: dict[tuple[str, str, Any], list[dict[str, Any]]] = {}
    for row in (as_dict(one) for one in as_list(as_dict(document.get("results")).get("results"))):
        provider, prompt = row.get("provider"), as_dict(row.get("prompt"))
        label = as_text(as_dict(provider).get("label") or as_dict(provider).get("id") or provider) or "unknown"
        column = as_count(row.get("promptIdx"))
        text = as_text(prompt.get("label") or ("" if column is not None else prompt.get("raw")))
        groups.setdefault((label, text, column), []).append(row)
    version = as_text(as_dict(document.get("metadata")).get("promptfooVersion")) or "unknown"
    description = as_text(as_dict(document.get("config")).get("description")) or "promptfoo"
    return [
        _read_group(provider, prompt, rows, version, description[:200])
        for (provider, prompt, _), rows in groups.items()
    ]


def _read_group(provider: str, prompt: str, rows: list[dict[str, Any]], version: str, description: str) -> RecordedRun:
    outputs = tuple(_read_row(row) for row in rows)
    metrics = dict.fromkeys(metric for output in outputs for metric in output.scores)
    return RecordedRun(
        source="promptfoo",
        model=provider,
        dataset=description,
        split="tests",
        signatures={metric: f"promptfoo|{metric}|program:{version}" for metric in metrics},
        settings={"prompt": prompt[:2_000]},
        outputs=outputs,
    )


def _read_row(row: Mapping[str, Any]) -> RecordedOutput:
    response, grading = as_dict(row.get("response")), as_dict(row.get("gradingResult"))
    usage = as_dict(response.get("tokenUsage"))
    components = [as_dict(one) for one in as_list(grading.get("componentResults"))]
    scores = {"pass": 1.0 if row.get("success") else 0.0, "score": as_score(row.get("score")) or 0.0}
    by_type: dict[str, list[float]] = {}
    for one in components:
        value = as_score(one.get("score"))
        if value is not None:
            by_type.setdefault(as_text(as_dict(one.get("assertion")).get("type")) or "other", []).append(value)
    scores |= {f"assert.{kind}": sum(values) / len(values) for kind, values in by_type.items()}
    named = {label: as_score(value) for label, value in as_dict(row.get("namedScores")).items()}
    scores |= {label: value for label, value in named.items() if value is not None}
    cost = as_score(response.get("cost"))
    failed = as_text(row.get("error")) if "output" not in response else ""
    return RecordedOutput(
        prompt=as_text(as_dict(row.get("prompt")).get("raw")),
        reference="\n".join(as_text(as_dict(one.get("assertion")).get("value")) for one in components).strip(),
        answer=as_text(response.get("output")),
        error=failed[:10_000] or None,
        finish_reason=as_text(response.get("finishReason")) or None,
        latency_ms=as_score(row.get("latencyMs")) or 0.0,
        input_tokens=as_count(usage.get("prompt")),
        output_tokens=as_count(usage.get("completion")),
        cost=None if cost is None else round(cost * 1_000_000),
        scores=scores,
    )
