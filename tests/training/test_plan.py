"""Plans: parameter counts, memory, time, cost, automatic settings, alternatives and probes."""

import json
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.training.factories import Recorder, create_context, rows
from tests.training.test_job import RUN_REQUEST, Job
from vong import data, registry
from vong.app import Platform
from vong.app import training_probe as wired_probe
from vong.config import PriceSettings, ProviderSettings
from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.records import DatasetVersion, Example, Message, ModelVersion, Operation
from vong.training import SftSettings
from vong.training.planning import (
    Machine,
    Measurement,
    PlanInputs,
    RecipeTraits,
    RowLength,
    RowLengths,
    count_adapter_parameters,
    estimate,
    plan_run,
    read_model_structure,
    recipe_traits,
)
from vong.training.planning import model_structure as structures
from vong.training.planning.choices import AUTOMATIC_SETTINGS
from vong.training.planning.probe import rows_per_pack, run_probe, sample_rows
from vong.training.planning.row_lengths import MAX_TOKENIZED_ROWS, ChatTemplate, load_template, measure_rows
from vong.training.recipes.pretrain_settings import PretrainSettings
from vong.training.recipes.sft import SftRecipe

SMALL = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 131,
}
SMOLLM2 = {
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}
CPU = Machine(name="test", device="cpu", cores=2, memory_limit_bytes=int(8e9))
GPU = Machine(name="NVIDIA H100", device="cuda", cores=8, memory_limit_bytes=int(76e9), bf16=True)


@pytest.fixture
def letters(platform: Platform, project_id: UUID, base: Path) -> tuple[ModelVersion, DatasetVersion]:
    examples = [
        example.model_copy(update={"metadata": {"split": "validation" if number % 4 == 0 else "train"}})
        for number, example in enumerate(rows(24))
    ]
    with platform.scope(project_id) as connection:
        model = registry.register(connection, platform.blobs, "tiny", base, kind="base", licence="Apache-2.0")
        return model, data.write(connection, platform.blobs, "letters", examples, Operation(name="import"))


def plan_inputs(config: dict[str, Any] = SMOLLM2, machine: Machine = CPU, **more: Any) -> PlanInputs:
    lengths = RowLengths(tuple(RowLength(60, 40) for _ in range(400)), 400)
    validation = RowLengths(tuple(RowLength(60, 40) for _ in range(40)), 40)
    return PlanInputs("sft", "letters", read_model_structure(config), lengths, validation, machine, **more)


@pytest.mark.parametrize("kind", sorted(structures.FORMULA_TYPES))
@pytest.mark.parametrize("change", [{}, {"num_key_value_heads": 2, "head_dim": 16, "tie_word_embeddings": True}])
def test_the_formula_counts_what_the_built_model_has(kind: str, change: dict[str, Any]) -> None:
    from vong.training.planning.inspection import inspect_model

    config = {"model_type": kind, "num_key_value_heads": 4, "tie_word_embeddings": False, **SMALL, **change}
    if kind == "smollm3":
        config |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    built = structures.ModelStructure.model_validate(inspect_model(config))
    by_formula = structures.structure_by_formula(config)
    assert by_formula == built
    assert count_adapter_parameters(by_formula, 8, "all-linear") == count_adapter_parameters(built, 8, "all-linear")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("gemma2", {"num_key_value_heads": 2, "head_dim": 12}),
        ("gpt_neox", {}),
        ("phi3", {"num_key_value_heads": 2, "pad_token_id": 0}),
        ("olmo2", {"num_key_value_heads": 2}),
        ("gpt2", {"n_embd": 48, "n_layer": 2, "n_head": 4}),
        ("qwen3_moe", {"num_key_value_heads": 2, "num_experts": 4, "moe_intermediate_size": 32, "head_dim": 12}),
    ],
)
def test_other_families_are_built_without_memory(kind: str, change: dict[str, Any]) -> None:
    import torch

    from vong.training.planning.inspection import build_meta_model, inspect_model

    config = {"model_type": kind, **SMALL, **change}
    shape = structures.ModelStructure.model_validate(inspect_model(config))
    model = build_meta_model(config)
    assert shape.parameters == sum(weight.numel() for weight in model.parameters())
    assert next(model.parameters()).device == torch.device("meta")
    assert (shape.layers, shape.hidden_size, shape.vocabulary) == (2, 48, 131)
    linear = [module for module in model.modules() if type(module).__name__ in {"Linear", "Conv1D"}]
    assert len(shape.linear_layers) == len(linear) - 1  # without the output head


