"""Base of a training run: checks before the start, and the weights and the adapter that the run begins with."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection

from vong import plugins, registry
from vong.app.platform import Platform
from vong.app.registry import base_model, model_folder
from vong.app.training_checks import read_rows
from vong.app.training_datasets import DatasetPart, DatasetSelection, resolve_datasets
from vong.errors import InvalidInput, MissingExtra, NotFound
from vong.jobs import JobContext
from vong.records import ModelVersion
from vong.registry.hub import parse_hub_name
from vong.registry.model_files import read_template
from vong.registry.versions import list_versions_based_on
from vong.training import planning
from vong.training.models.merging import ADAPTER_CONFIG, merge_adapter
from vong.training.models.target_modules import check_modules
from vong.training.planning.model_structure import select_layers

MERGED_FROM = "merged_from"
"""Metadata field of a merged version: the ref of the adapter in it."""

MAX_NAME_CHARS = 90
"""Characters of an adapter's name in the name of its merged version."""

ADAPTER_SETTINGS = ("adapter", "lora_rank", "lora_alpha", "lora_dropout", "target_modules")
"""Settings that an adapter has from its first run."""


class RunBase(NamedTuple):
    """Base of a run on this machine.

    `weights` is the version with complete weights that the result applies to, `continued` the adapter that the run
    continues. `folder` and `adapter` are their folders. `chat_template` is used if the settings choose none.
    """

    weights: ModelVersion
    folder: Path
    chat_template: str | None
    continued: ModelVersion | None = None
    adapter: Path | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the result that names the continued adapter."""
        return {"continued_from": self.continued.ref} if self.continued else {}


def check_start(
    platform: Platform,
    connection: Connection,
    base: ModelVersion,
    settings: BaseModel,
    request: DatasetSelection,
    recipe: str,
) -> BaseModel:
    """Check that a run can start from a version with the datasets of a request, and return its completed settings.

    Raises:
        InvalidInput: The run would fail: see check_base and check_template.
    """
    parts = resolve_datasets(connection, request)
    splits = [(part, split) for part in parts for split in (request.train_split, request.validation_split)]
    settings = check_base(platform, connection, recipe, settings, base)
    check_template(platform, connection, base, settings, splits)
    return settings


def find_base(connection: Connection, ref: str) -> ModelVersion:
    """Return the version that a run starts from.

    Raises:
        InvalidInput: The version cannot be trained.
        NotFound: The project has no such version.
    """
    try:
        version = registry.find(connection, ref)
    except (NotFound, InvalidInput) as error:
        if parse_hub_name(ref) is None:
            raise
        raise NotFound(
            f"the base {ref!r} is not in the registry: {error.message}", f"import it first: vong registry import {ref}"
        ) from error
    if version.is_reward_model:
        raise InvalidInput(
            f"{version.ref} is a reward model, which returns scores and cannot be a base",
            "choose a model that generates text",
        )
    weights = base_model(connection, version)
    if weights.format != "safetensors":
        raise InvalidInput(
            f"{weights.ref} is a {weights.kind} in {weights.format}: training needs complete weights in safetensors",
            "import a GGUF with conversion: vong registry import SOURCE --name NAME",
        )
    return version


def check_base(
    platform: Platform, connection: Connection, recipe: str, settings: BaseModel, base: ModelVersion
) -> BaseModel:
    """Check that a run with these settings can start from a version, and return the settings of its adapter.

    Raises:
        InvalidInput: Files are missing, the weights are quantized, a target module does not exist, or the adapter
            cannot be continued.
    """
    weights = base_model(connection, base)
    check_files(platform, weights)
    if base.kind != "adapter":
        check_targets(platform, weights, settings, recipe)
        return settings
    if getattr(settings, "base_adapter", "merge") == "merge":
        check_targets(platform, weights, settings, recipe)
        return settings
    continues = getattr(plugins.load_extension("recipe", recipe), "continues_adapters", False)
    if not continues or getattr(settings, "method", "lora") != "lora":
        reason = "with method full" if continues else f"with the recipe {recipe!r}"
        raise InvalidInput(f"{base.ref} is an adapter, which cannot be continued {reason}", "set base_adapter to merge")
    return adopt_adapter_settings(platform, base, settings)


def check_files(platform: Platform, weights: ModelVersion) -> None:
    """Check that a version has the files of a model with weights that can be trained.

    Raises:
        InvalidInput: A file is missing, or the weights are quantized.
    """
    missing = [name for name in ("config.json",) if name not in weights.files]
    if not any(name.endswith(".safetensors") for name in weights.files):
        missing.append("weights (*.safetensors)")
    if not any(name.startswith(("tokenizer", "vocab")) for name in weights.files):
        missing.append("tokenizer")
    if missing:
        raise InvalidInput(f"{weights.ref} is not a complete model: no {', no '.join(missing)}", "import it again")
    quantized = read_json(platform, weights, "config.json").get("quantization_config")
    if quantized:
        method = quantized.get("quant_method", "unknown") if isinstance(quantized, dict) else "unknown"
        raise InvalidInput(
            f"the weights of {weights.ref} are quantized ({method}), and quantized files cannot be trained",
            "import the original weights, and set quantization to nf4 to train them with little memory",
        )


def check_targets(platform: Platform, weights: ModelVersion, settings: BaseModel, recipe: str) -> None:
    """Check the setting `target_modules` against the modules of the base, without its weights.

    Raises:
        InvalidInput: A target module does not exist, or the recipe cannot adapt the output head.
    """
    targets = getattr(settings, "target_modules", "all-linear")
    if getattr(settings, "method", "lora") == "full" or targets == "all-linear":
        return
    shape = planning.read_model_structure(
        read_json(platform, weights, "config.json"), platform.settings.home_folder / "cache" / "model_structures"
    )
    check_modules(targets, [*(layer.name for layer in shape.linear_layers), *shape.embeddings])
    adapts_head = getattr(plugins.load_extension("recipe", recipe), "adapts_output_head", False)
    if (
        shape.output_head
        and not adapts_head
        and shape.output_head in {one.name for one in select_layers(shape, targets)}
    ):
        raise InvalidInput(
            f"target_modules includes the output head ({shape.output_head}), which recipe {recipe!r} cannot adapt",
            "leave it out, or set target_modules to all-linear, which leaves it out too",
        )


def check_disk(platform: Platform, connection: Connection, base: ModelVersion, settings: BaseModel) -> None:
    """Check that the checkpoints and the result of a run with method full fit on the disk of this server.

    Adapters are too small to matter.

    Raises:
        InvalidInput: The disk has less space.
    """
    if getattr(settings, "method", "lora") != "full":
        return
    weights = base_model(connection, base)
    try:
        shape = planning.read_model_structure(
            read_json(platform, weights, "config.json"), platform.settings.home_folder / "cache" / "model_structures"
        )
    except MissingExtra:  # another machine trains
        return
    needed = planning.estimate_disk(shape, settings)
    free = shutil.disk_usage(platform.settings.home_folder).free
    if needed > free:
        raise InvalidInput(
            f"the run needs up to {needed / 1e9:.1f} GB for checkpoints and weights, and {free / 1e9:.1f} GB are free "
            f"in {str(platform.settings.home_folder)!r}",
            "free some space, or set method to lora, which stores a small adapter",
        )


def adopt_adapter_settings(platform: Platform, adapter: ModelVersion, settings: BaseModel) -> BaseModel:
    """Return settings with the rank, scale and modules of the adapter that a run continues.

    Raises:
        InvalidInput: A setting was set to another value.
    """
    config = read_json(platform, adapter, ADAPTER_CONFIG)
    modules = config.get("target_modules") or "all-linear"
    values = {
        "adapter": "dora" if config.get("use_dora") else "rslora" if config.get("use_rslora") else "lora",
        "lora_rank": config.get("r"),
        "lora_alpha": config.get("lora_alpha"),
        "lora_dropout": config.get("lora_dropout"),
        "target_modules": modules if isinstance(modules, str) else tuple(sorted(modules)),
    }
    for name in ADAPTER_SETTINGS:
        if name in settings.model_fields_set and _comparable(getattr(settings, name)) != _comparable(values[name]):
            raise InvalidInput(
                f"{name} is {_comparable(values[name])} in {adapter.ref}, and a run that continues it cannot change it",
                f"omit {name}, or set base_adapter to merge for a new adapter",
            )
    return settings.model_copy(update=values)


def check_template(
    platform: Platform,
    connection: Connection,
    base: ModelVersion,
    settings: BaseModel,
    splits: list[tuple[DatasetPart, str]],
) -> None:
    """Check that conversations can be rendered: by the chat template of the base, or by one that the settings choose.

    Raises:
        InvalidInput: There is no template, and a row is a conversation.
    """
    if getattr(settings, "chat_template", None) is not None:
        return
    weights = base_model(connection, base)
    if any(find_template(platform, version) for version in (base, weights)):
        return
    rows = (row for part, split in splits for row in read_rows(platform.blobs, part, split))
    if any(row.text is None for row in rows):
        raise InvalidInput(
            f"{base.ref} has no chat template, and the rows are conversations",
            "set chat_template to chatml, llama, mistral, plain or Jinja text, or use a tuned base",
        )


def find_template(platform: Platform, version: ModelVersion) -> str | None:
    """Return the chat template of a version, or None."""
    if version.chat_template:
        return version.chat_template
    if "chat_template.jinja" in version.files:
        return platform.blobs.get(version.files["chat_template.jinja"]).decode()
    if "tokenizer_config.json" not in version.files:
        return None
    return read_template(read_json(platform, version, "tokenizer_config.json").get("chat_template"))


def prepare_base(job: JobContext, platform: Platform, base: ModelVersion, settings: BaseModel) -> RunBase:
    """Return the base of a run. An adapter is continued, or merged once into a version of its own."""
    with platform.scope(job.project_id) as connection:
        weights = base_model(connection, base)
        template = find_template(platform, base) or find_template(platform, weights)
        if base.kind != "adapter":
            return RunBase(weights, model_folder(platform, connection, weights.ref), template)
        merged = find_merged(connection, base)
        if getattr(settings, "base_adapter", "merge") == "merge" and merged:
            return RunBase(merged, model_folder(platform, connection, merged.ref), template)
        folder, adapter = (model_folder(platform, connection, one.ref) for one in (weights, base))
    if getattr(settings, "base_adapter", "merge") == "continue":
        return RunBase(weights, folder, template, base, adapter)
    job.progress(0, 1, unit="steps", message=f"merging {base.ref} into {weights.ref}")
    files = merge_adapter(folder, adapter, job.folder / "merged-base")
    with platform.scope(job.project_id) as connection:
        merged = registry.register(
            connection,
            platform.blobs,
            f"{base.name[:MAX_NAME_CHARS]}-merged",
            files,
            kind="merged",
            format="safetensors",
            base=base.ref,
            licence=base.licence,
            chat_template=template,
            metadata={MERGED_FROM: base.ref},
        )
        stored = model_folder(platform, connection, merged.ref)
    shutil.rmtree(files)
    job.log(f"registered the merged base {merged.ref}")
    return RunBase(merged, stored, template)


def find_merged(connection: Connection, adapter: ModelVersion) -> ModelVersion | None:
    """Return the merged version of an adapter, or None if there is none yet."""
    return next(
        (
            one
            for one in list_versions_based_on(connection, adapter.ref)
            if one.kind == "merged" and one.metadata.get(MERGED_FROM) == adapter.ref
        ),
        None,
    )


def read_json(platform: Platform, version: ModelVersion, name: str) -> dict[str, Any]:
    """Return a JSON file of a version.

    Raises:
        InvalidInput: The version has no such file, or it is not a JSON object.
    """
    try:
        values = json.loads(platform.blobs.get(version.files[name]))
    except KeyError:
        values = None
    except ValueError as error:
        raise InvalidInput(f"{name} of {version.ref} is not JSON: {error}", "import the model again") from error
    if not isinstance(values, dict):
        raise InvalidInput(f"{version.ref} has no valid {name}", "import the complete model")
    return values


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple) else value
