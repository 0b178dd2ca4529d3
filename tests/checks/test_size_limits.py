"""Size limits of files and functions, and the places where a broad except is allowed.

`ratchet.json` lists everything that exceeds a limit today. The list may only shrink.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
RATCHET: dict[str, int] = json.loads((Path(__file__).parent / "ratchet.json").read_text())
FILE_LINES, HARD_FILE_LINES = 400, 600
FUNCTION_LINES = 60
PARAMETERS = 8
BANNED_NAMES = {"utils", "helpers", "common", "core", "manager", "service", "misc"}
BROAD_EXCEPT_HOMES = {
    "src/vong/serving/engine/transformers/continuous_batching.py": "the boundary of a request in an engine",
    "src/vong/serving/reconciler.py": "the boundary of the thread that looks after engines",
    "src/vong/api/openai/responder.py": "the boundary of a model call",
    "src/vong/jobs/runner.py": "the boundary of a job",
    "src/vong/training/models/architectures.py": "the code of a model in transformers, which raises any error",
    "src/vong/training/planning/inspection.py": "the boundary of a child process that loads a model",
    "src/vong/training/planning/row_lengths.py": "the chat template of a model, which raises any error",
    "src/vong/training/runs/failures.py": "errors of a full disk, which libraries wrap in their own",
    "src/vong/registry/hub.py": "huggingface_hub, whose HTTP library depends on its version",
    "src/vong/registry/model_files.py": "onnxruntime, whose errors share no class",
    "src/vong/serving/engine/embeddings/encoders.py": "onnxruntime, whose errors share no class",
    "src/vong/app/knowledge_ingestion.py": "the boundary of one document",
    "src/vong/knowledge/loading/child.py": "libraries that read files, which raise any error for a damaged one",
    "src/vong/knowledge/loading/pdf_fonts.py": "pypdf, which raises any error for a damaged file",
    "src/vong/knowledge/sources/sync.py": "the boundary of one page or file of a source",
    "src/vong/pipelines/execution/executor.py": "the boundary of a run",
    "src/vong/pipelines/calls/child.py": "the boundary of a child process that runs the code of an owner",
    "src/vong/pipelines/calls/adapters.py": "the schema of a library, for types of its users",
    "src/vong/pipelines/calls/process.py": "the boundary of one call within a shared process",
    "src/vong/pipelines/execution/step_run.py": "the boundary of a step",
    "src/vong/pipelines/steps/mcp.py": "the boundary of a library that raises groups of errors",
    "src/vong/text_templates/rendering.py": "operators and filters of a template, which raise any error",
    "src/vong/app/periodic.py": "the boundary of the threads that repeat work in the worker",
    "src/vong/app/monitor_worker.py": "the boundary of the thread that scores live answers",
    "src/vong/evals/sandbox/child.py": "code in the sandbox, which raises any error",
    "src/vong/evals/scorers/python_function.py": "the user's own function, which raises any error",
    "src/vong/serving/ray_cluster.py": "the boundary of the thread that looks after applications on Ray",
    "src/vong/training/runs/utilization.py": "NVML, whose errors share no class",
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def measure() -> dict[str, int]:
    """Return the name and the size of everything that exceeds a limit."""
    over: dict[str, int] = {}
    for file in SOURCES:
        name = file.relative_to(ROOT).as_posix()
        text = file.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > FILE_LINES:
            over[name] = lines
        for function in functions(ast.parse(text)):
            length = (function.end_lineno or 0) - function.lineno + 1
            arguments = function.args
            count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
            if length > FUNCTION_LINES:
                over[f"{name}:{function.name}"] = length
            if count > PARAMETERS + (1 if arguments.args and arguments.args[0].arg in {"self", "cls"} else 0):
                over[f"{name}:{function.name}()"] = count
    return over


def test_nothing_exceeds_its_limit_or_its_ratchet_entry() -> None:
    over = measure()
    grown = {name: size for name, size in over.items() if size > RATCHET.get(name, 0)}
    assert not grown, f"split these: {grown}"


def test_the_ratchet_has_no_stale_entry() -> None:
    over = measure()
    stale = {name: size for name, size in RATCHET.items() if over.get(name, 0) < size}
    assert not stale, f"lower or drop these in tests/checks/ratchet.json: {stale} (now {over})"


def test_no_file_exceeds_the_hard_limit() -> None:
    assert all(size <= HARD_FILE_LINES for name, size in measure().items() if name.endswith(".py"))


def test_no_file_has_a_meaningless_name() -> None:
    stage_files = [file for file in SOURCES if file.stem in BANNED_NAMES]
    assert not stage_files, stage_files


def is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False  # the handler cleans up and raises the error again
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds
    )


def test_broad_excepts_occur_only_at_process_boundaries() -> None:
    found = {
        f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    }
    stray = {place for place in found if place.rsplit(":", 1)[0] not in BROAD_EXCEPT_HOMES}
    assert not stray, stray


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_file_has_a_docstring_and_no_todo(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    if "migrations/versions" not in file.as_posix():
        assert ast.get_docstring(ast.parse(text)), "no docstring"
    for word in ("TODO", "FIXME", "XXX", "NotImplementedError"):
        assert word not in text, word