def test_adapter_parameters_are_those_that_peft_trains(base: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    shape = read_model_structure(json.loads((base / "config.json").read_text()))
    targets: list[Any] = ["all-linear", ("q_proj", "v_proj"), r".*layers\.1\.mlp\..*_proj"]
    for target in targets:
        modules = target if isinstance(target, str) else list(target)
        model = get_peft_model(
            AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=4, target_modules=modules, task_type="CAUSAL_LM")
        )
        trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        assert count_adapter_parameters(shape, 4, target) == trained, target
    with pytest.raises(InvalidInput, match="matches no linear layer") as failure:
        count_adapter_parameters(shape, 4, ("query",))
    assert "q_proj" in failure.value.hint


@pytest.mark.slow
def test_an_unknown_family_is_inspected_in_a_child_process_and_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"model_type": "olmo2", **SMALL}
    first = read_model_structure(config, tmp_path)
    monkeypatch.setattr(structures, "run_inspection", lambda *_: pytest.fail("not cached"))
    structures._inspect_cached.cache_clear()
    assert read_model_structure(config, tmp_path) == first
    monkeypatch.undo()
    with pytest.raises(InvalidInput, match="cannot be inspected"):
        read_model_structure({"model_type": "no_such_model", **SMALL})


@pytest.mark.parametrize(
    ("settings", "batch", "prompt", "answer", "measured_mb"),
    [
        ({}, 1, 55, 32, 1290),
        ({}, 4, 75, 48, 2003),
        ({}, 8, 75, 48, 2075),
        ({}, 8, 125, 97, 2970),
        ({"gradient_checkpointing": True}, 8, 125, 97, 1889),
        ({"method": "full", "learning_rate": 1e-5}, 4, 75, 48, 3172),
    ],
)
def test_the_memory_of_the_bundled_model_is_within_15_percent_of_its_measurement(
    settings: dict[str, Any], batch: int, prompt: int, answer: int, measured_mb: int
) -> None:
    lengths = RowLengths((RowLength(prompt, answer),) * 24, 24, shared_prefix=23)
    needed = PlanInputs("sft", "d", read_model_structure(SMOLLM2), lengths, RowLengths((), 0), CPU)
    plan = estimate(needed, SftSettings.model_validate({"batch_size": batch, **settings}))
    assert plan.memory_bytes == pytest.approx(measured_mb * 2**20, rel=0.15)


def test_memory_falls_with_every_setting_that_saves_it() -> None:
    full = {"method": "full", "learning_rate": 1e-5}
    cases = [
        full,
        full | {"gradient_checkpointing": True},
        {},
        {"batch_size": 4},
        {"batch_size": 4, "quantization": "nf4"},
    ]
    sizes = [estimate(plan_inputs(), SftSettings.model_validate(case)).memory_bytes for case in cases]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == len(sizes)
    assert estimate(plan_inputs(machine=GPU), SftSettings()).memory_bytes < sizes[2]


def test_a_plan_that_does_not_fit_names_settings_that_do() -> None:
    tight = CPU.model_copy(update={"memory_limit_bytes": int(2.1e9)})
    needed = plan_inputs(machine=tight, price_per_hour=2.0)
    plan = plan_run(needed, SftSettings(batch_size=16))
    assert not plan.fits
    assert plan.cost == pytest.approx(plan.seconds / 3600 * 2.0, rel=1e-3)
    assert plan.alternatives
    for other in plan.alternatives:
        changed = SftSettings.model_validate({"batch_size": 16, **other.changes})
        assert estimate(needed, changed).fits
        if "batch_size" in other.changes:
            assert changed.batch_size * changed.gradient_accumulation == 16
    full = plan_run(needed, SftSettings(method="full", learning_rate=5e-5, batch_size=4))
    assert any(one.changes.get("method") == "lora" for one in full.alternatives)


