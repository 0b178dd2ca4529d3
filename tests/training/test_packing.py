"""Packing: equal loss and gradients, exact resume, and refusal of models in which rows influence each other."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.factories import Recorder, create_context
from vong.errors import InvalidInput, JobCancelled
from vong.training.recipes.sft import SftRecipe
from vong.training.rows.batching import collate
from vong.training.rows.packing import check_packing, collate_packs, pack_rows, pack_table
from vong.training.rows.tokenization import IGNORED_LABEL, TokenizedExample


def row(length: int, weight: float = 1.0, first: int = 3) -> TokenizedExample:
    ids = [first + (7 * place + length) % 100 for place in range(length)]
    return TokenizedExample(ids, [IGNORED_LABEL] * (length // 3) + ids[length // 3 :], weight)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=200), st.integers(0, 3))
def test_packs_hold_every_row_once_and_do_not_exceed_their_capacity(lengths: list[int], seed: int) -> None:
    rows = [row(length, weight=float(number)) for number, length in enumerate(lengths)]
    packs = pack_rows(rows, 64, seed)
    assert sorted(one.weight for pack in packs for one in pack) == [float(number) for number in range(len(rows))]
    assert all(sum(len(one.ids) for one in pack) <= 64 for pack in packs)
    assert len(packs) <= 1 + 2 * sum(lengths) / 64
    assert packs == pack_rows(rows, 64, seed)


@pytest.fixture(scope="module")
def model(base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(base, attn_implementation="sdpa")


def loss_of(model: Any, batch: dict[str, Any]) -> Any:
    """Return the sum of the weighted losses of a batch."""
    from torch.nn.functional import cross_entropy

    from vong.training.trainers.trainer import MODEL_INPUTS, spread_weights

    tokens = {name: batch[name] for name in MODEL_INPUTS if name in batch}
    logits = model(**tokens, use_cache=False).logits[:, :-1]
    labels = batch["labels"][:, 1:]
    losses = cross_entropy(logits.transpose(1, 2), labels, reduction="none", ignore_index=IGNORED_LABEL)
    return (losses * spread_weights(batch["weights"], labels)).sum() / (labels != IGNORED_LABEL).sum()


@pytest.mark.parametrize("flatten", [False, True])
def test_packed_rows_have_the_loss_and_the_gradients_of_separate_rows(model: Any, flatten: bool) -> None:
    import torch

    rows = [row(length, weight) for length, weight in ((30, 1.0), (11, 2.0), (4, 0.5), (25, 1.0), (2, 1.0), (50, 3.0))]
    separate = [
        {"input_ids": one.ids, "labels": [IGNORED_LABEL, *one.labels[1:]], "weight": one.weight} for one in rows
    ]
    table = pack_table(pack_rows(rows, 64, seed=0))
    packs = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    assert len(packs) < len(rows)
    results: list[tuple[Any, list[Any]]] = []
    for batch in (collate(separate, pad=2), collate_packs(packs, pad=2, flatten=flatten)):
        model.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        results.append((loss.detach(), [weight.grad.clone() for weight in model.parameters()]))
    (loss, gradients), (packed_loss, packed_gradients) = results
    assert torch.allclose(loss, packed_loss, atol=1e-5)
    for gradient, packed in zip(gradients, packed_gradients, strict=True):
        assert torch.allclose(gradient, packed, atol=1e-5)


def test_a_packed_batch_counts_its_tokens_without_padding() -> None:
    from vong.training.trainers.trainer import count_tokens

    table = pack_table([[row(5), row(3)], [row(4)]])
    packs = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    batch = collate_packs(packs, pad=2)
    assert count_tokens(batch) == 12
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1, 2], [0, 1, 2, 3, 0, 1, 2, 3]]


def test_models_with_a_recurrent_state_are_refused(model: Any) -> None:
    from transformers import MambaConfig, MambaForCausalLM

    rows = [row(20), row(15)]
    check_packing(model, rows)
    config = MambaConfig(vocab_size=200, hidden_size=16, state_size=4, num_hidden_layers=1)
    with pytest.raises(InvalidInput, match="'mamba' cannot be trained with packing"):
        check_packing(MambaForCausalLM(config), rows)


@pytest.mark.slow
def test_a_resumed_packed_run_equals_an_uninterrupted_one_exactly(base: Path, tmp_path: Path) -> None:
    settings = {
        "epochs": 4,
        "packing": True,
        "max_length": 128,
        "batch_size": 2,
        "checkpoint_every": 2,
        "eval_every": 3,
    }
    uninterrupted = SftRecipe().train(create_context(base, tmp_path / "whole", settings), Recorder())
    with pytest.raises(JobCancelled):
        SftRecipe().train(create_context(base, tmp_path / "broken", settings), Recorder(cancel_at=5))
    resumed = SftRecipe().train(create_context(base, tmp_path / "broken", settings), Recorder())
    adapters = [(run.folder / "adapter_model.safetensors").read_bytes() for run in (uninterrupted, resumed)]
    assert adapters[0] == adapters[1]
    assert resumed.summary["sequences"] < resumed.summary["rows"] == 24
    assert resumed.summary["tokens"] == uninterrupted.summary["tokens"]
