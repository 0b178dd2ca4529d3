"""Plan of a deployment before it is made: memory, speed, price, disk and time, and what would fit instead."""

import shutil
from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong import registry
from vong.app import serving_files
from vong.app.deployment_prices import UNSET_NOTE, compute_price
from vong.app.model_defaults import with_model_defaults
from vong.app.platform import Platform
from vong.app.serving import check_deployable
from vong.app.serving_files import EngineChoice, ServedFile
from vong.app.serving_memory import memory_need
from vong.records import ModelVersion
from vong.records.deployment import DeploymentAlternative, DeploymentPlan, LevelPlan, MemoryPlan, SpeedPlan
from vong.records.deployment_load import DeploymentLoad, DeploymentPrice
from vong.serving import replica_tables
from vong.serving.engine_choice import LLAMACPP
from vong.serving.memory_plan import MemoryNeed, plan_memory, uses_gpu
from vong.serving.settings import DeploymentSettings
from vong.serving.speed_estimate import plan_speed

PLANNED_LEVELS = ("f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k")
MIN_CONTEXT = 1024
"""Smallest context that is suggested."""
START_SECONDS = {"xllamacpp": 2.0, "transformers": 10.0, "vllm": 60.0, "embedding": 6.0}
"""Seconds from the start of an engine process to the load of its model, measured on two cores."""
LOAD_BYTES_PER_SECOND = 400e6
CONVERT_BYTES_PER_SECOND = 30e6
"""Bytes of safetensors that are downloaded, quantized and stored per second."""
UNKNOWN_SPEED_NOTE = "the price is known when the speed is"


class _Variant(NamedTuple):
    """Deployment with some settings: its engine, memory and what it lacks."""

    choice: EngineChoice
    need: MemoryNeed
    memory: MemoryPlan
    lack: str | None


def plan(
    platform: Platform,
    connection: Connection,
    ref: str,
    *,
    engine: str | None = None,
    settings: DeploymentSettings | None = None,
) -> DeploymentPlan:
    """Return the plan of a deployment. Nothing is changed.

    Raises: the errors of a deployment, except a lack of memory, which the plan describes.
    """
    settings = settings or DeploymentSettings()
    model = registry.find(connection, ref)
    base = check_deployable(platform, connection, model, settings)
    settings = with_model_defaults(model, settings)
    own = _compute(platform, connection, model, base, engine, settings)
    machine = next((row for row in replica_tables.list_machines(connection) if row["name"] == own.memory.machine), None)
    is_on_gpu = machine is not None and uses_gpu(machine, own.choice.engine)
    speed = plan_speed(connection, _engine_key(own.choice), own.choice.engine, own.memory.weights, is_on_gpu=is_on_gpu)
    seconds, is_measured = _start_seconds(connection, model, own)
    return DeploymentPlan(
        model=model.ref,
        engine=own.choice.engine,
        engine_reason=own.choice.reason,
        settings=own.choice.settings.model_dump(mode="json"),
        fits=own.lack is None,
        lack=own.lack,
        memory=own.memory,
        speed=speed,
        price=_price(platform, speed),
        disk_bytes=_disk_bytes(platform, connection, model, own),
        disk_available=shutil.disk_usage(_existing_home(platform)).free,
        start_seconds=round(seconds, 1),
        start_source="measured" if is_measured else "estimated",
        levels=_plan_levels(platform, connection, model, base, own),
        alternatives=_find_alternatives(platform, connection, model, base, own) if own.lack else (),
    )


def _compute(
    platform: Platform,
    connection: Connection,
    model: ModelVersion,
    base: ModelVersion,
    engine: str | None,
    settings: DeploymentSettings,
) -> _Variant:
    choice = serving_files.choose(platform, model, base, engine, settings)
    need = memory_need(platform, model, base, choice.engine, choice.settings)
    memory, lack = plan_memory(
        connection, _engine_key(choice), choice.engine, need, is_on_ray=choice.settings.cluster == "ray"
    )
    return _Variant(choice, need, memory, lack)


def _engine_key(choice: EngineChoice) -> str:
    return choice.settings.engine_key(choice.loaded.hash, choice.engine)


def _price(platform: Platform, speed: SpeedPlan) -> DeploymentPrice:
    """Return the price of a million tokens at the predicted speed."""
    per_hour = platform.settings.machine_price_per_hour
    if not per_hour:
        return DeploymentPrice(input=0.0, output=0.0, cached=0.0, source="unset", note=UNSET_NOTE)
    price = compute_price(DeploymentLoad(output_speed=speed.output, prompt_speed=speed.prompt), per_hour)
    if price is None:
        return DeploymentPrice(input=None, output=None, source=speed.source, note=UNKNOWN_SPEED_NOTE)
    note = f"machine_price_per_hour of {per_hour:g} dollars divided by the {speed.source} tokens per hour of one caller"
    return DeploymentPrice(input=price.input, output=price.output, cached=0.0, source=speed.source, note=note)