def test_automatic_settings_fit_and_explicit_ones_win() -> None:
    automatic = frozenset(AUTOMATIC_SETTINGS)
    roomy = plan_run(plan_inputs(), SftSettings(), automatic)
    assert {one.setting: one.value for one in roomy.choices} == {
        "dtype": "fp32",
        "packing": False,
        "batch_size": 8,
        "gradient_accumulation": 1,
        "gradient_checkpointing": False,
        "quantization": "none",
    }
    tight = plan_inputs(machine=CPU.model_copy(update={"memory_limit_bytes": int(2.1e9)}))
    chosen = plan_run(tight, SftSettings(), automatic)
    values = {one.setting: one.value for one in chosen.choices}
    assert chosen.fits and values["batch_size"] < 8
    assert values["batch_size"] * values["gradient_accumulation"] == 8
    assert "the default needs" in next(one.reason for one in chosen.choices if one.setting == "batch_size")
    explicit = automatic - {"batch_size", "gradient_accumulation"}
    kept = plan_run(tight, SftSettings(batch_size=8), explicit)
    assert "batch_size" not in {one.setting for one in kept.choices}


def test_time_and_memory_come_from_the_measurement_that_is_most_similar() -> None:
    def measurement(rate: float, **changes: Any) -> Measurement:
        settings = SftSettings.model_validate(changes).model_dump(mode="json")
        return Measurement(
            source=f"probe {rate}", is_probe=True, machine="test", recipe="sft", settings=settings, dataset="letters",
            tokens_per_second=rate, peak_memory_bytes=123, startup_seconds=5.0,
        )  # fmt: skip

    measured = [measurement(10.0, gradient_checkpointing=True), measurement(100.0)]
    plan = estimate(plan_inputs(measurements=measured), SftSettings())
    assert (plan.tokens_per_second, plan.rate_source, plan.measured) == (100.0, "probe 100.0", True)
    assert (plan.memory_bytes, plan.memory_source, plan.startup_seconds) == (123, "probe 100.0", 5.0)
    scaled = estimate(plan_inputs(measurements=measured[1:]), SftSettings(gradient_checkpointing=True))
    assert scaled.tokens_per_second == pytest.approx(100 / 1.6, rel=0.01)
    assert scaled.rate_source.endswith("scaled to these settings")
    assert scaled.memory_bytes != 123
    elsewhere = [one.model_copy(update={"machine": "other"}) for one in measured]
    assert not estimate(plan_inputs(measurements=elsewhere), SftSettings()).measured


def test_a_probed_plan_counts_checkpoints_and_evaluations_apart() -> None:
    settings = SftSettings(batch_size=20, epochs=1, eval_every=1, checkpoint_every=40)
    measured = Measurement(
        source="a probe", is_probe=True, machine="test", recipe="sft", settings=settings.model_dump(mode="json"),
        tokens_per_second=1e9, startup_seconds=5.0, evaluation_seconds_per_row=0.0, evaluation_overhead_seconds=0.5,
        checkpoint_seconds=3.0, finish_seconds=2.0, cpu_cores=1.0,
    )  # fmt: skip
    inputs = plan_inputs(measurements=[measured])
    plan = estimate(inputs, settings)
    assert plan.steps == 20  # 20 evaluations and one checkpoint
    assert plan.seconds == pytest.approx(5 + 20 * 0.5 + 3 + 2, abs=0.2)
    busy = [note for note in plan.notes if "other processes" in note]
    assert busy and f"1.0 of {inputs.machine.cores} CPU cores" in busy[0]
    idle = measured.model_copy(update={"cpu_cores": 0.9 * inputs.machine.cores})
    assert not estimate(plan_inputs(measurements=[idle]), settings).notes


