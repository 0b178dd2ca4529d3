"""Sample generations of a run: fixed validation prompts, answered by the base and by the model in training.

Generation is greedy and changes neither the weights nor any random state, so that a run with samples has the same
result as one without.
"""

import json
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from vong.records import Example
from vong.records.sample import TrainingSample
from vong.training.progress import TrainingReporter
from vong.training.rows.tokenization import to_template_message
from vong.training.scoring.sample_scores import SampleScorer, SampleScores

BASE_FILE = "samples.json"
"""File in the folder of a run with the outputs of the base."""

TIME_SHARE = 0.02
"""Share of the time of a run that samples may take. An evaluation that would exceed it has no samples."""

LAST_TIME_SHARE = 0.01
"""Share of the time of a run that the samples of its last evaluation may take in addition."""

REFERENCE_MARGIN = 1.25
"""Length limit of an output relative to the longest reference, if no scorer needs the whole output."""

MAX_DOCUMENT_PROMPT_CHARS = 400
"""Characters of a plain text document that are the prompt. The text after them is the reference."""


class SamplePrompt(NamedTuple):
    """Prompt as the model receives it (`rendered`), as a reader sees it (`prompt`), and its reference."""

    rendered: str
    prompt: str
    reference: str


class SampleLimits(NamedTuple):
    """Limits of generation: new tokens per output, and rows per batch."""

    tokens: int
    batch_size: int


