"""Speed, memory and final loss of supervised fine-tuning beside other trainers, on the sample tickets.

Each trainer runs in a process of its own on the same rows, with the same model, adapter, batch size and learning rate:
Vong's recipe `sft`, TRL's SFTTrainer without gradient checkpointing and with it (its default), and LLaMA-Factory if
`--llamafactory` names the interpreter of a virtual environment that has it. A token is counted once for each row,
without padding. LLaMA-Factory's chat template ends a row with two further tokens, which its count includes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TRAINERS = ("vong", "trl", "trl with checkpointing")
LEARNING_RATE = 1e-3
EPOCHS = 1
BATCH_SIZE = 8
SAMPLES = Path(__file__).parent.parent / "samples" / "tickets.jsonl"


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield tokens per second, CPU seconds, peak memory and the mean loss of the last quarter of each trainer."""
    with tempfile.TemporaryDirectory(prefix="vong-bench-") as folder:
        base = prepare_base(Path(folder))
        results: dict[str, dict[str, float]] = {}
        for trainer in options.trainers or TRAINERS:
            arguments = [trainer, str(base), folder, str(options.rows)]
            results[trainer] = run_trainer([sys.executable, "-m", "benchmarks.training", *arguments])
        if options.llamafactory:
            arguments = prepare_llamafactory(base, Path(folder) / "llamafactory", options.rows)
            results["llamafactory"] = run_trainer([options.llamafactory, *arguments])
    for trainer, result in results.items():
        yield f"{trainer}: tokens/s", f"{result['tokens'] / result['seconds']:.1f}"
        yield f"{trainer}: CPU seconds", f"{result['cpu_seconds']:.1f}"
        yield f"{trainer}: peak memory, MB", f"{result['peak_memory'] / 1e6:,.0f}"
        yield f"{trainer}: loss of the last quarter", f"{result['loss']:.4f}"
    ours = results.get("vong")
    for name in ("trl", "llamafactory"):
        if ours and (peer := results.get(name)):
            ratio = ours["tokens"] / ours["seconds"] / (peer["tokens"] / peer["seconds"])
            yield f"vong / {name}, tokens/s", f"{ratio:.2f}"
            yield f"vong / {name}, loss", f"{ours['loss'] / peer['loss']:.4f}"


def run_trainer(command: list[str]) -> dict[str, float]:
    """Run a trainer in a process of its own and return the result that it prints as its last line."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def prepare_llamafactory(base: Path, folder: Path, rows: int) -> list[str]:
    """Write the rows as files of LLaMA-Factory, and return the arguments of its interpreter."""
    folder.mkdir()
    examples = [
        {"instruction": example.messages[0].text, "input": "", "output": example.completion.text}
        for example in read_examples(rows)
    ]
    (folder / "rows.json").write_text(json.dumps(examples), encoding="utf-8")
    settings = {"batch_size": BATCH_SIZE, "learning_rate": LEARNING_RATE, "epochs": EPOCHS}
    script = Path(__file__).parent / "training_llamafactory.py"
    return [str(script), str(base), str(folder), json.dumps(settings)]


def prepare_base(folder: Path) -> Path:
    """Return the folder of the bundled model, converted to safetensors."""
    from vong.registry import bundled_model
    from vong.training import convert_gguf

    return convert_gguf(bundled_model.find_bundled_gguf(), folder / "base")


def read_examples(count: int) -> list[Any]:
    """Return the first sample tickets as examples."""
    from vong.records import Example, Message

    tickets = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()[:count]]
    return [
        Example(
            messages=(Message(role="user", content=ticket["text"]),),
            completion=Message(role="assistant", content=json.dumps(ticket["triage"])),
        )
        for ticket in tickets
    ]


def train_vong(base: Path, folder: Path, rows: int) -> list[float]:
    """Train with the recipe `sft` and return the losses."""
    from vong.training import SftSettings, TrainingContext
    from vong.training.recipes.sft import SftRecipe

    reporter = LossReporter()
    settings = SftSettings(epochs=EPOCHS, learning_rate=LEARNING_RATE, batch_size=BATCH_SIZE)
    context = TrainingContext(
        base=base,
        base_ref="base",
        train=read_examples(rows),
        validation=[],
        settings=settings,
        folder=folder / "vong",
        threads=int(os.environ.get("OMP_NUM_THREADS", "0")),
    )
    context.folder.mkdir()
    SftRecipe().train(context, reporter)
    return reporter.losses


def train_trl(base: Path, folder: Path, rows: int, *, checkpointing: bool) -> list[float]:
    """Train with TRL's SFTTrainer and the same settings, and return the losses."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    examples = [
        {
            "prompt": [{"role": "user", "content": example.messages[0].text}],
            "completion": [{"role": "assistant", "content": example.completion.text}],
        }
        for example in read_examples(rows)
    ]
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        processing_class=AutoTokenizer.from_pretrained(base),
        train_dataset=Dataset.from_list(examples),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
        args=SFTConfig(
            output_dir=str(folder / f"trl-{checkpointing}"),
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="cosine",
            warmup_steps=1,
            gradient_checkpointing=checkpointing,
            bf16=False,
            use_cpu=True,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
    )
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


class LossReporter:
    """Training reporter that keeps the losses."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Keep the loss of a step."""
        del step
        self.losses += [values["loss"]] if "loss" in values else []

    def progress(self, done: float, total: float, message: str) -> None:
        """Ignore the progress."""

    def log_samples(self, samples: Any) -> None:
        """Ignore generated samples."""

    def warn(self, text: str) -> None:
        """Ignore a warning."""

    def log(self, line: str) -> None:
        """Ignore a line."""


def count_tokens(base: Path, rows: int) -> int:
    """Return the tokens of all rows, without padding."""
    from vong.training.models.model_loading import load_tokenizer
    from vong.training.rows.tokenization import tokenize_examples

    return EPOCHS * sum(len(row.ids) for row in tokenize_examples(load_tokenizer(base), read_examples(rows), 1024).rows)


def main() -> None:
    """Train with one trainer and print the result as JSON: `python -m benchmarks.training TRAINER BASE FOLDER ROWS`."""
    import resource
    from importlib import import_module

    # As in a training job: spinning threads would take CPU time from other processes.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    import_module("trl.trainer.sft_trainer")  # so that the import is not measured

    trainer, base, folder, rows = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(0)
    tokens = count_tokens(base, rows)
    started, cpu = time.monotonic(), time.process_time()
    if trainer == "vong":
        losses = train_vong(base, folder, rows)
    else:
        losses = train_trl(base, folder, rows, checkpointing=trainer != "trl")
    last = losses[-max(1, len(losses) // 4) :]
    result = {
        "tokens": tokens,
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "loss": sum(last) / len(last),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