def test_the_probe_of_a_packed_run_has_rows_to_fill_its_sequences(base: Path, tmp_path: Path) -> None:
    packed = {"packing": True, "max_length": 64, "batch_size": 1, "samples": 0}
    context = create_context(base, tmp_path / "probe", packed, train=200)
    assert rows_per_pack(context.settings, context.train) > 1
    assert rows_per_pack(SftSettings(max_length=64), context.train) == 1
    assert run_probe(SftRecipe(), context, Recorder(), steps=4).steps >= 4


def test_recipes_differ_in_sequences_and_logits() -> None:
    sft, dpo = estimate(plan_inputs(), SftSettings()), estimate(plan_inputs(traits=recipe_traits("dpo")), SftSettings())
    assert dpo.memory_bytes > 1.3 * sft.memory_bytes
    assert dpo.tokens > sft.tokens

    class Own:
        traits = RecipeTraits(sequences=3)

    assert recipe_traits("dpo", Own).sequences == 3
    assert recipe_traits("unknown") == RecipeTraits()


def test_only_a_large_base_is_warned_of_the_learning_rate_of_an_adapter() -> None:
    small, full = plan_inputs(config={**SMOLLM2, **SMALL}), SftSettings(method="full")
    assert any("learning rate" in note for note in estimate(plan_inputs(), full).notes)
    assert not estimate(small, full).notes
    assert not estimate(plan_inputs(), PretrainSettings()).notes


def test_lengths_are_those_of_the_trainer(base: Path) -> None:
    from tokenizers import Tokenizer

    from vong.training.models.model_loading import load_tokenizer
    from vong.training.rows.tokenization import tokenize_example

    template = load_template((base / "chat_template.jinja").read_text(), (base / "tokenizer_config.json").read_bytes())
    assert isinstance(template, ChatTemplate)
    examples = rows(20)
    lengths = measure_rows(examples, Tokenizer.from_file(str(base / "tokenizer.json")), template)
    tokenizer = load_tokenizer(base)
    expected = [tokenize_example(tokenizer, example) for example in examples]
    # The template writes a line break after the end of the turn, which the trainer drops.
    assert [row.longest for row in lengths.rows] == [len(row.ids) + 1 for row in expected]
    assert load_template("{{ 1 / 0 }}", None) is None
    alike = next(
        place for place, ids in enumerate(zip(*(row.ids for row in expected), strict=False)) if len(set(ids)) > 1
    )
    assert alike - 2 <= lengths.shared_prefix <= alike


def test_large_datasets_are_sampled_with_their_longest_rows(base: Path) -> None:
    from tokenizers import Tokenizer

    examples = [
        Example(messages=(Message(role="user", content="a" * (500 if number == 777 else 5)),),
                completion=Message(role="assistant", content="b"))
        for number in range(MAX_TOKENIZED_ROWS * 2)
    ]  # fmt: skip
    lengths = measure_rows(examples, Tokenizer.from_file(str(base / "tokenizer.json")), None)
    assert (len(lengths.rows), lengths.total) == (MAX_TOKENIZED_ROWS, len(examples))
    assert max(row.longest for row in lengths.longest) > 500


def test_a_probe_measures_rate_memory_and_evaluation(base: Path, tmp_path: Path) -> None:
    context = create_context(base, tmp_path / "probe", {"epochs": 3, "samples": 0}, train=40)
    result = run_probe(SftRecipe(), context, Recorder(), steps=5)
    assert result.steps == 5
    assert result.tokens_per_second > 0
    assert result.peak_memory_bytes > 100e6
    assert result.evaluation_seconds_per_row and result.startup_seconds > 0
    assert result.checkpoint_seconds and result.finish_seconds is not None and result.cpu_cores
    lengths = [len(example.prompt_text) for example in sample_rows(context.train, 10, 4)]
    assert len(lengths) == 10
    assert sorted(lengths)[-4:] == sorted(len(example.prompt_text) for example in context.train)[-4:]


