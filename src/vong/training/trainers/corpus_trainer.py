"""Trainer of corpora: the loss on every token, with perplexity and bits per byte of the validation documents."""

import math
from typing import Any

from vong.training.device import Device
from vong.training.progress import TrainingReporter
from vong.training.recipe_interface import TrainingContext
from vong.training.rows.batching import EpochSampler
from vong.training.rows.corpus import PackedCorpus, collate_blocks
from vong.training.rows.tokenization import IGNORED_LABEL
from vong.training.runs.run import TrainerSetup, trainer_arguments
from vong.training.settings import TrainingSettings
from vong.training.trainers.trainer import extend_trainer


def build_corpus_trainer() -> type[Any]:
    """Build the trainer class. A function defers the import of torch."""
    from torch.nn.functional import cross_entropy
    from transformers import Trainer

    class CorpusTrainer(extend_trainer(Trainer)):
        tokens_per_eval_row = 1.0
        tokens_per_byte = 0.0

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            labels = inputs.pop("labels")
            outputs = model(**inputs, use_cache=False)
            logits = outputs.logits.float().flatten(0, 1)
            total = cross_entropy(logits, labels.flatten(), ignore_index=IGNORED_LABEL, reduction="sum")
            if not model.training:
                # The evaluation loop averages over rows. Scaled so, its average is the mean over tokens.
                loss = total / (self.tokens_per_eval_row * labels.shape[0])
            else:
                count = (labels != IGNORED_LABEL).sum() if num_items_in_batch is None else num_items_in_batch
                loss = total / max(1, int(count))
            return (loss, outputs) if return_outputs else loss

        def prediction_step(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            import torch

            with torch.no_grad():
                return self.compute_loss(model, self._prepare_inputs(inputs)).detach(), None, None

        def evaluation_loop(self, *arguments: Any, **options: Any) -> Any:
            output = super().evaluation_loop(*arguments, **options)
            loss = output.metrics.get("eval_loss")
            if loss is not None:
                output.metrics.update(corpus_metrics(loss, self.tokens_per_byte))
            return output

    return CorpusTrainer


def corpus_metrics(loss: float, tokens_per_byte: float) -> dict[str, float]:
    """Return the perplexity per token and the bits per byte of a loss. Only the latter compares tokenizers."""
    return {
        "eval_perplexity": math.exp(min(loss, 700.0)),
        "eval_bits_per_byte": loss * tokens_per_byte / math.log(2),
    }


def build_corpus_setup(
    context: TrainingContext,
    settings: TrainingSettings,
    device: Device,
    model: Any,
    tokenizer: Any,
    train: PackedCorpus,
    validation: PackedCorpus,
) -> TrainerSetup:
    """Build the trainer of a model on a corpus."""
    from transformers import TrainingArguments

    arguments = trainer_arguments(context, settings, device, len(train), evaluate=len(validation) > 0)
    trainer = build_corpus_trainer()(
        model=model,
        args=TrainingArguments(**arguments, label_names=["labels"]),
        train_dataset=train,
        eval_dataset=validation if len(validation) else None,
        processing_class=tokenizer,
        data_collator=lambda rows: collate_blocks(rows, tokenizer.pad_token_id),
    )
    trainer.sampler = EpochSampler(train.lengths, settings.batch_size, settings.seed, grouped=False)
    targets = sum(validation.lengths)
    trainer.tokens_per_eval_row = targets / max(1, len(validation))
    trainer.tokens_per_byte = targets / max(1, validation.bytes)
    summary = {
        "documents": train.documents,
        "validation_documents": validation.documents,
        "corpus_tokens": len(train.tokens),
        "blocks": len(train),
        "bytes_per_token": round(train.bytes / max(1, len(train.tokens)), 3),
    }

    def summarize() -> dict[str, Any]:
        best = next((entry for entry in reversed(trainer.state.log_history) if "eval_perplexity" in entry), None)
        names = ("eval_perplexity", "eval_bits_per_byte")
        return {f"last_{name}": round(best[name], 4) for name in names} if best else {}

    return TrainerSetup(trainer, model, tokenizer, summary=summary, summarize=summarize)


def warn_small_corpus(train: PackedCorpus, validation: PackedCorpus, reporter: TrainingReporter) -> None:
    """Warn if the corpus has less than one block, or if there are no validation documents."""
    if len(train.tokens) <= train.block_size:
        reporter.warn(
            f"the corpus has {len(train.tokens)} tokens, less than one block of {train.block_size}: "
            "all documents are one short block"
        )
    if not len(validation):
        reporter.warn("no validation documents: overfitting cannot be detected, and the last weights are kept")
