"""Plan versus measurement: peak memory, and time after a probe, of runs of a small and of the bundled model.

Early stopping is off: a plan is the time of a run that makes all of its steps.
"""

import json
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FULL = {"method": "full", "learning_rate": 1e-5}
NF4 = {"quantization": "nf4"}
PACKED = {"packing": True, "max_length": 256}


class PlannedRun(NamedTuple):
    """Run to plan and to measure: its name, its settings, if it trains the bundled model, and on how many rows."""

    name: str
    settings: dict[str, Any]
    bundled: bool = False
    rows: int | None = None


RUNS = (
    PlannedRun("small, LoRA, batch 8", {}),
    PlannedRun("small, LoRA, batch 16", {"batch_size": 16}),
    PlannedRun("small, LoRA, batch 4 x 4, rank 64", {"batch_size": 4, "gradient_accumulation": 4, "lora_rank": 64}),
    PlannedRun("small, LoRA, two modules", {"target_modules": ["q_proj", "v_proj"]}),
    PlannedRun("small, LoRA, checkpointing", {"gradient_checkpointing": True}),
    PlannedRun("small, full, batch 4", {**FULL, "batch_size": 4}),
    PlannedRun("135M, LoRA, batch 8", {}, bundled=True),
    PlannedRun("135M, LoRA, batch 2", {"batch_size": 2}, bundled=True),
    PlannedRun("135M, LoRA, checkpointing", {"gradient_checkpointing": True}, bundled=True),
    PlannedRun("135M, full, batch 4", {**FULL, "batch_size": 4}, bundled=True),
    PlannedRun("small, LoRA, batch 1", {"batch_size": 1}),
    PlannedRun("small, LoRA, batch 4, packing", {**PACKED, "batch_size": 4}, rows=384),
    PlannedRun("small, full, batch 1", {**FULL, "batch_size": 1}),
    PlannedRun("small, full, batch 2, packing", {**FULL, **PACKED, "batch_size": 2}, rows=192),
    PlannedRun("small, QLoRA, batch 2", {**NF4, "batch_size": 2}),
    PlannedRun("small, QLoRA, batch 4, packing", {**NF4, **PACKED, "batch_size": 4}, rows=384),
    PlannedRun("135M, LoRA, batch 1", {"batch_size": 1}, bundled=True, rows=32),
    PlannedRun("135M, LoRA, batch 2, packing", {**PACKED, "batch_size": 2}, bundled=True, rows=32),
    PlannedRun("135M, QLoRA, batch 4", {**NF4, "batch_size": 4}, bundled=True),
)
ROWS = {False: 64, True: 16}
"""Training rows of the small random model, and of the bundled one, which takes a second per row."""


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Plan, probe and train each run in a process of its own, and compare memory and time."""
    with tempfile.TemporaryDirectory(prefix="vong-plan-") as folder:
        chosen = [RUNS[number - 1] for number in options.runs] or RUNS
        if options.base:
            (Path(folder) / "bundled").symlink_to(Path(options.base).resolve())
        elif any(one.bundled for one in chosen):
            prepare_base(Path(folder) / "bundled")
        for planned in chosen:
            results: dict[str, Any] = {}
            for step in ("probe", "train"):
                request = json.dumps(planned._asdict())
                command = [sys.executable, "-m", "benchmarks.training_plan", step, folder, request]
                known = json.dumps(results)
                done = subprocess.run(command, input=known, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(f"{planned.name}: {done.stderr[-2000:]}")
                results |= json.loads(done.stdout.strip().splitlines()[-1])
            memory, peak = results["planned_bytes"], results["peak_bytes"]
            seconds, taken = results["planned_seconds"], results["seconds"]
            yield (
                planned.name,
                (
                    f"{memory / 1e9:.2f} GB planned, {peak / 1e9:.2f} measured ({memory / peak - 1:+.0%}); "
                    f"{seconds:.0f} s planned, {taken:.0f} measured ({seconds / taken - 1:+.0%})"
                ),
            )


def prepare_base(folder: Path) -> Path:
    """Convert the bundled model to safetensors in `folder`."""
    from vong.registry import bundled_model
    from vong.training import convert_gguf

    return convert_gguf(bundled_model.find_bundled_gguf(), folder)


def run_step(step: str, folder: Path, planned: PlannedRun, known: dict[str, Any]) -> dict[str, Any]:
    """Probe or train in this process, and return what was planned or measured."""
    import time
    from dataclasses import replace

    from benchmarks.training import read_examples
    from tests.training.factories import Recorder, create_context
    from vong.processes import peak_resident_bytes
    from vong.records import Message
    from vong.training import planning
    from vong.training.planning.probe import run_probe
    from vong.training.recipes.sft import SftRecipe

    base = folder / "bundled" if planned.bundled else create_base(folder / "base")
    options = {"samples": 0, "lora_rank": 16, "epochs": 1, "batch_size": 8, "early_stopping_patience": None}
    options |= planned.settings
    rows = planned.rows or ROWS[planned.bundled]
    context = create_context(base, folder / f"{step}-{time.time_ns()}", options, train=rows, validation=16)
    if planned.bundled:
        tickets = read_examples(rows + 8)
        train, validation = tickets[:rows], tickets[rows:]
    else:
        validation = context.validation
        train = [
            row.model_copy(update={"messages": (Message(role="user", content=f"{row.prompt_text} " * (4 + n % 9)),)})
            for n, row in enumerate(context.train)
        ]
    context = replace(context, train=train, validation=validation, threads=0)
    if step == "probe":
        result = run_probe(SftRecipe(), context, Recorder())
        inputs = plan_inputs(base, context, ())
        planned = planning.estimate(inputs, context.settings)
        measurement = planning.Measurement(
            source="probe", is_probe=True, machine=inputs.machine.name, recipe="sft",
            settings=context.settings.model_dump(mode="json"),
            **result.model_dump(exclude={"steps", "device"}),
        )  # fmt: skip
        timed = planning.estimate(replace(inputs, measurements=(measurement,)), context.settings)
        return {"planned_bytes": planned.memory_bytes, "planned_seconds": timed.seconds}
    started = time.monotonic()
    SftRecipe().train(context, Recorder())
    return {**known, "seconds": time.monotonic() - started, "peak_bytes": peak_resident_bytes()}


def plan_inputs(base: Path, context: Any, measurements: Any) -> Any:
    """Return the inputs of a plan for a context."""
    from tokenizers import Tokenizer

    from vong.training import planning
    from vong.training.planning.row_lengths import load_template

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    template = load_template((base / "chat_template.jinja").read_text(), (base / "tokenizer_config.json").read_bytes())
    return planning.PlanInputs(
        recipe="sft",
        dataset="benchmark",
        shape=planning.read_model_structure(json.loads((base / "config.json").read_text())),
        train=planning.measure_rows(context.train, tokenizer, template),
        validation=planning.measure_rows(context.validation, tokenizer, template),
        machine=planning.detect_machine(),
        measurements=measurements,
    )


def create_base(folder: Path) -> Path:
    """Write a random Llama of 11 M parameters with the tokenizer of the tests, unless it exists."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.tiny_model import create_tiny_model

    if (folder / "config.json").exists():
        return folder
    create_tiny_model(folder)
    values = json.loads((folder / "config.json").read_text())
    sizes = {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 6}
    LlamaForCausalLM(LlamaConfig(**{**values, **sizes, "head_dim": 64})).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    chosen = PlannedRun(**json.loads(sys.argv[3]))
    print(json.dumps(run_step(sys.argv[1], Path(sys.argv[2]), chosen, json.loads(sys.stdin.read()))))
