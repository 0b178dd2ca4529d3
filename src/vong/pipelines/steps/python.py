"""Step `python`: code in the Monty sandbox, without files, network, environment and imports of packages."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from vong.errors import InvalidInput, Unavailable
from vong.pipelines import types
from vong.pipelines.definition import IDENTIFIER, JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports

MAX_MEMORY_BYTES = 64 << 20
MAX_OUTPUT_BYTES = 1_000_000
MAX_PRINTED_BYTES = 20_000


class PythonConfig(StepConfig):
    """Settings of a Python step. The value of the last expression of the code is the output `result`."""

    RAW: ClassVar[frozenset[str]] = frozenset({"code"})

    code: str = Field(min_length=1, max_length=100_000)
    inputs: dict[str, Any] = Field(default={}, description="Variables of the code.")
    outputs: dict[str, JsonSchema] = Field(default={}, description="Fields of the result, with their types.")
    max_seconds: float = Field(default=5.0, gt=0, le=60)

    @field_validator("inputs", "outputs")
    @classmethod
    def _check_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in values:
            if not name.isidentifier() or not IDENTIFIER.fullmatch(name.lower()):
                raise ValueError(f"invalid name of a variable: {name!r} (use letters, digits and '_')")
        return values


class PythonStep:
    """Code in a sandbox."""

    Config: ClassVar[type[StepConfig]] = PythonConfig
    span_kind: ClassVar[str] = "tool"

    def outputs(self, config: PythonConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs: `result`, the printed text, and the declared fields."""
        del types_
        return {**config.outputs, "result": types.ANY, "printed": types.STRING}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: PythonConfig) -> StepResult:
        """Run the code."""
        del context
        result, printed = await _execute(config)
        outputs = {"result": result, "printed": printed}
        if config.outputs:
            if not isinstance(result, dict) or not set(config.outputs) <= set(result):
                message = f"the code must end with a dict that has the keys {', '.join(config.outputs)}"
                raise InvalidInput(message, "end the code with {'name': value, …}, or change `outputs`")
            outputs = {**{name: result[name] for name in config.outputs}, **outputs}
        return StepResult(outputs)


class _Pool:
    """Pool of sandbox processes of one event loop, started on first use."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.monty: Any = None
        self.lock = asyncio.Lock()

    async def get(self) -> Any:
        from pydantic_monty import AsyncMonty

        async with self.lock:
            if self.monty is None:
                monty = AsyncMonty(min_processes=0, max_processes=4, checkout_timeout=60.0)
                await monty.__aenter__()
                self.monty = monty
            return self.monty


_pools: dict[asyncio.AbstractEventLoop, _Pool] = {}


async def close_pool() -> None:
    """Stop the sandbox processes of the running event loop."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is not None and pool.monty is not None:
        await pool.monty.__aexit__(None, None, None)


async def _execute(config: PythonConfig) -> tuple[Any, str]:
    """Return the value of the last expression as JSON values, and the printed text."""
    from pydantic_monty import CollectString, MontyCrashedError, MontyError

    loop = asyncio.get_running_loop()
    monty = await _pools.setdefault(loop, _Pool()).get()
    printed = CollectString(max_bytes=MAX_PRINTED_BYTES)
    limits: Any = {"max_feed_duration_secs": config.max_seconds, "max_memory": MAX_MEMORY_BYTES}
    try:
        async with monty.checkout(limits=limits, script_name="step.py") as session:
            value = await session.feed_run(config.code, inputs=config.inputs, print_callback=printed)
    except MontyCrashedError as error:
        raise InvalidInput(f"the code exceeded its limits: {error}", LIMITS_HINT) from None
    except MontyError as error:
        raise InvalidInput(*_describe(error, config.max_seconds)) from None
    except TimeoutError:
        raise Unavailable("no sandbox process was free within 60 s", "run fewer Python steps at once") from None
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"a value cannot enter or leave the sandbox: {error}", "use JSON values") from None
    return _to_json(value), printed.output


LIMITS_HINT = "do less work in one step, or raise max_seconds (at most 60)"


def _describe(error: Any, max_seconds: float) -> tuple[str, str]:
    """Return the message, with the line, and the hint of an error of the code."""
    frames = error.traceback() if hasattr(error, "traceback") else []
    line = f"line {frames[-1].line}: " if frames else ""
    inner = error.exception()
    if isinstance(inner, TimeoutError):
        return f"{line}the code ran longer than {max_seconds:g} s", LIMITS_HINT
    if isinstance(inner, MemoryError):
        return f"{line}the code used more than {MAX_MEMORY_BYTES >> 20} MiB of memory", LIMITS_HINT
    text = error.display("type-msg") if hasattr(error, "display") else str(error)
    return f"{line}{text[:1000]}", "fix the code; it runs without files, network and packages"


def _to_json(value: Any) -> Any:
    """Return a value as JSON values. Raises InvalidInput if it is none, or too large."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        hint = "end the code with a dict, list, text, number, boolean or None"
        raise InvalidInput(f"the result of the code is not JSON: {error}", hint) from None
    if len(text) > MAX_OUTPUT_BYTES:
        message = f"the result of the code has {len(text)} characters, and at most {MAX_OUTPUT_BYTES} are allowed"
        raise InvalidInput(message, "return less")
    return json.loads(text)
