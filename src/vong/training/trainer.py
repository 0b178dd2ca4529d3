"""Trainer based on TRL's SFTTrainer: logits are computed only at completion positions, with Vong's row order."""

from collections.abc import Sequence
from typing import Any

from vong.training.checkpoints import commit_checkpoint, prune_best_weights
from vong.training.monitor import TrainingMonitor
from vong.training.tokenization import IGNORED_LABEL

LOGIT_SCALING_SETTINGS = (
    "final_logit_softcapping",
    "logit_scale",
    "logits_scaling",
    "output_multiplier",
    "lm_head_multiplier",
)
"""Model settings that scale or cap logits. Models with one of them use TRL's own loss."""


def extend_trainer(trainer_class: type[Any]) -> type[Any]:
    """Return a trainer class with Vong's behaviour: the order of rows, the count of tokens, and no telemetry.

    If the attribute `sampler` of the trainer is set, it gives the order of the training rows. `step_tokens` is the
    number of tokens of the current optimiser step.
    """

    class ExtendedTrainer(trainer_class):
        sampler: Any = None
        step_tokens = 0

        def _get_train_sampler(self, *arguments: Any, **options: Any) -> Any:
            return self.sampler if self.sampler is not None else super()._get_train_sampler(*arguments, **options)

        def _send_telemetry(self) -> None:
            """Send nothing, so that no data leaves this machine."""

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Write no model card, because the registry stores the same information."""

        def training_step(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
            self.step_tokens += count_tokens(inputs)
            return super().training_step(model, inputs, *arguments, **options)

    return ExtendedTrainer


def count_tokens(inputs: Any) -> int:
    """Return the number of tokens in a batch without padding: the sum of its attention masks."""
    if not hasattr(inputs, "items"):
        return 0
    masks = [value for name, value in inputs.items() if name.endswith("attention_mask")]
    return sum(int(mask.sum()) for mask in masks)


def build_completion_trainer() -> type[Any]:
    """Build the trainer class. A function defers the import of torch.

    The loss is the mean negative log-likelihood of the completion tokens, with each row's part multiplied by its
    weight. It equals the model's own loss, but the output head (vocabulary x hidden size, a fifth of a small model's
    compute) is applied only at completion positions, and its logits are kept for the backward pass. One step of 4 x 112
    tokens of a 135 M model, 44 of each row in the loss, took 3.9 s of CPU; with all logits 5.2 s; with TRL's tiles,
    which are computed twice and also return the entropy, 6.4 to 6.7 s (one thread, one step each, on a busy machine).
    """
    import torch
    from torch.nn.functional import cross_entropy
    from trl.trainer.sft_trainer import SFTTrainer

    class CompletionTrainer(extend_trainer(SFTTrainer)):
        answer_tokens_per_eval_row = 1.0

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            weights = inputs.pop("weights")
            causal_model = self.accelerator.unwrap_model(model)
            causal_model = causal_model.get_base_model() if hasattr(causal_model, "get_base_model") else causal_model
            scales_logits = any(
                getattr(causal_model.config.get_text_config(), name, None) for name in LOGIT_SCALING_SETTINGS
            )
            if return_outputs or scales_logits or self.accelerator.num_processes > 1:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            labels = inputs["labels"][:, 1:]
            in_loss = labels != IGNORED_LABEL
            with self.accelerator.autocast():
                hidden = causal_model.base_model(
                    input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
                ).last_hidden_state[:, :-1]
                logits = causal_model.get_output_embeddings()(hidden[in_loss])
            token_losses = cross_entropy(logits.float(), labels[in_loss], reduction="none")
            token_weights = weights.to(token_losses.device)[:, None].expand_as(labels)[in_loss]
            accuracy = (logits.detach().argmax(-1) == labels[in_loss]).float().mean().item()
            self._metrics["train" if model.training else "eval"]["mean_token_accuracy"].append(accuracy)
            if not model.training:
                # The evaluation loop averages over rows. Scaled so, its average is the mean over completion tokens.
                return token_losses.sum() / (self.answer_tokens_per_eval_row * labels.shape[0])
            count = in_loss.sum() if num_items_in_batch is None else num_items_in_batch
            return (token_losses * token_weights).sum() / torch.as_tensor(count).clamp(min=1)

    return CompletionTrainer


def build_callback(monitor: TrainingMonitor, trainer: Any, settings: Any) -> Any:
    """Build the trainer callback that forwards events to the monitor."""
    from pathlib import Path

    from transformers import TrainerCallback

    class MonitorCallback(TrainerCallback):
        # `event` is (arguments, state, control), as the trainer passes them.
        def on_step_begin(self, *event: Any, **_: Any) -> None:
            trainer.step_tokens = 0
            monitor.on_step_begin(event[1].global_step)

        def on_substep_end(self, *event: Any, **_: Any) -> None:
            monitor.reporter.progress(event[1].global_step, event[1].max_steps, "")

        def on_step_end(self, *event: Any, **_: Any) -> Any:
            arguments, state, control = event
            monitor.on_step_end(state.global_step, state.max_steps, trainer.step_tokens)
            if state.global_step >= state.max_steps and arguments.eval_strategy != "no":
                control.should_evaluate = True
            return control

        def on_log(self, *event: Any, logs: Any = None, **_: Any) -> None:
            monitor.on_log(event[1].global_step, event[1].max_steps, logs or {})

        def on_evaluate(self, *event: Any, metrics: Any = None, **_: Any) -> Any:
            control = event[2]
            if monitor.on_evaluate(event[1].global_step, float((metrics or {})["eval_loss"])):
                control.should_training_stop = control.should_save = True
            return control

        def on_save(self, *event: Any, **_: Any) -> None:
            folder = Path(event[0].output_dir)
            commit_checkpoint(
                folder / f"checkpoint-{event[1].global_step}", {**monitor.state.to_dict(), "settings": settings}
            )
            prune_best_weights(folder, monitor.state.best)

    return MonitorCallback()


def mean_answer_tokens(rows: Sequence[Any]) -> float:
    """Return the mean number of completion tokens per row, at positions that have a predecessor."""
    return sum(row.answer_tokens for row in rows) / max(1, len(rows))
