"""Plans of runs with a teacher or a reward model, of models from scratch, and of shared beginnings of rows."""

from pydantic import BaseModel

from tests.training.test_plan import CPU, GPU, SMOLLM2, plan_inputs
from vong.training import SftSettings
from vong.training.planning import (
    FrozenModel,
    ModelStructure,
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
from vong.training.planning.needs import Needs
from vong.training.planning.plan import find_largest_batch
from vong.training.recipes.distil_settings import DistilSettings
from vong.training.recipes.grpo import GrpoSettings
from vong.training.recipes.pretrain import choose_config
from vong.training.recipes.pretrain_settings import PretrainSettings


def test_a_teacher_and_a_reward_model_are_counted() -> None:
    teacher = FrozenModel(role="teacher", ref="big", parameters=500_000_000, half=True)
    reward = FrozenModel(role="reward model", ref="judge", parameters=500_000_000)
    alone, taught = estimate(plan_inputs(), SftSettings()), estimate(plan_inputs(frozen=(teacher,)), SftSettings())
    assert taught.memory_bytes - alone.memory_bytes == taught.memory_parts.other_models == 2_000_000_000
    assert taught.tokens_per_second < 0.5 * alone.tokens_per_second
    on_gpu = [estimate(plan_inputs(machine=GPU, frozen=(one,)), SftSettings()) for one in (teacher, reward)]
    assert [plan.memory_parts.other_models for plan in on_gpu] == [1_000_000_000, 2_000_000_000]
    settings = DistilSettings(teacher="big", source="logits")
    assert recipe_traits("distil", settings=settings).logit_copies > recipe_traits("sft").logit_copies
    assert not recipe_traits("grpo", settings=GrpoSettings(beta=0.0)).reference
    assert recipe_traits("grpo", settings=GrpoSettings(beta=0.1)).reference


def test_named_embeddings_count_as_adapted_layers() -> None:
    shape = read_model_structure(SMOLLM2)
    head = 8 * (576 + 49152)
    assert count_adapter_parameters(shape, 8, ("lm_head",)) == head
    assert count_adapter_parameters(shape, 8, r".*embed_tokens|lm_head") == 2 * head
    assert count_adapter_parameters(shape, 8, "all-linear") == 8 * sum(
        layer.inputs + layer.outputs for layer in shape.linear_layers
    )


def test_a_smaller_model_from_scratch_is_an_alternative() -> None:
    def resize(settings: BaseModel) -> ModelStructure:
        chosen = PretrainSettings.model_validate(settings.model_dump())
        return read_model_structure(choose_config(100_000_000, 8192, chosen))

    settings = PretrainSettings(parameters=300_000_000, epochs=1)
    tight = CPU.model_copy(update={"memory_limit_bytes": int(4e9)})
    documents = RowLengths((RowLength(0, 1000),) * 100, 100)
    needed = PlanInputs("pretrain", "d", resize(settings), documents, documents, tight, resize=resize)
    plan = plan_run(needed, settings)
    assert not plan.fits
    smaller = next(one for one in plan.alternatives if "parameters" in one.changes)
    changed = settings.model_copy(update=smaller.changes)
    assert changed.parameters is not None and changed.parameters < 300_000_000
    assert smaller.memory_bytes <= tight.memory_limit_bytes
    assert f"{changed.parameters:,} parameters" in smaller.description


def test_the_common_beginning_of_a_batch_is_counted_once() -> None:
    lengths = RowLengths((RowLength(60, 40),) * 24, 24, shared_prefix=30)
    for settings, tokens in (
        (SftSettings(batch_size=8), 8 * 100 - 7 * 30),
        (SftSettings(batch_size=8, share_prefix=False), 800),
        (SftSettings(batch_size=8, gradient_checkpointing=True), 800),
        (SftSettings(batch_size=8, lora_dropout=0.1), 800),
        (DistilSettings(teacher="big", source="logits", batch_size=8), 800),
    ):
        assert find_largest_batch(lengths, Needs.of(settings), RecipeTraits()).tokens == tokens


def test_a_batch_in_two_parts_needs_the_memory_of_one() -> None:
    lengths = RowLengths((RowLength(60, 40),) * 24, 24)
    for settings, tokens, parts in (
        (SftSettings(batch_size=8), 400, 2),
        (SftSettings(batch_size=4), 400, 1),
        (SftSettings(batch_size=8, packing=True, max_length=200), 1600, 1),
        (SftSettings(batch_size=8, method="full"), 800, 1),
    ):
        largest = find_largest_batch(lengths, Needs.of(settings), RecipeTraits(), on_cpu=True)
        assert (largest.tokens, largest.parts) == (tokens, parts)
    assert find_largest_batch(lengths, Needs.of(SftSettings(batch_size=8)), RecipeTraits()).parts == 1
    halves, whole = (estimate(plan_inputs(), SftSettings(batch_size=size)) for size in (8, 4))
    assert halves.memory_bytes - whole.memory_bytes == whole.memory_parts.gradients  # of the first part
