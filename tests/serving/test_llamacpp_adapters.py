"""Adapters with llama.cpp, compared with the trainer: beside their base, in one process, and merged into it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.serving.models import tiny_adapter, tiny_base
from vong.errors import InvalidInput, Unsupported
from vong.records import Message
from vong.serving.engine import EngineSettings, GenerationChunk, GenerationRequest
from vong.serving.engine.llamacpp.engine import LlamaCppEngine
from vong.serving.parity import TokenLogprobs, compare
from vong.training.export.gguf_export import write_gguf
from vong.training.export.gguf_export.lora import check_settings, write_lora_gguf
from vong.training.export.parity_reference import compute_reference

CONVERSATION = (Message(role="user", content="Where is my order? It was due on Monday."),)
MESSAGES = [message.model_dump(mode="json", exclude_none=True) for message in CONVERSATION]


class Models(NamedTuple):
    base: Path
    adapters: dict[str, Path]
    files: dict[str, Path]
    engine: LlamaCppEngine


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("models")
    base = tiny_base(folder / "base")
    adapters = {name: tiny_adapter(folder / name, base, seed=seed) for seed, name in enumerate(("one", "two"))}
    files = {name: write_lora_gguf(base, adapter, folder / f"{name}.gguf") for name, adapter in adapters.items()}
    settings = EngineSettings(threads=1, context=512, batch=4)
    engine = LlamaCppEngine(write_gguf(base, folder / "base.gguf", "f32"), settings, exact=True)
    return Models(base, adapters, files, engine)


async def generate(engine: LlamaCppEngine, adapter: str | None) -> str:
    request = GenerationRequest(messages=MESSAGES, adapter=adapter, max_tokens=12, temperature=0.0)
    pieces: AsyncGenerator[GenerationChunk] = engine.generate(request)
    return "".join([piece.text async for piece in pieces])


def observe(engine: LlamaCppEngine, adapter: str | None) -> TokenLogprobs:
    ids = engine.tokenize(adapter, MESSAGES)
    return TokenLogprobs(ids=tuple(ids), logprobs=tuple(engine.logprobs(adapter, ids, 8, 50)))


def test_adapters_are_added_to_a_running_engine_and_selected_per_request(models: Models) -> None:
    engine = models.engine
    plain = asyncio.run(generate(engine, None))
    for name, file in models.files.items():
        engine.set_adapter(name, file)
    names = (None, "one", "two")
    alone = {name: asyncio.run(generate(engine, name)) for name in names}
    assert alone[None] == plain
    assert len(set(alone.values())) == 3
    # Equal prompts with other adapters share no cached keys and values.
    expected = {
        name: compute_reference(models.base, name and models.adapters[name], [CONVERSATION], positions=8)[0]
        for name in names
    }
    for name in (*names, *names):
        values = expected[name]
        trainer = TokenLogprobs(ids=tuple(values["ids"]), logprobs=tuple(values["logprobs"]))
        report = compare([trainer], [observe(engine, name)], "bf16")
        assert report.equal, (name, report.reason)

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(generate(engine, name) for name in names * 3))

    assert asyncio.run(all_at_once()) == [alone[name] for name in names * 3]
    engine.set_adapter("one", None)
    with pytest.raises(InvalidInput, match="no adapter 'one'"):
        asyncio.run(generate(engine, "one"))
    assert asyncio.run(generate(engine, "two")) == alone["two"]


def test_an_adapter_of_another_base_is_rejected(models: Models, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(models.files["one"].read_bytes()[:200])
    with pytest.raises(InvalidInput, match="cannot load"):
        models.engine.set_adapter("broken", broken)
    assert asyncio.run(generate(models.engine, None))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"peft_type": "PREFIX_TUNING"}, "PREFIX_TUNING"),
        ({"bias": "all"}, "bias 'all'"),
        ({"target_modules": ["q_proj", "embed_tokens"]}, "embed_tokens"),
        ({"target_modules": ".*attn.*"}, "attn"),
    ],
)
def test_adapters_that_llama_cpp_would_apply_wrongly_are_refused(
    models: Models, changes: dict[str, Any], reason: str
) -> None:
    settings = json.loads((models.adapters["one"] / "adapter_config.json").read_text())
    check_settings(settings)
    with pytest.raises(Unsupported, match=reason):
        check_settings({**settings, **changes})
