"""Results of lm-evaluation-harness: `results_….json` with one `samples_TASK_….jsonl` per task."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.evals.imports.values import as_dict, as_list, as_score, as_text
from vong.evals.recorded_runs import RecordedOutput, RecordedRun

PROGRAM = "lm-evaluation-harness"


def read_lm_eval(
    name: str, document: Mapping[str, Any], samples: Mapping[str, Sequence[dict[str, Any]]]
) -> tuple[list[RecordedRun], set[str]]:
    """Return the runs of the tasks whose samples are there, and the names of the files of samples.

    Raises: InvalidInput if no task has samples.
    """
    found: list[RecordedRun] = []
    used: set[str] = set()
    config = as_dict(document.get("config"))
    model = as_text(document.get("model_name") or config.get("model") or "unknown")
    files = _find_files(name, list(as_dict(document.get("configs"))), samples)
    for task, settings in as_dict(document.get("configs")).items():
        file = files.get(task, "")
        if not file or not samples[file]:
            continue
        used.add(file)
        totals = as_dict(as_dict(document.get("results")).get(task))
        for filter_name in dict.fromkeys(as_text(row.get("filter", "none")) for row in samples[file]):
            rows = [row for row in samples[file] if as_text(row.get("filter", "none")) == filter_name]
            suffix = f",{filter_name}"
            own = {key.removesuffix(suffix): value for key, value in totals.items() if key.endswith(suffix)}
            scores = {
                metric: score
                for metric, value in own.items()
                if not metric.endswith("_stderr") and (score := as_score(value)) is not None
            }
            found.append(
                RecordedRun(
                    source=PROGRAM,
                    model=model,
                    dataset=task if filter_name == "none" else f"{task}.{filter_name}",
                    split=as_text(as_dict(settings).get("test_split") or as_dict(settings).get("validation_split"))
                    or "test",
                    scores=scores,
                    signatures={metric: _signature(document, task, filter_name, metric) for metric in scores},
                    settings={"model_args": as_text(config.get("model_args"))},
                    outputs=tuple(_read_output(row, scores) for row in rows),
                )
            )
    if not found:
        raise InvalidInput(
            f"{name!r} has no samples with the scores of single outputs",
            "run lm_eval with --log_samples and give samples_….jsonl as well",
        )
    return found, used


def _find_files(name: str, tasks: Sequence[str], files: Iterable[str]) -> dict[str, str]:
    """Return the file of samples of each task.

    A file belongs to the task with the longest name that fits, because names may begin alike (`arc` and `arc_easy`).
    If a task has several, that with the time of the results file is taken.
    """
    time = name.rpartition("/")[2].removeprefix("results").removesuffix(".json")
    found: dict[str, str] = {}
    for file in files:
        stem = file.rpartition("/")[2].removesuffix(".jsonl") + "_"
        task = max((task for task in tasks if stem.startswith(f"samples_{task}_")), key=len, default=None)
        if task is not None and (task not in found or stem == f"samples_{task}{time}_"):
            found[task] = file
    return found


def _signature(document: Mapping[str, Any], task: str, filter_name: str, metric: str) -> str:
    version = as_dict(document.get("versions")).get(task)
    shots = as_dict(document.get("n-shot")).get(task)
    program = as_text(document.get("lm_eval_version")) or "unknown"
    digest = as_text(as_dict(document.get("task_hashes")).get(task))[:12] or "unknown"
    return (
        f"lm-eval|{metric}|task:{task}|version:{version}|shots:{shots}|filter:{filter_name}|hash:{digest}|"
        f"program:{program}"
    )


def _read_output(row: Mapping[str, Any], metrics: Mapping[str, float]) -> RecordedOutput:
    requests = [as_dict(one) for one in as_dict(row.get("arguments")).values()]
    if not requests:
        requests = [{"arg_0": one[0], "arg_1": one[1] if len(one) > 1 else ""} for one in as_list(row.get("arguments"))]
    prompt = as_text(requests[0].get("arg_0")) if requests else as_text(row.get("doc"))
    responses = as_list(row.get("filtered_resps"))
    scores = {metric: value for metric in metrics if (value := as_score(row.get(metric))) is not None}
    reference, answer = as_text(row.get("target")), _chosen_choice(requests, responses)
    if answer is not None and len(requests) > 1 and reference.isdecimal() and int(reference) < len(requests):
        reference = as_text(requests[int(reference)].get("arg_1")).strip()
    return RecordedOutput(
        prompt=prompt,
        reference=reference,
        answer=_read_text(responses) if answer is None else answer,
        scores=scores,
    )


def _chosen_choice(requests: Sequence[Mapping[str, Any]], responses: Sequence[Any]) -> str | None:
    """Return the choice with the highest log-probability of a multiple-choice task. Returns None for other tasks."""
    likelihoods = [as_score(_number(one[0])) if isinstance(one, list) and len(one) == 2 else None for one in responses]
    if len(responses) == len(requests) and responses and all(value is not None for value in likelihoods):
        best = max(range(len(likelihoods)), key=lambda i: likelihoods[i] or 0.0)
        return as_text(requests[best].get("arg_1")).strip()
    return None


def _read_text(responses: Sequence[Any]) -> str:
    first = responses[0] if responses else ""
    while isinstance(first, list) and first:
        first = first[0]
    return as_text(first)


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
