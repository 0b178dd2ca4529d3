"""One suite over every engine: what the engine process may rely on, whoever computes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.serving.models import shipped_gguf, tiny_adapter, tiny_base
from vong import plugins
from vong.errors import InvalidInput
from vong.serving.engine import Engine, EngineSettings, GenerationChunk, GenerationRequest

HELLO = [{"role": "user", "content": "Name the capital of France."}]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="module", params=["transformers", "xllamacpp"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = shipped_gguf() if request.param == "xllamacpp" else tiny_base(tmp_path_factory.mktemp("base"))
    return plugins.load_extension("engine", request.param)(folder, EngineSettings(threads=1, context=1024, batch=4))


async def collect(pieces: AsyncGenerator[GenerationChunk]) -> list[GenerationChunk]:
    async with aclosing(pieces):
        return [piece async for piece in pieces]


def text(pieces: list[GenerationChunk]) -> str:
    return "".join(piece.text for piece in pieces)


def idle(engine: Engine) -> bool:
    """Whether nothing is being made, within a moment."""
    for _ in range(200):
        if engine.load.active == engine.load.waiting == 0:
            return True
        time.sleep(0.02)
    return False


def wanted(**more: Any) -> GenerationRequest:
    return replace(GenerationRequest(HELLO, temperature=0.0, max_tokens=8), **more)


def test_an_answer_ends_with_its_reason_and_its_counts(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    pieces = loop.run_until_complete(collect(engine.generate(wanted())))
    assert [piece.finish for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
    assert pieces[-1].finish in {"length", "stop"}
    assert pieces[-1].prompt_tokens == len(engine.tokenize(None, HELLO))
    assert 1 <= pieces[-1].completion_tokens <= 8


def test_a_temperature_of_zero_always_gives_the_same_text(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    first, second = (text(loop.run_until_complete(collect(engine.generate(wanted())))) for _ in range(2))
    assert first == second


def test_the_same_seed_gives_the_same_text(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    warm = wanted(temperature=1.0, top_p=0.9, seed=7)
    first, second = (text(loop.run_until_complete(collect(engine.generate(warm)))) for _ in range(2))
    assert first == second


def test_requests_that_come_together_get_the_answers_they_would_get_alone(
    loop: asyncio.AbstractEventLoop, engine: Engine
) -> None:
    asked = [wanted(messages=[{"role": "user", "content": word * times}]) for times, word in enumerate("abcdef", 1)]
    alone = [text(loop.run_until_complete(collect(engine.generate(one)))) for one in asked]

    async def all_at_once() -> list[list[GenerationChunk]]:
        return await asyncio.gather(*(collect(engine.generate(one)) for one in asked))

    together = [text(pieces) for pieces in loop.run_until_complete(all_at_once())]
    # Quantised kernels round differently in a batch, so near ties may fall the other way further on.
    length = None if engine.precision == "fp32" else 5
    assert [one[:length] for one in together] == [one[:length] for one in alone]
    assert idle(engine)


def test_an_answer_ends_before_its_stop_string(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    full = text(loop.run_until_complete(collect(engine.generate(wanted()))))
    stop = full[2:4]
    pieces = loop.run_until_complete(collect(engine.generate(wanted(stop=(stop,)))))
    assert text(pieces) == full[: full.index(stop)]
    assert pieces[-1].finish == "stop"


def test_a_client_that_leaves_frees_its_place(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    async def leave() -> None:
        async with aclosing(engine.generate(wanted(max_tokens=900))) as pieces:
            await anext(pieces)

    loop.run_until_complete(leave())
    assert idle(engine)


def test_log_probabilities_come_with_each_token(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    pieces = loop.run_until_complete(collect(engine.generate(wanted(max_tokens=3, top_logprobs=2))))
    entries = [entry for piece in pieces for entry in piece.logprobs]
    assert len(entries) == pieces[-1].completion_tokens
    assert all(entry.logprob <= 0 and len(entry.alternatives) == 2 for entry in entries)
    assert all(entry.logprob == pytest.approx(entry.alternatives[0][1], abs=1e-3) for entry in entries)


def test_next_token_log_probabilities_agree_with_what_is_generated(
    loop: asyncio.AbstractEventLoop, engine: Engine
) -> None:
    ids = engine.tokenize(None, HELLO)
    before, last = engine.logprobs(None, ids, 2, 5)
    pieces = loop.run_until_complete(collect(engine.generate(wanted(max_tokens=1, top_logprobs=1))))
    entry = next(entry for piece in pieces for entry in piece.logprobs)
    assert len(before) == len(last) == 5
    assert max(last.values()) == pytest.approx(entry.logprob, abs=5e-3)


def test_a_prompt_longer_than_the_context_is_refused(loop: asyncio.AbstractEventLoop, engine: Engine) -> None:
    long = wanted(messages=[{"role": "user", "content": "one two three " * 1100}])
    with pytest.raises(InvalidInput, match="context"):
        loop.run_until_complete(collect(engine.generate(long)))


def test_what_is_no_adapter_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        engine.set_adapter("wrong", tmp_path)


def test_adapters_share_a_batch_and_answer_as_peft_does(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = tiny_base(tmp_path / "base")
    folders = {name: tiny_adapter(tmp_path / name, base, seed=seed) for seed, name in enumerate(["one", "two"])}
    engine = plugins.load_extension("engine", "transformers")(base, EngineSettings(threads=1))
    for name, folder in folders.items():
        engine.set_adapter(name, folder)

    async def together() -> list[list[GenerationChunk]]:
        names = [None, "one", "two", "one", None]
        return await asyncio.gather(*(collect(engine.generate(wanted(adapter=name))) for name in names))

    plain, one, two, again, bare = map(text, loop.run_until_complete(together()))
    assert (plain, one) == (bare, again)
    assert len({plain, one, two}) == 3
    tokenizer = AutoTokenizer.from_pretrained(base)
    for name, answer in (("one", one), ("two", two)):
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folders[name])
        ids = tokenizer.apply_chat_template(HELLO, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        made = model.generate(**ids, max_new_tokens=8, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert answer == tokenizer.decode(made, skip_special_tokens=True)
    engine.set_adapter("one", None)
    engine.set_adapter("two", None)
    assert text(loop.run_until_complete(collect(engine.generate(wanted())))) == plain
