"""Reward models: loading for training, and scoring of completions with a trained one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput
from vong.pretrained_models import load_scoring_model
from vong.records import Example, Message
from vong.training.device import Device
from vong.training.models.model_loading import attach_adapter, has_tokenizer, load_tokenizer, loading_options
from vong.training.rows.chat_template_choice import apply_template_choice
from vong.training.rows.tokenization import tokenize_example
from vong.training.scoring.rewards import RewardModelFiles
from vong.training.settings import TrainingSettings


def load_reward_tokenizer(base: Path, template: str | None = None) -> Any:
    """Load a tokenizer whose padding token differs from the end-of-turn token. `template` is the chosen chat template.

    The head of a reward model reads the last token that is not padding. If the end-of-turn token, which ends each
    completion, were padding, a finished and an unfinished completion would have the same score.
    """
    tokenizer = load_tokenizer(base, needs_template=template is None)
    if template is not None:
        apply_template_choice(tokenizer, template)
    end = tokenizer.eos_token_id
    if tokenizer.pad_token_id in (None, end):
        tokenizer.pad_token_id = int(end == 0)
    return tokenizer


def load_reward_base(base: Path, settings: TrainingSettings, device: Device, tokenizer: Any) -> Any:
    """Load a base model with a new head that returns one number, and a new adapter for LoRA."""
    if settings.quantization != "none":
        raise InvalidInput(
            f"quantization {settings.quantization} is not supported by recipe 'reward', whose head is trained in full",
            "set quantization to none",
        )
    try:
        model = load_scoring_model(base, **loading_options(settings, device))
    except ValueError as error:
        raise InvalidInput(
            f"the architecture of the base model has no reward head: {error}", "choose another base model"
        ) from error
    model.config.use_cache = False
    set_padding(model, tokenizer)
    return model if settings.method == "full" else attach_adapter(model, settings, "SEQ_CLS")


def set_padding(model: Any, tokenizer: Any) -> None:
    """Set the padding token in the configuration of a reward model."""
    model.config.pad_token_id = model.config.get_text_config().pad_token_id = tokenizer.pad_token_id


def load_reward_scorer(files: RewardModelFiles, device: Device) -> Callable[[Example, str], float]:
    """Load a trained reward model and return a function that scores a completion of an example."""
    import torch

    tokenizer = load_reward_tokenizer(files.adapter if files.adapter and has_tokenizer(files.adapter) else files.base)
    # The random head of a base model is replaced by the trained one, and must not disturb the state of the caller.
    with torch.random.fork_rng(devices=[]):
        model = load_scoring_model(files.base, dtype=torch.float32)
    if files.adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, files.adapter)
    set_padding(model, tokenizer)
    model = model.to(device.name).eval()

    def score(example: Example, completion: str) -> float:
        ids = tokenize_example(
            tokenizer, example.model_copy(update={"completion": Message(role="assistant", content=completion)})
        ).ids
        with torch.inference_mode():
            return float(model(input_ids=torch.tensor([ids], device=device.name)).logits[0, 0])

    return score


def collate_pairs(rows: Sequence[dict[str, Any]], padding: int) -> dict[str, Any]:
    """Return pairs of sequences as tensors: first all chosen sequences, then all rejected ones."""
    import torch

    sequences = [row[name] for name in ("chosen_ids", "rejected_ids") for row in rows]
    longest = max(map(len, sequences))
    return {
        "input_ids": torch.tensor([[*ids, *[padding] * (longest - len(ids))] for ids in sequences]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in sequences]),
    }