class SampleWriter:
    """Writer of the samples of one run.

    If generation fails for a model, a warning is reported once and the run continues without samples.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompts: Sequence[SamplePrompt],
        limits: SampleLimits,
        *,
        folder: Path,
        reporter: TrainingReporter,
        score: SampleScorer | None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._prompts = prompts
        self._limits = limits
        self._folder = folder
        self._reporter = reporter
        self._score = score
        self._base_outputs: list[str] = []
        self._started_at = time.monotonic()
        self._seconds = 0.0
        self._last_seconds = 0.0

    def write_base(self) -> None:
        """Generate the outputs of the base, unless an earlier attempt has stored them. Call it before training."""
        stored = self._folder / BASE_FILE
        rendered = [prompt.rendered for prompt in self._prompts]
        try:
            values = json.loads(stored.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            values = {}
        if values.get("prompts") == rendered:
            self._base_outputs = values["outputs"]
            return
        outputs = self._generate()
        if outputs is None:
            return
        self._base_outputs = outputs
        partial = self._folder / f".{BASE_FILE}"
        partial.write_text(json.dumps({"prompts": rendered, "outputs": outputs}), encoding="utf-8")
        partial.replace(stored)
        self._report(0, outputs)

    def write(self, step: int, total: int) -> dict[str, float]:
        """Generate and report samples of an evaluation. Return the metrics `sample_NAME` of the scorers, if any."""
        if not self._prompts or not self._fits_time(step, total):
            return {}
        outputs = self._generate()
        return self._report(step, outputs) if outputs is not None else {}

    def _fits_time(self, step: int, total: int) -> bool:
        if self._score is not None:
            return True
        elapsed = time.monotonic() - self._started_at
        if step >= total and self._last_seconds <= LAST_TIME_SHARE * elapsed:
            return True
        return self._seconds + self._last_seconds <= TIME_SHARE * elapsed

    def _generate(self) -> list[str] | None:
        started_at = time.monotonic()
        try:
            with preserved_state(self._model):
                return generate_greedy(
                    self._model, self._tokenizer, [prompt.rendered for prompt in self._prompts], self._limits
                )
        except (RuntimeError, ValueError, TypeError, AttributeError) as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            self._reporter.warn(f"samples are left out, because the model could not generate: {reason}")
            self._prompts = ()
            return None
        finally:
            self._last_seconds = time.monotonic() - started_at
            self._seconds += self._last_seconds

    def _report(self, step: int, outputs: Sequence[str]) -> dict[str, float]:
        scores = SampleScores({}, [{} for _ in outputs])
        if self._score is not None:
            scores = self._score(outputs, [prompt.reference for prompt in self._prompts])
        self._reporter.log_samples(
            [
                TrainingSample(
                    step=step,
                    number=number,
                    prompt=prompt.prompt,
                    reference=prompt.reference,
                    base_output=base,
                    output=output,
                    scores=sample_scores,
                )
                for number, (prompt, base, output, sample_scores) in enumerate(
                    zip(self._prompts, self._base_outputs, outputs, scores.samples, strict=True)
                )
            ]
        )
        metrics = {f"sample_{name}": value for name, value in scores.totals.items()}
        if metrics and step == 0:
            self._reporter.log_metrics(0, metrics)
        return metrics


def select_prompts(tokenizer: Any, examples: Sequence[Example], count: int) -> list[SamplePrompt]:
    """Return prompts of at most `count` different examples, spread evenly over all examples that have one."""
    different = {example.hash: example for example in reversed(examples)}
    usable = [example for example in reversed(different.values()) if example.text or example.messages]
    chosen = [usable[index * len(usable) // count] for index in range(count)] if len(usable) > count else usable
    return [prompt for example in chosen if (prompt := build_prompt(tokenizer, example)) is not None]


def build_prompt(tokenizer: Any, example: Example) -> SamplePrompt | None:
    """Return the prompt of an example. Returns None if it has none, or the tokenizer has no chat template."""
    if example.text:
        cut = min(len(example.text) // 2, MAX_DOCUMENT_PROMPT_CHARS)
        cut = example.text.rfind(" ", 0, cut) if " " in example.text[:cut] else cut
        return SamplePrompt(example.text[:cut], example.text[:cut], example.text[cut : 2 * cut].strip())
    messages, completion = example.messages, example.completion
    if completion is None and messages and messages[-1].role == "assistant":
        messages, completion = messages[:-1], messages[-1]
    if not messages or not tokenizer.chat_template:
        return None
    options: dict[str, Any] = {"tools": list(example.tools)} if example.tools else {}
    rendered: str = tokenizer.apply_chat_template(
        [to_template_message(message) for message in messages], tokenize=False, add_generation_prompt=True, **options
    )
    one = len(messages) == 1
    prompt = messages[0].text if one else "\n".join(f"{message.role}: {message.text}" for message in messages)
    return SamplePrompt(rendered, prompt, completion.text if completion else "")


def limit_tokens(tokenizer: Any, prompts: Sequence[SamplePrompt], limit: int) -> int:
    """Return the limit of new tokens: not much longer than the longest reference, if all prompts have one."""
    if not all(prompt.reference for prompt in prompts):
        return limit
    lengths = [len(tokenizer(prompt.reference, add_special_tokens=False)["input_ids"]) for prompt in prompts]
    return min(limit, int(max(lengths, default=limit) * REFERENCE_MARGIN) + 4)


def generate_greedy(model: Any, tokenizer: Any, prompts: Sequence[str], limits: SampleLimits) -> list[str]:
    """Return the greedy completion of each prompt, without special tokens. Prompts are padded on the left."""
    import torch

    outputs: list[str] = []
    device = next(model.parameters()).device
    ends = _end_tokens(model, tokenizer)
    for start in range(0, len(prompts), limits.batch_size):
        rows = [
            tokenizer(text, add_special_tokens=False)["input_ids"]
            for text in prompts[start : start + limits.batch_size]
        ]
        longest = max(len(row) for row in rows)
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
        ids = torch.tensor([[pad] * (longest - len(row)) + row for row in rows], device=device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
        generated = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=limits.tokens,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            use_cache=True,
            pad_token_id=pad,
            eos_token_id=ends,
        )
        outputs += tokenizer.batch_decode(generated[:, longest:], skip_special_tokens=True)
    return [output.strip() for output in outputs]


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an output: those of the tokenizer and of the model's own configuration."""
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    return list(dict.fromkeys(end for end in (tokenizer.eos_token_id, *ends) if isinstance(end, int)))


@contextmanager
def preserved_state(model: Any) -> Generator[None]:
    """Switch the model to evaluation without gradients, and restore its modes and all random states afterwards."""
    import random

    import numpy
    import torch

    modes = [(module, module.training) for module in model.modules()]
    python_state, numpy_state = random.getstate(), numpy.random.get_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            random.setstate(python_state)
            numpy.random.set_state(numpy_state)
