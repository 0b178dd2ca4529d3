"""Experiment of the LoRA paper on the E2E NLG Challenge, in small: a sentence about a restaurant from its attributes.

`python -m benchmarks e2e-nlg --data FOLDER` reads `devset.csv` and `trainset.csv` (or `trainset_rebuilt.csv.gz`) in the
format of the challenge: the columns `mr` (meaning representation) and `ref` (reference sentence). The recipe `sft`
trains the bundled model on a random subset of the train set. The tuned model answers a random subset of the meaning
representations of the dev set; the untuned model answers the same ones after worked examples. Both are scored against
all references of each meaning representation.
"""

import argparse
import csv
import gzip
import io
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TRAIN_FILES = ("trainset.csv", "trainset_rebuilt.csv.gz")
DEV_FILE = "devset.csv"
VALIDATION_ROWS = 32
EVALUATIONS = 2
SHOTS = 3
MAX_NEW_TOKENS = 96
GENERATION_BATCH = 16
SEED = 0
PROGRESS_SECONDS = 20.0

LORA: dict[str, Any] = {
    "lora_rank": 4,
    "lora_alpha": 32,
    "target_modules": "q_proj,v_proj",
    "scheduler": "linear",
    "batch_size": 8,
}
"""Settings of the paper for GPT-2 M: rank 4 and alpha 32 on the query and value projections, batches of 8 rows."""

SCORERS = ("bleu:lowercase=true", "rouge", "chrf")
"""BLEU ignores case. The metric code of the challenge was not run, so figures of papers are not comparable exactly."""

PAPER = {"bleu": 70.4, "rougeL": 71.8}
"""LoRA on GPT-2 M (0.35 M trained parameters), all 42,061 rows, 5 epochs, test set (Hu et al. 2021, table 3)."""


class Data(NamedTuple):
    """Rows of the train set, and the references of each meaning representation of the dev set."""

    train: list[tuple[str, str]]
    dev: dict[str, list[str]]


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Train, answer and score, and yield a figure each."""
    if options.data is None:
        raise SystemExit("e2e-nlg needs --data FOLDER, with the files of the E2E NLG Challenge")
    # As in a training job: spinning threads would take CPU time from other processes.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from benchmarks.training import prepare_base

    with tempfile.TemporaryDirectory(prefix="vong-e2e-") as folder:
        base = prepare_base(Path(folder))
        yield from run_experiment(base, Path(folder) / "run", read_data(Path(options.data)), options)


def run_experiment(base: Path, folder: Path, data: Data, options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Run the experiment with a base model. `options` has `train_rows`, `meanings`, `epochs` and `beams`."""
    from vong.training.models.model_loading import load_tokenizer

    threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    rows = random.Random(SEED).sample(data.train, min(len(data.train), options.train_rows + VALIDATION_ROWS + SHOTS))
    shots, validation, train = rows[:SHOTS], rows[SHOTS : SHOTS + VALIDATION_ROWS], rows[SHOTS + VALIDATION_ROWS :]
    meanings = random.Random(SEED).sample(sorted(data.dev), min(options.meanings, len(data.dev)))
    references = [data.dev[meaning] for meaning in meanings]
    yield "rows for training", f"{len(train):,} of {len(data.train):,}, {options.epochs:g} epochs"
    yield (
        "meaning representations of the dev set",
        f"{len(meanings)} of {len(data.dev)}, {sum(map(len, references)) / len(references):.1f} references each",
    )
    started_at = time.monotonic()
    result = train_adapter(base, folder, train, validation, options.epochs, threads)
    summary = result.summary
    yield (
        "training",
        (
            f"{time.monotonic() - started_at:.0f} s, {summary['steps']} steps, {summary['tokens']:,} tokens, "
            f"{summary['tokens_per_second']} tokens/s, eval loss {summary['best_eval_loss']:.4f}"
        ),
    )
    tokenizer = load_tokenizer(base)
    for name, adapter, worked in ((f"untuned, {SHOTS} shots", None, shots), ("tuned", result.folder, [])):
        started_at = time.monotonic()
        prompts = [build_prompt(tokenizer, meaning, worked) for meaning in meanings]
        outputs = generate(base, adapter, tokenizer, prompts, beams=options.beams, label=name)
        scores, signatures = score(outputs, references)
        yield f"{name}: outputs", f"{time.monotonic() - started_at:.0f} s, for example: {outputs[0]}"
        for metric, value in scores.items():
            yield f"{name}: {metric}", f"{value:.1f}"
    for metric, value in PAPER.items():
        yield f"GPT-2 M with LoRA on the test set: {metric}", f"{value:.1f} (paper, other metric code)"
    yield from ((f"signature of {name}", signature) for name, signature in signatures.items())


def read_data(folder: Path) -> Data:
    """Read the rows of the challenge.

    Raises:
        SystemExit: A file is missing.
    """
    train = next((folder / name for name in TRAIN_FILES if (folder / name).is_file()), None)
    if train is None or not (folder / DEV_FILE).is_file():
        raise SystemExit(f"{folder} must contain {DEV_FILE} and {' or '.join(TRAIN_FILES)}")
    dev: dict[str, list[str]] = {}
    for meaning, reference in read_rows(folder / DEV_FILE):
        dev.setdefault(meaning, []).append(reference)
    return Data(read_rows(train), dev)


