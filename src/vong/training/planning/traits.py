"""Traits of recipes that determine memory and time: sequences per row, reference model, logits, generation."""

from typing import Any

from pydantic import BaseModel

from vong.records import Record


class RecipeTraits(Record):
    """Costs of a recipe relative to supervised fine-tuning.

    `sequences`: sequences per row (2 for a pair of answers). `reference`: a frozen reference or teacher model computes
    each sequence too; `reference_copy` if it is a second set of weights even with an adapter. `logit_copies`: copies of
    the logits per position that are held at once. `all_logits`: logits at prompt positions as well.
    `generated_tokens`: tokens that are generated per row before it is trained.
    """

    sequences: int = 1
    reference: bool = False
    reference_copy: bool = False
    logit_copies: float = 3.0
    all_logits: bool = False
    generated_tokens: bool = False


PAIRED = RecipeTraits(sequences=2, all_logits=True)
KNOWN_TRAITS: dict[str, RecipeTraits] = {
    "pretrain": RecipeTraits(all_logits=True),
    "continue": RecipeTraits(all_logits=True),
    "dpo": RecipeTraits(sequences=2, reference=True, all_logits=True),
    "ipo": RecipeTraits(sequences=2, reference=True, all_logits=True),
    "kto": RecipeTraits(reference=True, all_logits=True),
    "orpo": PAIRED,
    "simpo": PAIRED,
    "cpo": PAIRED,
    "reward": RecipeTraits(sequences=2, logit_copies=0.0),
    "classification": RecipeTraits(logit_copies=0.0),
    "embedding": RecipeTraits(sequences=2, logit_copies=0.0),
    "grpo": RecipeTraits(reference=True, all_logits=True, generated_tokens=True),
    "rloo": RecipeTraits(reference=True, all_logits=True, generated_tokens=True),
    "ppo": RecipeTraits(reference=True, reference_copy=True, all_logits=True, generated_tokens=True),
    "gkd": RecipeTraits(reference=True, reference_copy=True, all_logits=True, generated_tokens=True),
}
"""Traits by the name of the recipe. A recipe overrides them with its class attribute `traits`."""


DISTILLATION_OF_LOGITS = RecipeTraits(logit_copies=9.0)
"""Traits of distillation from a local teacher. Its weights are counted as a model of their own."""


def recipe_traits(name: str, recipe: type[Any] | None = None, settings: BaseModel | None = None) -> RecipeTraits:
    """Return the traits of a recipe: its own, those known by its name, or those of supervised fine-tuning."""
    own = getattr(recipe, "traits", None)
    traits = own if isinstance(own, RecipeTraits) else KNOWN_TRAITS.get(name, RecipeTraits())
    if name == "distil" and getattr(settings, "source", None) == "logits":
        return DISTILLATION_OF_LOGITS
    if traits.generated_tokens and getattr(settings, "beta", None) == 0:
        return traits.model_copy(update={"reference": False})  # without a KL penalty there is no reference
    return traits
