"""Pre-training: train a tokenizer and a small language model from scratch on documents."""

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.records import Example
from vong.training.device import Device
from vong.training.models.model_size import BYTES_PER_TOKEN, MAX_USEFUL_EPOCHS, describe_size, propose_size
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.pretrain_settings import PretrainSettings
from vong.training.rows.byte_bpe import train_tokenizer
from vong.training.rows.corpus import Documents, PackedCorpus, check_documents, pack_documents
from vong.training.runs.run import TrainerSetup, run_trainer
from vong.training.trainers.corpus_trainer import build_corpus_setup, warn_small_corpus


class PretrainRecipe:
    """Pre-training from scratch on documents: trains a byte-level BPE tokenizer and a Llama decoder. Needs no base.

    The size follows from the number of tokens (20 per parameter), or is set by `parameters`.
    """

    name: ClassVar[str] = "pretrain"
    Settings: ClassVar[type[BaseModel]] = PretrainSettings
    needs_base: ClassVar[bool] = False

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:  # noqa: ARG002 (interface)
        """Check that a training split has a document. Stops at the first one.

        Raises:
            InvalidInput: It has none.
        """
        if training:
            next(check_documents(examples), None)

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume from the newest complete checkpoint in the folder."""
        settings = PretrainSettings.model_validate(context.settings.model_dump())
        train, validation = Documents(check_documents(context.train)), Documents(context.validation)
        train.without_text = sum(example.text is None for example in context.train)
        for split, documents in (("training", train), ("validation", validation)):
            documents.warn(split, reporter)
        if not train.texts:
            raise InvalidInput("no documents left to train on", "add documents with a weight above 0")
        reporter.progress(0, 1, "training the tokenizer")
        tokenizer = train_tokenizer(train.texts, choose_vocab_size(train.bytes, settings), context.folder / "tokenizer")

        def report(done: int) -> None:
            reporter.progress(0, 1, f"tokenizing document {done}")

        packed = pack_documents(tokenizer, train, settings.block_size, report)
        packed_validation = pack_documents(tokenizer, validation, settings.block_size, report)
        warn_small_corpus(packed, packed_validation, reporter)
        config = choose_config(len(packed.tokens), len(tokenizer), settings)
        reporter.log(describe_size(config, effective_tokens(len(packed.tokens), settings)))
        result = run_trainer(
            context,
            settings,
            reporter,
            lambda device: build_setup(context, settings, device, tokenizer, config, (packed, packed_validation)),
        )
        return dataclasses.replace(result, kind="base")


def effective_tokens(corpus_tokens: int, settings: PretrainSettings) -> int:
    """Return the tokens that the run teaches: each pass counts, up to four."""
    return int(corpus_tokens * min(settings.epochs, MAX_USEFUL_EPOCHS))


def choose_vocab_size(corpus_bytes: int, settings: PretrainSettings) -> int:
    """Return the size of the vocabulary to train: the setting, or the one that fits the size of the model."""
    if settings.vocab_size is not None:
        return settings.vocab_size
    tokens = effective_tokens(int(corpus_bytes / BYTES_PER_TOKEN), settings)
    proposed = propose_size(
        tokens,
        block_size=settings.block_size,
        tokens_per_parameter=settings.tokens_per_parameter,
        parameters=settings.parameters,
    )
    return proposed["vocab_size"]


def choose_config(corpus_tokens: int, vocab_size: int, settings: PretrainSettings) -> dict[str, Any]:
    """Return the configuration of the model for a corpus with this tokenizer."""
    return propose_size(
        effective_tokens(corpus_tokens, settings),
        vocab_size=vocab_size,
        block_size=settings.block_size,
        tokens_per_parameter=settings.tokens_per_parameter,
        parameters=settings.parameters,
    )


def build_setup(
    context: TrainingContext,
    settings: PretrainSettings,
    device: Device,
    tokenizer: Any,
    config: dict[str, Any],
    corpora: tuple[PackedCorpus, PackedCorpus],
) -> TrainerSetup:
    """Build a model with random weights and its trainer. The random state is that of the run's seed."""
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    end = tokenizer.eos_token_id
    tokenizer.model_max_length = config["max_position_embeddings"]
    own = {name: value for name, value in config.items() if name not in {"architectures", "model_type"}}
    model_config = LlamaConfig(**own, bos_token_id=end, eos_token_id=end, pad_token_id=end, use_cache=False)
    model = LlamaForCausalLM(model_config)
    model.generation_config = GenerationConfig(bos_token_id=end, eos_token_id=end, pad_token_id=end)
    setup = build_corpus_setup(context, settings, device, model, tokenizer, *corpora)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    tokens = effective_tokens(len(corpora[0].tokens), settings)
    return dataclasses.replace(
        setup,
        summary={
            **setup.summary,
            "parameters": parameters,
            "vocab_size": len(tokenizer),
            "hidden_size": config["hidden_size"],
            "layers": config["num_hidden_layers"],
            "tokens_per_parameter": round(tokens / parameters, 2),
        },
    )
