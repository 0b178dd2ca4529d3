"""Several completions of one request, generated at the same time."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from vong.serving.engine import GenerationChunk


async def collect(chunks: AsyncGenerator[GenerationChunk]) -> list[GenerationChunk]:
    """Return all chunks of a completion."""
    async with aclosing(chunks):
        return [chunk async for chunk in chunks]


async def collect_all(generators: Sequence[AsyncGenerator[GenerationChunk]]) -> list[list[GenerationChunk]]:
    """Return all chunks of each completion. If one fails, the others are stopped."""
    if len(generators) == 1:
        return [await collect(generators[0])]
    collected: list[list[GenerationChunk]] = [[] for _ in generators]
    async with aclosing(merge(generators)) as merged:
        async for index, chunk in merged:
            collected[index].append(chunk)
    return collected


async def merge(generators: Sequence[AsyncGenerator[GenerationChunk]]) -> AsyncGenerator[tuple[int, GenerationChunk]]:
    """Yield the chunks of all completions as they arrive, each with the index of its completion.

    If one fails, or if this generator is closed, all completions are stopped.
    """
    if len(generators) == 1:
        async with aclosing(generators[0]) as chunks:
            async for chunk in chunks:
                yield 0, chunk
        return
    queue: asyncio.Queue[tuple[int, GenerationChunk] | None] = asyncio.Queue()
    tasks = [asyncio.create_task(_pump(index, chunks, queue)) for index, chunks in enumerate(generators)]
    try:
        for _ in tasks:
            while (item := await queue.get()) is not None:
                yield item
            for task in tasks:
                if task.done():
                    task.result()  # raises the error of a completion that failed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(
    index: int, chunks: AsyncGenerator[GenerationChunk], queue: asyncio.Queue[tuple[int, GenerationChunk] | None]
) -> None:
    """Put the chunks of one completion into a queue, and None at its end."""
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                queue.put_nowait((index, chunk))
    finally:
        queue.put_nowait(None)
