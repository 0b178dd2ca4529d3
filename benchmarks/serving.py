"""Speed of engines with the bundled model and an adapter: llama.cpp alone, Vong's engine processes, and the gateway.

Each engine runs in a process of its own. Streams of greedy completions run at the same time, with different prompts.
`--serving-url`, `--serving-key` and `--serving-model` add a running server, for example with `deployment/NAME`.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

STREAMS = (1, 4, 16)
TOKENS = 32
RANK = 16
ADAPTER_SCALE = 0.15
THREADS = 1


class Files(NamedTuple):
    """Base and adapter, as safetensors and as GGUF files."""

    base: Path
    adapter: Path
    gguf: Path
    lora: Path


class Load(NamedTuple):
    """Result of streams that ran at the same time."""

    tokens_per_second: float
    first_token_seconds: float


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Measure all engines and return a row per figure."""
    with tempfile.TemporaryDirectory(prefix="vong-serving-") as folder:
        files = prepare(Path(folder))
        yield from measure_bare(files)
        for engine in ("xllamacpp", "transformers"):
            yield from measure_engine(engine, files, Path(folder))
    if options.serving_url:
        headers = {"Authorization": f"Bearer {options.serving_key}"}
        for count in STREAMS:
            found = asyncio.run(load_url(f"{options.serving_url}/v1", headers, options.serving_model, count))
            yield f"through the server, {count} streams", describe(found)


def prepare(folder: Path) -> Files:
    """Convert the bundled model to safetensors, make an adapter with random weights, and convert both to GGUF."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from vong.registry.bundled_model import find_bundled_gguf
    from vong.training import convert_gguf
    from vong.training.export.gguf_export import write_gguf
    from vong.training.export.gguf_export.lora import write_lora_gguf

    base, adapter = convert_gguf(find_bundled_gguf(), folder / "base", lambda _: None), folder / "adapter"
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", init_lora_weights=False)
    config.task_type = "CAUSAL_LM"
    torch.manual_seed(1)
    model: Any = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "lora_B" in name:
                values.mul_(ADAPTER_SCALE)
    model.save_pretrained(str(adapter))
    gguf = write_gguf(base, folder / "base-q8_0.gguf", "q8_0")
    return Files(base, adapter, gguf, write_lora_gguf(base, adapter, folder / "adapter.gguf"))


def measure_bare(files: Files) -> Iterator[tuple[str, str]]:
    """Measure llama.cpp's server without Vong's engine process, with the base model."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_bare, args=(files.gguf, theirs))
    started = time.monotonic()
    process.start()
    url, headers = ours.recv()
    yield "llama.cpp alone: start", f"{time.monotonic() - started:.1f} s"
    for count in STREAMS:
        found = asyncio.run(load_url(f"{url}/v1", headers, "base", count))
        yield f"llama.cpp alone, {count} streams", describe(found)
    yield "llama.cpp alone: memory", f"{memory(process.pid or 0)} MB"
    process.kill()
    process.join()


def _serve_bare(gguf: Path, pipe: Any) -> None:
    from vong.serving.engine import EngineSettings
    from vong.serving.engine.llamacpp.server import LlamaCppServer

    server = LlamaCppServer(gguf, EngineSettings(threads=THREADS, batch=max(STREAMS)))
    pipe.send((str(server.async_http.base_url).rstrip("/"), dict(server.async_http.headers)))
    pipe.recv()  # until the process is killed


def measure_engine(engine: str, files: Files, folder: Path) -> Iterator[tuple[str, str]]:
    """Measure an engine process of Vong with the adapter, its start, and the change of an adapter."""
    from vong.serving import engine_launcher
    from vong.serving.engine import EngineSettings
    from vong.serving.engine_client import EngineClient

    is_llama = engine == "xllamacpp"
    address = engine_launcher.reserve_address()
    settings = EngineSettings(threads=THREADS, batch=max(STREAMS))
    started = time.monotonic()
    process = engine_launcher.start_engine(
        engine, files.gguf if is_llama else files.base, settings, address, lease=folder / "lease", log=folder / engine
    )
    try:
        client = EngineClient(address.url, address.token)
        while not is_ready(client):
            time.sleep(0.05)
        yield f"{engine}: start", f"{time.monotonic() - started:.1f} s"
        for name in ("tuned", "second"):
            started = time.monotonic()
            client.serve(name, str(files.lora if is_llama else files.adapter))
            yield f"{engine}: load the adapter {name!r}", f"{time.monotonic() - started:.2f} s"
        for count in STREAMS:
            headers = {"Authorization": f"Bearer {address.token}"}
            found = asyncio.run(load_url(f"{address.url}/v1", headers, "tuned", count))
            yield f"{engine} with an adapter, {count} streams", describe(found)
        yield f"{engine}: memory", f"{memory(process.pid)} MB"
        client.close()
    finally:
        process.kill()
        process.wait()


def is_ready(client: Any) -> bool:
    from vong.errors import VongError

    try:
        return client.health()["state"] == "ready"
    except VongError:
        return False


async def load_url(url: str, headers: dict[str, str], model: str, count: int) -> Load:
    """Run streams at the same time and return tokens per second in all and the median time to the first token."""
    import httpx

    async with httpx.AsyncClient(headers=headers, timeout=600, trust_env=False) as client:
        started = time.monotonic()
        results = await asyncio.gather(*(_stream(client, url, model, number) for number in range(count)))
        seconds = time.monotonic() - started
    return Load(sum(tokens for tokens, _ in results) / seconds, statistics.median(first for _, first in results))


async def _stream(client: Any, url: str, model: str, number: int) -> tuple[int, float]:
    prompt = f"Write about the number {number} and what people think of it."
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": TOKENS, "temperature": 0}
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    started, first, tokens = time.monotonic(), 0.0, 0
    async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if not line.startswith("data: {"):
                continue
            event = json.loads(line.removeprefix("data: "))
            if not first and any(choice["delta"].get("content") for choice in event.get("choices", [])):
                first = time.monotonic() - started
            tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
    return tokens, first


def describe(load: Load) -> str:
    """Return the figures of a load on one line."""
    return f"{load.tokens_per_second:.0f} tokens/s, first token after {load.first_token_seconds:.2f} s"


def memory(pid: int) -> int:
    """Return the resident memory of a process in MB."""
    import psutil

    return psutil.Process(pid).memory_info().rss // 1_000_000
