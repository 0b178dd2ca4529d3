"""Checks of a training request against its rows and models before a run starts, and the rewards of a run."""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import chain
from typing import Any

from cachetools import LRUCache
from pydantic import BaseModel
from sqlalchemy import Connection

from vong import data, plugins, registry
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.app.training_datasets import DatasetPart, DatasetSelection
from vong.errors import InvalidInput
from vong.evals.scorers import Scorer
from vong.evals.scoring import build_scorers
from vong.records import Example, ModelVersion
from vong.store.blobs import BlobStore
from vong.training.scoring.rewards import RewardFunction, RewardModelFiles, RewardSettings

CHECK_CACHE_ENTRIES = 256

_checked: LRUCache[Hashable, bool] = LRUCache(CHECK_CACHE_ENTRIES)
"""Checks that succeeded. Dataset versions never change, and a form asks for a plan after each change of a setting."""
_checked_lock = threading.Lock()


def check_training(
    blobs: BlobStore,
    connection: Connection,
    recipe: str,
    settings: BaseModel,
    request: DatasetSelection,
    parts: Sequence[DatasetPart],
) -> None:
    """Check that the recipe can use the rows of both splits, and that the models of its rewards exist.

    Raises:
        InvalidInput: A row lacks what the recipe needs, or a reward cannot be used. The message names the row.
        NotFound: A scorer or the reward model does not exist.
    """
    if request.mixing == "in_order" and recipe != "sft":
        raise InvalidInput(
            f"recipe {recipe!r} cannot train datasets in order",
            "omit mixing, or start one run after the other with the last model as its base",
        )
    check = getattr(plugins.load_extension("recipe", recipe)(), "check", None)
    refs = tuple(part.version.ref for part in parts)
    choices = [getattr(settings, name, None) for name in ("loss_on", "rewards", "reward_model", "source")]
    key = (recipe, refs, request.train_split, request.validation_split, repr(choices))
    if check is None:
        return
    options: dict[str, Any] = {}
    if isinstance(settings, RewardSettings):
        options["rewards"] = build_rewards(settings)
        find_reward_model(connection, settings)
    with _checked_lock:
        if key in _checked:
            return
    for split, training in ((request.train_split, True), (request.validation_split, False)):
        if len(parts) == 1:
            check(split, read_rows(blobs, parts[0], split), settings, training=training, **options)
            continue
        for part in parts:
            try:
                check(split, read_rows(blobs, part, split), settings, training=False, **options)
            except InvalidInput as error:
                raise InvalidInput(f"dataset {part.version.ref}: {error.message}", error.hint) from error
        rows = chain.from_iterable(read_rows(blobs, part, split) for part in parts)
        check(split, rows, settings, training=training, **options)
    with _checked_lock:
        _checked[key] = True


def read_rows(blobs: BlobStore, part: DatasetPart, split: str) -> Iterator[Example]:
    """Stream the rows of a split. A dataset without splits counts as training data."""
    if part.version.splits:
        return data.read(blobs, part.version, split)
    return data.read(blobs, part.version) if split == "train" else iter(())


def build_rewards(settings: BaseModel) -> list[RewardFunction]:
    """Return the scorers that the settings select as rewards.

    Raises:
        NotFound: A scorer does not exist.
        InvalidInput: An option of a scorer is wrong.
    """
    if not isinstance(settings, RewardSettings) or not settings.rewards:
        return []
    weights = list(settings.rewards.values())
    return [
        RewardFunction(spec.partition(":")[0], weight, bind_scorer(scorer), scorer.uses_reference)
        for (spec, scorer), weight in zip(build_scorers(list(settings.rewards)), weights, strict=True)
    ]


def bind_scorer(scorer: Scorer) -> Callable[[Example, str], float | None]:
    """Return a scorer as a reward in 0..1: its first metric, which is the total of a scorer with metrics of parts."""

    def compute(example: Example, completion: str) -> float | None:
        measured = scorer.measure(completion, example.completion_text)
        return next((metric.value / scorer.best for metric in measured.values()), None)

    return compute


def find_reward_model(connection: Connection, settings: BaseModel) -> ModelVersion | None:
    """Return the reward model that the settings select, or None.

    Raises:
        NotFound: The model does not exist.
        InvalidInput: The model is no reward model.
    """
    if not isinstance(settings, RewardSettings) or not settings.reward_model:
        return None
    model = registry.find(connection, settings.reward_model)
    if not model.is_reward_model:
        raise InvalidInput(
            f"{model.ref} is not a reward model: it generates text", "train a reward model with the recipe reward"
        )
    return model


def load_reward_model(platform: Platform, connection: Connection, settings: BaseModel) -> RewardModelFiles | None:
    """Download the reward model that the settings select, with its base, and return the folders."""
    model = find_reward_model(connection, settings)
    if model is None:
        return None
    folder = model_folder(platform, connection, model.ref)
    if model.kind != "adapter" or model.base is None:
        return RewardModelFiles(model.ref, folder, None)
    return RewardModelFiles(model.ref, model_folder(platform, connection, model.base), folder)