def test_a_probe_improves_the_next_plan(
    http: TestClient,
    platform: Platform,
    project_id: UUID,
    letters: tuple[ModelVersion, DatasetVersion],
    tmp_path: Path,
) -> None:
    request = {**RUN_REQUEST, "auto": True, "settings": {**RUN_REQUEST["settings"], "samples": 0}}
    before = http.post("/api/v1/training/plan", json=request).json()
    assert not before["measured"] and before["cost"] is None
    job = http.post("/api/v1/training/probes", json=request)
    assert job.status_code == 202, job.text
    result = wired_probe.probe(cast(JobContext, Job(project_id, tmp_path / "job", job.json()["params"])), platform)
    with platform.scope(project_id) as connection:
        from sqlalchemy import text

        connection.execute(
            text("UPDATE jobs_jobs SET status = 'finished', result = :result WHERE id = :id"),
            {"result": json.dumps(result), "id": job.json()["id"]},
        )
    after = http.post("/api/v1/training/plan", json=request).json()
    assert after["measured"], after["rate_source"]
    assert after["tokens_per_second"] == pytest.approx(result["measurement"]["tokens_per_second"], abs=0.1)
    assert after["memory_bytes"] == result["measurement"]["peak_memory_bytes"]


def test_automatic_settings_are_recorded_in_the_run(
    http: TestClient,
    letters: tuple[ModelVersion, DatasetVersion],
) -> None:
    settings = {"gradient_checkpointing": "auto", "lora_rank": 2}
    started = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": settings})
    assert started.status_code == 202, started.text
    run = started.json()["run"]
    assert run["settings"]["gradient_checkpointing"] is False
    (choice,) = run["summary"]["automatic_settings"]
    assert choice.startswith("gradient_checkpointing = false: the default fits")
    wrong = http.post("/api/v1/training/runs", json={**RUN_REQUEST, "settings": {"seed": "auto"}})
    assert wrong.status_code == 422 and "'seed' cannot be 'auto'" in wrong.json()["detail"]


def test_the_plan_of_a_provider_has_its_price_and_no_local_figures(
    http: TestClient, platform: Platform, letters: tuple[ModelVersion, DatasetVersion]
) -> None:
    platform.settings.providers["remote"] = ProviderSettings(base_url="http://127.0.0.1:9/v1")
    request = {"name": "m", "base": "remote/mini", "dataset": "letters", "recipe": "provider"}
    unpriced = http.post("/api/v1/training/plan", json=request).json()
    assert (unpriced["cost"], unpriced["epochs"], unpriced["rows"], unpriced["validation_rows"]) == (None, 6, 18, 6)
    assert any("gateway prices set remote/mini" in note for note in unpriced["notes"])
    platform.settings.prices["remote/mini"] = PriceSettings(input=1.0, output=2.0, training=25.0)
    plan = http.post("/api/v1/training/plan", json={**request, "settings": {"n_epochs": 2}}).json()
    assert (plan["provider"], plan["model"], plan["price_per_million_tokens"]) == ("remote", "mini", 25.0)
    assert plan["cost"] == pytest.approx(plan["tokens"] * 25e-6) and plan["tokens"] > 0
    assert not {"memory_bytes", "fits", "machine", "tokens_per_second"} & set(plan)
    for change, words in (
        ({"base": "tiny"}, "does not name a model of a provider"),
        ({"auto": True}, "auto has no effect at a provider"),
        ({"settings": {"epochs": 2}}, "invalid settings of recipe 'provider'"),
    ):
        answer = http.post("/api/v1/training/plan", json={**request, **change})
        assert answer.status_code == 422 and words in answer.json()["detail"], answer.text
    probe = http.post("/api/v1/training/probes", json=request)
    assert probe.status_code == 422 and "cannot be measured here" in probe.json()["detail"]
