"""Recognition of result files: lm-evaluation-harness, inspect_ai and promptfoo."""

from collections.abc import Sequence

from vong.errors import InvalidInput
from vong.evals.imports.inspect_log import is_archive, read_inspect_archive, read_inspect_log
from vong.evals.imports.lm_eval import read_lm_eval
from vong.evals.imports.promptfoo import read_promptfoo
from vong.evals.imports.values import parse_document, parse_lines
from vong.evals.recorded_runs import RecordedRun

HINT = (
    "give results_….json with its samples_….jsonl (lm_eval --log_samples), a log of inspect_ai (.eval or .json), "
    "or the output of promptfoo eval -o FILE.json"
)


def read_results(files: Sequence[tuple[str, bytes]]) -> list[RecordedRun]:
    """Return the runs in result files, each given as name and content.

    Raises: InvalidInput if a file is none of the known formats or contains no outputs.
    """
    found: list[RecordedRun] = []
    samples = {name: parse_lines(name, content) for name, content in files if name.endswith(".jsonl")}
    used: set[str] = set()
    for name, content in files:
        if name in samples:
            continue
        if is_archive(content):
            found.append(read_inspect_archive(name, content))
            continue
        document = parse_document(name, content)
        if "results" in document and "configs" in document:
            runs, names = read_lm_eval(name, document, samples)
            found += runs
            used |= names
        elif "eval" in document and "samples" in document:
            found.append(read_inspect_log(name, document))
        elif isinstance(document.get("results"), dict) and "results" in document["results"]:
            found += read_promptfoo(name, document)
        else:
            raise InvalidInput(f"{name!r} is no result file of a known program", HINT)
    if unused := sorted(samples.keys() - used):
        raise InvalidInput(f"{unused[0]!r} belongs to no results file of the upload", HINT)
    if not found:
        raise InvalidInput("no result files were given", HINT)
    return found
