"""The trainer: TRL's, with the head computed where there is something to learn, and our order of rows."""

from collections.abc import Sequence
from typing import Any

from vong.training.batching import EpochSampler
from vong.training.checkpoints import keep, mark
from vong.training.monitor import TrainingMonitor
from vong.training.tokenization import IGNORED

SCALED = ("final_logit_softcapping", "logit_scale", "logits_scaling", "output_multiplier", "lm_head_multiplier")
"""Configuration of models that do more with their logits than multiply by the head: TRL's own loss serves those."""


def trainer_class() -> type[Any]:
    """The class, made when torch is wanted.

    The loss is the mean negative log-likelihood of the answer's tokens, each row's share multiplied by its weight.
    Equal to the model's own loss, but the head (vocabulary x hidden size, a fifth of a small model's work) is
    multiplied at answer positions only, and its logits are kept for the backward pass. One step of 4 x 112 tokens of a
    135 M model, 44 of each row learnt, took 3.9 s of CPU; with all logits 5.2 s; with TRL's tiles, which are computed
    twice and give the entropy too, 6.4 to 6.7 s (one thread, one step each, on a busy machine).
    """
    import torch
    from torch.nn.functional import cross_entropy
    from trl.trainer.sft_trainer import SFTTrainer

    class CompletionTrainer(SFTTrainer):
        order: EpochSampler
        step_tokens = 0
        answer_tokens_per_eval_row = 1.0

        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return self.order

        def _send_telemetry(self) -> None:
            """Nothing leaves this machine."""

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """The registry keeps what a card would say."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            weights = inputs.pop("weights")
            if model.training:
                self.step_tokens += int(inputs["attention_mask"].sum())
            causal = self.accelerator.unwrap_model(model)
            causal = causal.get_base_model() if hasattr(causal, "get_base_model") else causal
            scaled = any(getattr(causal.config.get_text_config(), name, None) for name in SCALED)
            if return_outputs or scaled or self.accelerator.num_processes > 1:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            labels = inputs["labels"][:, 1:]
            learnt = labels != IGNORED
            with self.accelerator.autocast():
                hidden = causal.base_model(
                    input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
                ).last_hidden_state[:, :-1]
                logits = causal.get_output_embeddings()(hidden[learnt])
            each = cross_entropy(logits.float(), labels[learnt], reduction="none")
            share = weights.to(each.device)[:, None].expand_as(labels)[learnt]
            right = (logits.detach().argmax(-1) == labels[learnt]).float().mean().item()
            self._metrics["train" if model.training else "eval"]["mean_token_accuracy"].append(right)
            if not model.training:
                # The loop averages over rows; so scaled, its average is the mean over all answer tokens.
                return each.sum() / (self.answer_tokens_per_eval_row * labels.shape[0])
            count = learnt.sum() if num_items_in_batch is None else num_items_in_batch
            return (each * share).sum() / torch.as_tensor(count).clamp(min=1)

    return CompletionTrainer


def callback(watch: TrainingMonitor, trainer: Any, settings: Any) -> Any:
    """The trainer's callback that passes what happens on to the watch."""
    from pathlib import Path

    from transformers import TrainerCallback

    class Passing(TrainerCallback):
        # `now` is (arguments, state, control), as the trainer passes them.
        def on_step_begin(self, *now: Any, **_: Any) -> None:
            trainer.step_tokens = 0
            watch.step_begins(now[1].global_step)

        def on_substep_end(self, *now: Any, **_: Any) -> None:
            watch.report.progress(now[1].global_step, now[1].max_steps, "")

        def on_step_end(self, *now: Any, **_: Any) -> Any:
            arguments, state, control = now
            watch.step_ended(state.global_step, state.max_steps, trainer.step_tokens)
            if state.global_step >= state.max_steps and arguments.eval_strategy != "no":
                control.should_evaluate = True
            return control

        def on_log(self, *now: Any, logs: Any = None, **_: Any) -> None:
            watch.logged(now[1].global_step, now[1].max_steps, logs or {})

        def on_evaluate(self, *now: Any, metrics: Any = None, **_: Any) -> Any:
            control = now[2]
            if watch.evaluated(now[1].global_step, float((metrics or {})["eval_loss"])):
                control.should_training_stop = control.should_save = True
            return control

        def on_save(self, *now: Any, **_: Any) -> None:
            folder = Path(now[0].output_dir)
            mark(folder / f"checkpoint-{now[1].global_step}", {**watch.memory.plain(), "settings": settings})
            keep(folder, watch.memory.best)

    return Passing()


def answer_tokens(rows: Sequence[Any]) -> float:
    """The mean number of learnt tokens a row, at positions that have a predecessor."""
    return sum(row.answer_tokens for row in rows) / max(1, len(rows))
