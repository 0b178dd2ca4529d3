"""Faster computation: oneDNN layers and shared prefixes give the loss and the gradients of the plain computation."""

from pathlib import Path
from typing import Any

import pytest

from tests.training.factories import Recorder, create_context
from vong.training.models import fast_linear
from vong.training.models.fast_linear import read_cpu_vendor, use_onednn_linears
from vong.training.recipes.sft import SftRecipe
from vong.training.rows.batching import collate
from vong.training.rows.tokenization import IGNORED_LABEL, TokenizedExample
from vong.training.trainers.shared_prefix import attend_rows, can_share, collate_shared, prefix_length, saved_share


def row(length: int, prefix: int, weight: float = 1.0) -> TokenizedExample:
    ids = [3 + place for place in range(prefix)] + [
        60 + (7 * place * length + length) % 100 for place in range(length - prefix)
    ]
    return TokenizedExample(ids, [IGNORED_LABEL] * (prefix + 2) + ids[prefix + 2 :], weight)


@pytest.fixture
def model(base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(base, attn_implementation="sdpa")


def train_on(model: Any, batch: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Return the weighted loss of a batch, and all gradients."""
    from torch.nn.functional import cross_entropy

    from vong.training.trainers.trainer import MODEL_INPUTS, spread_weights

    model.zero_grad()
    tokens = {name: batch[name] for name in MODEL_INPUTS if name in batch}
    with attend_rows(model, batch.get("row_layout")):
        hidden = model.base_model(**tokens, use_cache=False).last_hidden_state[:, :-1]
    labels = batch["labels"][:, 1:]
    losses = cross_entropy(model.lm_head(hidden).transpose(1, 2), labels, reduction="none", ignore_index=IGNORED_LABEL)
    loss = (losses * spread_weights(batch["weights"], labels)).sum() / (labels != IGNORED_LABEL).sum()
    loss.backward()
    return loss.detach(), [weight.grad.clone() for weight in model.parameters()]


def assert_equal_training(one: tuple[Any, list[Any]], other: tuple[Any, list[Any]]) -> None:
    import torch

    assert torch.allclose(one[0], other[0], atol=1e-5)
    for gradient, same in zip(one[1], other[1], strict=True):
        assert torch.allclose(gradient, same, atol=1e-5)


def columns(rows: list[TokenizedExample]) -> list[dict[str, Any]]:
    return [{"input_ids": one.ids, "labels": one.labels, "weight": one.weight} for one in rows]


@pytest.mark.parametrize("prefix", [0, 1, 9])
def test_a_shared_prefix_gives_the_loss_and_the_gradients_of_separate_rows(model: Any, prefix: int) -> None:
    rows = [row(30, prefix), row(12, prefix, 2.0), row(21, prefix, 0.5)]
    batch = collate_shared(columns(rows))
    assert batch["input_ids"].shape[1] == sum(len(one.ids) for one in rows) - 2 * prefix
    assert can_share(model, rows)
    assert_equal_training(train_on(model, batch), train_on(model, collate(columns(rows), pad=2)))
    assert model.config._attn_implementation == "sdpa"


def test_the_shared_prefix_ends_before_the_first_token_in_the_loss() -> None:
    same = TokenizedExample([5, 6, 7, 8], [IGNORED_LABEL, IGNORED_LABEL, 7, 8], 1.0)
    assert prefix_length(columns([same, same])) == 1
    assert prefix_length(columns([TokenizedExample([5, 6], [5, 6], 1.0)] * 2)) == 0
    assert saved_share([[same, same]]) == 1 / 8
    assert saved_share([[same]]) == 0.0


def test_models_that_cannot_share_a_prefix_are_not_changed(model: Any) -> None:
    from transformers import MambaConfig, MambaForCausalLM

    rows = [row(20, 5), row(15, 5)]
    mamba = MambaForCausalLM(MambaConfig(vocab_size=200, hidden_size=16, state_size=4, num_hidden_layers=1))
    assert not can_share(mamba, rows)
    model.config.attention_dropout = 0.1
    assert not can_share(model, rows)
    model.config.attention_dropout, model.config.sliding_window = 0.0, 8
    assert not can_share(model, rows)


def test_onednn_layers_give_the_loss_and_the_gradients_of_torch(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = collate(columns([row(30, 4), row(12, 4)]), pad=2)
    plain = train_on(model, batch)
    monkeypatch.setattr(fast_linear, "onednn_is_faster", lambda: False)
    assert use_onednn_linears(model) == 0
    monkeypatch.setattr(fast_linear, "onednn_is_faster", lambda: True)
    assert use_onednn_linears(model) == 15
    assert_equal_training(train_on(model, batch), plain)


def test_the_vendor_of_the_processor_is_read(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nvendor_id\t: AuthenticAMD\n")
    assert read_cpu_vendor(tmp_path / "cpuinfo") == "AuthenticAMD"
    assert read_cpu_vendor(tmp_path / "missing") == ""


@pytest.mark.slow
def test_a_run_with_a_shared_prefix_learns_like_a_run_without(base: Path, tmp_path: Path) -> None:
    losses: list[list[float]] = []
    for share in (True, False):
        recorder = Recorder()
        settings = {"epochs": 1, "share_prefix": share}
        SftRecipe().train(create_context(base, tmp_path / str(share), settings), recorder)
        losses.append(recorder.series("loss"))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
