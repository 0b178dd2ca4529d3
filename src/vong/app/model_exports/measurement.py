"""Measurement of one model in a process of its own: memory, speed and loss on completions.

`python -m vong.app.model_exports.measurement REQUEST` reads a JSON file and prints one line of JSON. A process per
model keeps the memory of other models out of the result.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from vong.errors import JobCancelled, VongError
from vong.records import Example
from vong.records.model_bundle import ExportMeasurement

SPEED_TOKENS = 64
"""Tokens generated to measure the speed."""
PROMPT_TOKENS = 16
MAX_ROW_TOKENS = 1024
"""Rows over this length are left out of the loss."""


class LossRow(NamedTuple):
    """Token ids of a row, and the position of the first token of its completion."""

    ids: list[int]
    first: int


def tokenize_rows(tokenizer: Any, examples: Iterable[Example], limit: int) -> list[LossRow]:
    """Return the first rows with a completion, tokenized as in training."""
    from vong.training.rows.tokenization import IGNORED_LABEL, select_trainable, tokenize_example

    trainable = select_trainable(islice(examples, limit * 4)).examples[: limit * 2]
    rows: list[LossRow] = []
    for example in trainable:
        found = tokenize_example(tokenizer, example)
        if len(found.ids) <= MAX_ROW_TOKENS:
            prompt = sum(1 for label in found.labels if label == IGNORED_LABEL)
            rows.append(LossRow(found.ids, max(1, prompt)))
    return rows[:limit]


def measure(
    model: Path,
    adapter: Path | None,
    program: str,
    rows: list[LossRow],
    threads: int,
    stop: threading.Event,
) -> ExportMeasurement:
    """Measure a model with `transformers` or `llamacpp`.

    Raises:
        JobCancelled: `stop` was set.
        VongError: The process failed.
    """
    request = {
        "model": str(model),
        "adapter": str(adapter) if adapter else None,
        "program": program,
        "rows": [list(row) for row in rows],
        "threads": threads,
    }
    with tempfile.TemporaryDirectory(prefix="vong-measure-") as folder:
        file = Path(folder) / "request.json"
        file.write_text(json.dumps(request), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None:
            if stop.wait(0.2):
                process.kill()
                process.wait()
                raise JobCancelled("the measurement was asked to stop", "start it again")
        output, errors = process.communicate()
    if process.returncode:
        lines = errors.strip().splitlines()
        raise VongError(f"the measurement failed: {lines[-1] if lines else process.returncode}", "see the server's log")
    return ExportMeasurement.model_validate_json(output.strip().splitlines()[-1])


def main() -> None:
    """Measure the model of a request and print the result."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = [LossRow(*row) for row in request["rows"]]
    measured = _measure_llamacpp if request["program"] == "llamacpp" else _measure_transformers
    before = _resident_bytes()
    speed, losses, tokens = measured(request, rows)
    result = ExportMeasurement(
        bytes=0,
        memory_bytes=max(0, _resident_bytes() - before),
        tokens_per_second=round(speed, 1),
        loss=sum(losses) / tokens if tokens else None,
        loss_rows=len(rows) if tokens else 0,
        loss_tokens=tokens,
    )
    sys.stdout.write(f"{result.model_dump_json()}\n")


def _measure_transformers(request: dict[str, Any], rows: list[LossRow]) -> tuple[float, list[float], int]:
    import logging

    import torch
    from transformers import AutoModelForCausalLM

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    torch.set_num_threads(request["threads"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model: Any = AutoModelForCausalLM.from_pretrained(
        request["model"], dtype=torch.float32, local_files_only=True, device_map=device
    )
    if request["adapter"]:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, request["adapter"])
    model.eval()
    losses: list[float] = []
    tokens = 0
    with torch.no_grad():
        prompt = torch.tensor([_prompt(rows)], device=device)
        options = {"do_sample": False, "min_new_tokens": SPEED_TOKENS, "max_new_tokens": SPEED_TOKENS}
        mask = torch.ones_like(prompt)

        def generate() -> None:
            model.generate(input_ids=prompt, attention_mask=mask, pad_token_id=0, **options)

        speed = SPEED_TOKENS / _time(generate)
        for row in rows:
            ids = torch.tensor([row.ids], device=device)
            log_probs = model(input_ids=ids).logits[0, row.first - 1 : -1].float().log_softmax(-1)
            chosen = log_probs.gather(1, ids[0, row.first :, None])
            losses.append(-float(chosen.sum()))
            tokens += len(row.ids) - row.first
    return speed, losses, tokens


def _measure_llamacpp(request: dict[str, Any], rows: list[LossRow]) -> tuple[float, list[float], int]:
    from vong.serving.engine import EngineSettings, GenerationRequest
    from vong.serving.engine.llamacpp.engine import LlamaCppEngine

    settings = EngineSettings(threads=request["threads"], batch=1, context=2 * MAX_ROW_TOKENS)
    engine = LlamaCppEngine(Path(request["model"]), settings)
    end = engine.encode(None, "a")[-1:]

    async def generate() -> int:
        # A bias keeps the model from ending before the requested number of tokens.
        prompt = GenerationRequest(
            prompt=tuple(_prompt(rows)), max_tokens=SPEED_TOKENS, temperature=0.0, logit_bias=((end[0], 1e6),)
        )
        count = 0
        async for chunk in engine.generate(prompt):
            count = max(count, chunk.completion_tokens)
        return count

    started = time.monotonic()
    count = asyncio.run(generate())
    speed = count / max(1e-9, time.monotonic() - started)

    async def score() -> tuple[list[float], int]:
        losses: list[float] = []
        for row in rows:
            scored = await engine.score(None, row.ids, 1, first=row.first)
            losses.append(-sum(entry.logprob or 0.0 for entry in scored[-(len(row.ids) - row.first) :]))
        return losses, sum(len(row.ids) - row.first for row in rows)

    losses, tokens = asyncio.run(score())
    return speed, losses, tokens


def _prompt(rows: list[LossRow]) -> list[int]:
    """Return the prompt for the speed: the beginning of the first row, or the same token repeated."""
    return rows[0].ids[:PROMPT_TOKENS] if rows else [3] * PROMPT_TOKENS


def _time(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return max(1e-9, time.monotonic() - started)


def _resident_bytes() -> int:
    import psutil

    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    main()
