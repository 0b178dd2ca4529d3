"""Your own scorers: functions of a file that the owner of the server wrote."""

import hashlib
import importlib.util
import inspect
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from vong import config
from vong.errors import InvalidInput, did_you_mean
from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric

GROUP = "custom"
FILE_NAME = "scorers.py"


def python_function(function: str) -> Scorer:
    """Score with a Python function of the file `scorers.py` in the server's home folder.

    `function`: its name. It is called with the `ScorerInput` (`output`, `references`, `message`, `metadata`, …), or, if
    it takes two arguments, with output and reference, and returns a number, a bool, or an object of numbers by name
    (`NAME.part`). None means: not scored. Larger values are better.

    The function runs without a sandbox in the worker, with the rights of the server. Therefore code is never uploaded:
    only who can write to the home folder adds it. For a scorer that others install, use a package with an entry point
    in the group `vong.scorers`. The hash of the file is part of the signature.
    """
    path = config.load_settings().home_folder / FILE_NAME
    compute, digest = load_function(path, function)
    takes_texts = len(inspect.signature(compute).parameters) >= 2

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        try:
            value = compute(scored.output, scored.reference) if takes_texts else compute(scored)
        except Exception as error:
            raise InvalidInput(
                f"the scorer {function!r} of {FILE_NAME} failed: {type(error).__name__}: {error}"[:500], "fix it"
            ) from error
        return {name: mean_metric(number) for name, number in to_numbers(value, function).items()}

    return build_input_scorer(
        f"python_function|{function}|sha256:{digest[:12]}",
        measure_input,
        metrics=(function,),
        uses_reference=takes_texts,
    )


def to_numbers(value: Any, function: str) -> dict[str, float]:
    """Return the metrics of a function's result.

    Raises: InvalidInput if it is neither a number nor an object of numbers.
    """
    if value is None:
        return {}
    parts: dict[str, Any] = value if isinstance(value, dict) else {"": value}
    if not all(map(_is_finite, parts.values())):
        raise InvalidInput(
            f"the scorer {function!r} returned {value!r}"[:300], "return a finite number, a bool or a dict of them"
        )
    return {
        f"python_function.{function}.{name}" if name else f"python_function.{function}": float(number)
        for name, number in parts.items()
    }


def _is_finite(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def load_function(path: Path, function: str) -> tuple[Callable[..., Any], str]:
    """Return a function of a file, and the SHA-256 of the file.

    Raises: InvalidInput if there is no such file or function, or the file cannot be imported.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no {FILE_NAME} in the server's home folder", f"write your functions to {path}")
    source = path.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    module = _load(str(path), digest)
    found = getattr(module, function, None)
    if not inspect.isfunction(found) or function.startswith("_"):
        names = [name for name, value in vars(module).items() if inspect.isfunction(value) and not name.startswith("_")]
        raise InvalidInput(f"{FILE_NAME} has no function {function!r}", did_you_mean(function, names, "none"))
    return found, digest


@cache
def _load(path: str, digest: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"vong_project_scorers_{digest[:12]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InvalidInput(
            f"{FILE_NAME} cannot be imported: {type(error).__name__}: {error}"[:500], "fix it"
        ) from error
    return module