def read_rows(file: Path) -> list[tuple[str, str]]:
    """Return the meaning representation and the reference of each row of a CSV file, which may be gzipped."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    return [(row["mr"], row["ref"].strip()) for row in csv.DictReader(lines)]


def train_adapter(
    base: Path,
    folder: Path,
    train: Sequence[tuple[str, str]],
    validation: Sequence[tuple[str, str]],
    epochs: float,
    threads: int,
) -> Any:
    """Train with the recipe `sft` and return its result."""
    from vong.training import SftSettings, TrainingContext
    from vong.training.recipes.sft import SftRecipe

    folder.mkdir(parents=True)
    settings = SftSettings.model_validate(
        {
            **LORA,
            "epochs": epochs,
            "learning_rate": 1e-3,
            "samples": 0,
            "eval_every": max(1, int(len(train) * epochs / LORA["batch_size"] / EVALUATIONS)),
            "checkpoint_every": 1000,
            "seed": SEED,
        }
    )
    context = TrainingContext(
        base=base,
        base_ref="base",
        train=[to_example(*row) for row in train],
        validation=[to_example(*row) for row in validation],
        settings=settings,
        folder=folder,
        threads=threads,
    )
    return SftRecipe().train(context, ProgressReporter())


def to_example(meaning: str, reference: str) -> Any:
    """Return a row as an example of a conversation."""
    from vong.records import Example, Message

    return Example(
        messages=(Message(role="user", content=meaning),), completion=Message(role="assistant", content=reference)
    )


def build_prompt(tokenizer: Any, meaning: str, shots: Sequence[tuple[str, str]]) -> str:
    """Return the prompt of a meaning representation after worked examples, in the chat template of the model."""
    messages: list[dict[str, str]] = []
    for shown, reference in shots:
        messages += [{"role": "user", "content": shown}, {"role": "assistant", "content": reference}]
    messages.append({"role": "user", "content": meaning})
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def generate(
    base: Path, adapter: Path | None, tokenizer: Any, prompts: Sequence[str], *, beams: int, label: str
) -> list[str]:
    """Return the output of each prompt: greedy with one beam, otherwise beam search with length penalty 0.8."""
    import torch

    from vong.training.models.fast_linear import use_onednn_linears
    from vong.training.models.model_loading import load_causal_model
    from vong.training.rows.tokenization import find_end_tokens

    model: Any = load_causal_model(base, dtype=torch.float32)
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    use_onednn_linears(model)
    model.eval()
    model.config.use_cache = True
    outputs: list[str] = []
    started_at = time.monotonic()
    batch_size = max(1, GENERATION_BATCH // beams)
    for start in range(0, len(prompts), batch_size):
        encoded = [
            tokenizer(text, add_special_tokens=False)["input_ids"] for text in prompts[start : start + batch_size]
        ]
        longest = max(map(len, encoded))
        pad = tokenizer.pad_token_id
        with torch.inference_mode():
            generated = model.generate(
                input_ids=torch.tensor([[pad] * (longest - len(ids)) + ids for ids in encoded]),
                attention_mask=torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in encoded]),
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                num_beams=beams,
                **({"length_penalty": 0.8} if beams > 1 else {}),
                pad_token_id=pad,
                eos_token_id=sorted(find_end_tokens(tokenizer)),
            )
        texts = tokenizer.batch_decode(generated[:, longest:], skip_special_tokens=True)
        outputs += [" ".join(text.split()) for text in texts]
        print(f"  {label}: {len(outputs)} of {len(prompts)} outputs, {time.monotonic() - started_at:.0f} s", flush=True)
    return outputs


def score(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[dict[str, float], dict[str, str]]:
    """Return BLEU, ROUGE-L and chrF in 0 to 100 against all references, and the signatures of the scorers."""
    from vong.evals import scoring

    scorers = scoring.build_scorers(SCORERS)
    measured = [
        scoring.score_output(scorers, output, *correct) for output, correct in zip(outputs, references, strict=True)
    ]
    totals = scoring.compute_totals(scorers, measured)
    scores = {"bleu": totals["bleu"], "rougeL": 100 * totals["rougeL"], "chrf": totals["chrf"]}
    return scores, scoring.collect_signatures(scorers, several_references=True)


class ProgressReporter:
    """Training reporter that prints the progress every 20 seconds, and each evaluation."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._shown_at = 0.0
        self._loss = float("nan")

    def log_metrics(self, step: int, values: dict[str, float]) -> None:
        """Print an evaluation, and keep the loss of a step."""
        self._loss = values.get("loss", self._loss)
        if "eval_loss" in values:
            print(f"  training: step {step}, eval loss {values['eval_loss']:.4f}", flush=True)

    def progress(self, done: float, total: float, message: str) -> None:
        """Print the progress of the training."""
        del message
        seconds = time.monotonic() - self._started_at
        if seconds - self._shown_at >= PROGRESS_SECONDS:
            self._shown_at = seconds
            print(f"  training: step {done:.0f} of {total:.0f}, loss {self._loss:.3f}, {seconds:.0f} s", flush=True)

    def log_samples(self, samples: Any) -> None:
        """Ignore generated samples."""

    def warn(self, text: str) -> None:
        """Print a warning."""
        print(f"  warning: {text}", flush=True)

    def log(self, line: str) -> None:
        """Ignore a line."""
