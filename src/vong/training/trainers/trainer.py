"""Trainer based on TRL's SFTTrainer: logits are computed only at completion positions, with Vong's row order."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from vong.training.rows.tokenization import IGNORED_LABEL
from vong.training.trainers.shared_prefix import attend_rows

LOGIT_SCALING_SETTINGS = (
    "final_logit_softcapping",
    "logit_scale",
    "logits_scaling",
    "output_multiplier",
    "lm_head_multiplier",
)
"""Model settings that scale or cap logits. Models with one of them use TRL's own loss."""


MODEL_INPUTS = ("input_ids", "attention_mask", "position_ids")


def extend_trainer(trainer_class: type[Any]) -> type[Any]:
    """Return a trainer class with Vong's behaviour: the order of rows, the count of tokens, and no telemetry.

    If the attribute `sampler` of the trainer is set, it gives the order of the training rows. `step_tokens` is the
    number of tokens of the current optimiser step, `step_loss` its loss and `step_grad_norm` its gradient norm before
    clipping. The trainer's own logs replace a loss that is not finite by an average.
    """

    class ExtendedTrainer(trainer_class):
        sampler: Any = None
        step_tokens = 0
        step_loss: Any = 0.0
        step_grad_norm: Any = 0.0

        def _get_train_sampler(self, *arguments: Any, **options: Any) -> Any:
            return self.sampler if self.sampler is not None else super()._get_train_sampler(*arguments, **options)

        def _send_telemetry(self) -> None:
            """Send nothing, so that no data leaves this machine."""

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Write no model card, because the registry stores the same information."""

        def training_step(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
            self.step_tokens += count_tokens(inputs)
            loss = super().training_step(model, inputs, *arguments, **options)
            self.step_loss = self.step_loss + loss.detach()
            return loss

        def _get_grad_norm(self, *arguments: Any, **options: Any) -> Any:
            self.step_grad_norm = super()._get_grad_norm(*arguments, **options)
            return self.step_grad_norm

    return ExtendedTrainer


def count_tokens(inputs: Any) -> int:
    """Return the number of tokens in a batch without padding: its `token_count`, or the sum of its attention masks."""
    if not hasattr(inputs, "items"):
        return 0
    if "token_count" in inputs:
        return int(inputs["token_count"])
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

        def add_accuracy(self, accuracy: float, mode: str = "train") -> None:
            """Add the token accuracy of a batch to the metrics."""
            self._metrics[mode]["mean_token_accuracy"].append(accuracy)

        @cached_property
        def computes_own_loss(self) -> bool:
            """Return False for models and set-ups that need TRL's loss."""
            model = self.accelerator.unwrap_model(self.model)
            model = model.get_base_model() if hasattr(model, "get_base_model") else model
            return not (scales_logits(model) or self.aux_loss_enabled or self.accelerator.num_processes > 1)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            weights = inputs.pop("weights")
            inputs.pop("token_count", None)
            layout = inputs.pop("row_layout", None)
            causal_model = self.accelerator.unwrap_model(model)
            causal_model = causal_model.get_base_model() if hasattr(causal_model, "get_base_model") else causal_model
            if return_outputs or not self.computes_own_loss:
                if return_outputs or not model.training or bool((weights == 1).all()):
                    return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
                return compute_weighted_loss(self, model, inputs, weights, num_items_in_batch)
            labels = inputs["labels"][:, 1:]
            in_loss = labels != IGNORED_LABEL
            tokens = {name: inputs[name] for name in MODEL_INPUTS if name in inputs}
            with self.accelerator.autocast(), attend_rows(causal_model, layout):
                logits = compute_logits(causal_model, tokens, in_loss)
            token_losses = cross_entropy(logits.float(), labels[in_loss], reduction="none")
            token_weights = spread_weights(weights, labels).to(token_losses.device)[in_loss]
            accuracy = (logits.detach().argmax(-1) == labels[in_loss]).float().mean().item()
            self.add_accuracy(accuracy, "train" if model.training else "eval")
            if not model.training:
                # The evaluation loop averages over rows. Scaled so, its average is the mean over completion tokens.
                return token_losses.sum() / (self.answer_tokens_per_eval_row * labels.shape[0])
            count = in_loss.sum() if num_items_in_batch is None else num_items_in_batch
            return (token_losses * token_weights).sum() / torch.as_tensor(count).clamp(min=1)

    return CompletionTrainer


def scales_logits(model: Any) -> bool:
    """Check if a model scales or caps the logits of its output head."""
    config = model.config.get_text_config()
    return any(getattr(config, name, None) for name in LOGIT_SCALING_SETTINGS)


def compute_logits(model: Any, tokens: Any, positions: Any) -> Any:
    """Return the logits of a model without an adapter's wrapper at some positions (a mask without the last one).

    The output head is applied only there, unless the model scales its logits in a way of its own.
    """
    if scales_logits(model):
        return model(**tokens, use_cache=False).logits[:, :-1][positions]
    hidden = model.base_model(**tokens, use_cache=False).last_hidden_state[:, :-1]
    return model.get_output_embeddings()(hidden[positions])


def compute_weighted_loss(trainer: Any, model: Any, inputs: Any, weights: Any, num_items_in_batch: Any) -> Any:
    """Return the loss of a model that TRL's head computes, with weights, which TRL does not know."""
    import torch

    options = {"output_router_logits": True} if trainer.aux_loss_enabled else {}
    outputs = model(**inputs, **options, use_cache=False, fused_lm_head=True)
    token_weights = spread_weights(weights, inputs["labels"][:, 1:]).to(outputs.log_probs.device)
    count = outputs.label_mask.sum() if num_items_in_batch is None else num_items_in_batch
    loss = -(outputs.log_probs * token_weights).sum() / torch.as_tensor(count).clamp(min=1)
    accuracy = outputs.is_top1.sum() / outputs.label_mask.sum().clamp(min=1)
    trainer.add_accuracy(accuracy.item())
    if trainer.args.average_tokens_across_devices and num_items_in_batch is not None:
        loss = loss * trainer.accelerator.num_processes
    if trainer.aux_loss_enabled:
        steps = trainer.current_gradient_accumulation_steps if num_items_in_batch is not None else 1
        loss = loss + trainer.router_aux_loss_coef * outputs.aux_loss / steps
    return loss


def spread_weights(weights: Any, labels: Any) -> Any:
    """Return the weight of each label. `weights` has one value per row, or one per token of packed rows."""
    return weights[:, None].expand_as(labels) if weights.dim() == 1 else weights[:, -labels.shape[1] :]


def mean_answer_tokens(rows: Sequence[Any]) -> float:
    """Return the mean number of completion tokens per row, at positions that have a predecessor."""
    return sum(row.answer_tokens for row in rows) / max(1, len(rows))
