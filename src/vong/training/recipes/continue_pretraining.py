"""Continued pre-training: train a base model on documents of a domain or a language."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_loading import load_run_model, load_run_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.pretrain_settings import ContinueSettings
from vong.training.rows.corpus import Documents, check_documents, pack_documents
from vong.training.runs.run import TrainerSetup, run_trainer
from vong.training.trainers.corpus_trainer import build_corpus_setup, warn_small_corpus


class ContinueRecipe:
    """Continued pre-training of a base on documents, with LoRA by default or with all weights.

    Documents are packed into blocks; the loss is on every token. No document is cut off or left out for its length.
    """

    name: ClassVar[str] = "continue"
    Settings: ClassVar[type[BaseModel]] = ContinueSettings
    adapts_output_head: ClassVar[bool] = True
    continues_adapters: ClassVar[bool] = True

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that a training split has a document. Stops at the first one.

        Raises:
            InvalidInput: It has none.
        """
        if training:
            next(check_documents(examples), None)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = ContinueSettings.model_validate(context.settings.model_dump())
        next(check_documents(context.train), None)
        train, validation = Documents(context.train), Documents(context.validation)
        train.warn("training", reporter)
        validation.warn("validation", reporter)
        if not train.texts:
            raise InvalidInput("no documents left to train on", "add documents with a weight above 0")
        tokenizer = load_run_tokenizer(context, settings, needs_template=False)

        def report(done: int) -> None:
            reporter.progress(0, 1, f"tokenizing document {done}")

        packed = pack_documents(tokenizer, train, settings.block_size, report)
        packed_validation = pack_documents(tokenizer, validation, settings.block_size, report)
        warn_small_corpus(packed, packed_validation, reporter)

        def build(device: Device) -> TrainerSetup:
            model = load_run_model(context, settings, device)
            context_length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
            if context_length and settings.block_size > context_length:
                raise InvalidInput(
                    f"block_size is {settings.block_size}, but the base has a context of {context_length} tokens",
                    f"set block_size to at most {context_length}",
                )
            return build_corpus_setup(context, settings, device, model, tokenizer, packed, packed_validation)

        return run_trainer(context, settings, reporter, build)