def _disk_bytes(platform: Platform, connection: Connection, model: ModelVersion, own: _Variant) -> int:
    """Return the bytes of the files that will be stored: converted ones twice (store and engine), and downloads."""
    folder = platform.settings.home_folder / "models"
    files = _missing_files(connection, model, own)
    needed = sum(2 * _size(file, own) for file in files)
    if own.choice.is_converted and not files:
        return needed
    versions = {version.hash: version for version in (own.choice.loaded, model)}
    return needed + sum(one.bytes for one in versions.values() if not (folder / one.hash).is_dir())


def _missing_files(connection: Connection, model: ModelVersion, own: _Variant) -> list[ServedFile]:
    """Return the files that must be converted first."""
    files = serving_files.list_needed(own.choice.engine, own.choice.settings, model, own.choice.loaded)
    return [file for file in files if serving_files.find_export(connection, file) is None]


def _size(file: ServedFile, own: _Variant) -> int:
    return own.need.weights if file.format == "gguf" else file.version.bytes


def _start_seconds(connection: Connection, model: ModelVersion, own: _Variant) -> tuple[float, bool]:
    """Return the seconds until the engine has loaded the model, and whether an earlier start was measured."""
    convert = sum(file.version.bytes for file in _missing_files(connection, model, own)) / CONVERT_BYTES_PER_SECOND
    for row in replica_tables.list_replicas(connection, engine_key=_engine_key(own.choice)):
        if row["state"] == "ready" and row["launched_at"] and row["since"] > row["launched_at"]:
            return convert + (row["since"] - row["launched_at"]).total_seconds(), not convert
    start = START_SECONDS.get(own.choice.engine, 10.0)
    return convert + start + own.need.weights / LOAD_BYTES_PER_SECOND, False


def _plan_levels(
    platform: Platform, connection: Connection, model: ModelVersion, base: ModelVersion, own: _Variant
) -> tuple[LevelPlan, ...]:
    """Return memory and speed with each quantization, if the model is converted for llama.cpp."""
    if not own.choice.is_converted:
        return ()
    levels: list[LevelPlan] = []
    for level in PLANNED_LEVELS:
        settings = own.choice.settings.model_copy(update={"quantization": level})
        one = _compute(platform, connection, model, base, LLAMACPP, settings)
        speed = plan_speed(connection, _engine_key(one.choice), LLAMACPP, one.need.weights)
        levels.append(
            LevelPlan(
                quantization=level,
                required=one.memory.required,
                fits=one.lack is None,
                output_speed=speed.output,
            )
        )
    return tuple(levels)


def _find_alternatives(
    platform: Platform, connection: Connection, model: ModelVersion, base: ModelVersion, own: _Variant
) -> tuple[DeploymentAlternative, ...]:
    """Return changes of the settings, one at a time and then together, with which the deployment fits."""
    settings, found = own.choice.settings, list[DeploymentAlternative]()

    def fits(changes: dict[str, Any]) -> bool:
        changed = settings.model_copy(update=changes)
        one = _compute(platform, connection, model, base, own.choice.engine, changed)
        if one.lack is None:
            found.append(DeploymentAlternative(settings=changes, required=one.memory.required))
        return one.lack is None

    single = _smaller_settings(own)
    for options in single:
        next((changes for changes in options if fits(changes)), None)
    if not found and single:
        fits({name: value for options in single for name, value in options[-1].items()})
    return tuple(found)


def _smaller_settings(own: _Variant) -> list[list[dict[str, Any]]]:
    """Return the settings that lower the memory: for each of them its values, the least change first."""
    settings = own.choice.settings
    options: list[list[dict[str, Any]]] = []
    if settings.reproducible:
        options.append([{"reproducible": False}])
    if own.choice.is_converted and settings.quantization in PLANNED_LEVELS:
        smaller = PLANNED_LEVELS[PLANNED_LEVELS.index(settings.quantization) + 1 :]
        options.append([{"quantization": level} for level in smaller])
    contexts: list[dict[str, Any]] = []
    context = own.need.context // 2
    while context >= MIN_CONTEXT:
        contexts.append({"context": context})
        context //= 2
    options.append(contexts)
    batches = [value for value in (4, 2, 1) if value < settings.batch]
    if settings.reproducible or own.choice.engine != LLAMACPP:
        options.append([{"batch": value} for value in batches])
    return [one for one in options if one]


def _existing_home(platform: Platform) -> str:
    home = platform.settings.home_folder
    return str(home if home.is_dir() else home.parent)
