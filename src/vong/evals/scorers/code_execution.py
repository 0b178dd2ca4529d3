"""Functional correctness of code, by running its tests in the sandbox."""

import re
from typing import Annotated

from pydantic import Field

from vong.evals import sandbox
from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.fences import find_code_blocks, remove_fence

GROUP = "execution"
LANGUAGES = {"", "python", "py", "python3"}


def code_execution(
    tests: str = "test",
    entry_point: str = "entry_point",
    prompt: str = "",
    k: tuple[int, ...] = (1,),
    seconds: Annotated[float, Field(gt=0, le=60)] = 3.0,
    memory_mb: Annotated[int, Field(ge=128, le=8192)] = 512,
) -> Scorer:
    """Run the Python code of an output with the example's tests; `pass@1` is the share of outputs that pass.

    The code is the last Python code block of the output, or the whole output if it has none. `tests`: metadata field
    with the test code. `entry_point`: metadata field with the name of the tested function; if an example has it and the
    tests define `check`, `check(NAME)` is called, as in HumanEval. `prompt`: metadata field with code before the
    output, for models that continue a function. Examples without tests are not scored.

    `k`: also compute `pass@K` by the unbiased estimator 1 - C(n - c, k) / C(n, k) of Chen et al. 2021, from the n
    samples of each example (run setting `samples`), c of which pass. `seconds` and `memory_mb` limit each sample.

    The code runs in a separate process that cannot open files, sockets or processes; only modules of the standard
    library can be imported. This needs Linux, otherwise the scorer is refused. The sandbox cannot detect code that was
    written to deceive its own tests.
    """
    sandbox.check_available()
    wanted = tuple(sorted({1, *k}))

    def build_program(text: str, scored: ScorerInput) -> str:
        code = extract_code(text)
        before = str(scored.metadata.get(prompt, "")) if prompt else ""
        checks, name = str(scored.metadata[tests]), str(scored.metadata.get(entry_point) or "")
        call = f"\ncheck({name})\n" if name.isidentifier() and re.search(r"^def check\(", checks, re.MULTILINE) else ""
        return f"{before}{code}\n{checks}\n{call}"

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        if not scored.metadata.get(tests):
            return {}
        texts = scored.samples or (scored.output,)
        programs = [build_program(text, scored) for text in texts]
        results = sandbox.run_programs(programs, seconds=seconds, memory_mb=memory_mb)
        correct = sum(result.status == "passed" for result in results)
        detail = next((result.detail for result in results if result.status != "passed"), "")
        return {
            f"pass@{size}": mean_metric(pass_at_k(len(texts), correct, size), detail if size == 1 else "")
            for size in wanted
            if size <= len(texts)
        }

    def warn(scored: ScorerInput) -> str:
        if not scored.metadata.get(tests):
            return f"an example has no tests in the metadata field {tests!r} and is not scored"
        samples = len(scored.samples or (scored.output,))
        return f"pass@{wanted[-1]} needs {wanted[-1]} samples; set samples" if wanted[-1] > samples else ""

    isolation = f"seconds:{seconds:g}|memory:{memory_mb} MB|isolation:{sandbox.ISOLATION}"
    return build_input_scorer(
        f"code_execution|tests:{tests}|prompt:{prompt or 'none'}|k:{'+'.join(map(str, wanted))}|{isolation}",
        measure_input,
        uses_reference=False,
        metrics=tuple(f"pass@{size}" for size in wanted),
        warn=warn,
    )


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Return the unbiased estimate of the probability that one of k samples is correct (Chen et al. 2021)."""
    if samples - correct < k:
        return 1.0
    failing = 1.0
    for i in range(samples - correct + 1, samples + 1):
        failing *= 1.0 - k / i
    return 1.0 - failing


def extract_code(text: str) -> str:
    """Return the last Python code block of a text, or the whole text if it has none."""
    python = [block.code for block in find_code_blocks(text) if block.language in LANGUAGES]
    return python[-1] if python else remove_fence(text)
