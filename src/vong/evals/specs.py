"""Specifications of scorers: `NAME`, `NAME:option=value;option=value`, `NAME:{JSON}`, or an object with options."""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, validate_call

from vong import plugins
from vong.errors import InvalidInput
from vong.evals.scorers import NO_SERVICES, Scorer, ScorerServices
from vong.records import Record

SERVICES_PARAMETER = "services"
"""Parameter of a scorer that receives the services; not an option."""
LABEL = re.compile(r"[A-Za-z][\w-]{0,63}")
LABELLED = re.compile(r"([A-Za-z][\w-]{0,63})=([^:=;]+)(:.*)?", re.DOTALL)
"""Specification with a label: `LABEL=NAME` or `LABEL=NAME:options`."""


class ScorerSpec(Record):
    """Scorer with its options as an object, for values that the short form cannot contain.

    `label` replaces the scorer's name in the names of its metrics, so that one run can have a scorer twice.
    """

    name: str = Field(min_length=1, max_length=100)
    options: dict[str, Any] = {}
    label: str = Field(default="", max_length=64)


class ParsedSpec(NamedTuple):
    """Parts of a specification: label (the name if there is none), scorer, and options as text."""

    label: str
    name: str
    options: str


def to_text(spec: str | ScorerSpec | Mapping[str, Any]) -> str:
    """Return the text of a specification, in which runs store it.

    An object, also one as JSON text, becomes `NAME:{options}`.

    Raises: InvalidInput if an object has another form, or the label is no short name.
    """
    if isinstance(spec, str):
        if not spec.lstrip().startswith("{"):
            return spec
        spec = _read_json("given as an object", spec)
    if not isinstance(spec, ScorerSpec):
        try:
            spec = ScorerSpec.model_validate(dict(spec))
        except ValidationError as error:
            raise InvalidInput(
                f"a scorer is not an object with name and options: {error.errors()[0]['msg']}",
                'write {"name": "regex", "options": {"pattern": "^[0-9]+$"}}',
            ) from error
    if spec.label and not LABEL.fullmatch(spec.label):
        raise InvalidInput(
            f"label {spec.label!r} of scorer {spec.name!r} is no name",
            "use letters, digits, _ and -, beginning with a letter",
        )
    options = ":" + json.dumps(spec.options, ensure_ascii=False, sort_keys=True) if spec.options else ""
    return f"{spec.label}={spec.name}{options}" if spec.label else f"{spec.name}{options}"


def parse(spec: str) -> ParsedSpec:
    """Return the parts of a specification in text form."""
    labelled = LABELLED.fullmatch(spec)
    label, rest = (labelled[1], labelled[2] + (labelled[3] or "")) if labelled else ("", spec)
    name, _, options = rest.partition(":")
    return ParsedSpec(label or name, name, options)


def build(parsed: ParsedSpec, services: ScorerServices = NO_SERVICES) -> Scorer:
    """Build the scorer of a specification.

    Raises: NotFound if the name is unknown; InvalidInput if an option is unknown or wrong.
    """
    name = parsed.name
    factory = plugins.load_extension("scorer", name)
    options = _read_options(name, factory, parsed.options)
    bound = _bind_services(factory, services) if takes_services(factory) else factory
    try:
        return validate_call(config={"arbitrary_types_allowed": True})(bound)(**options)
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0] if fault['loc'] else name}: {fault['msg']}" for fault in error.errors())
        raise InvalidInput(f"invalid options of scorer {name!r}: {faults}", "see: vong evals scorers") from error


def list_options(factory: Callable[..., Scorer]) -> dict[str, Any]:
    """Return the options of a scorer with their defaults. An option without a default has the value `required`."""
    parameters = inspect.signature(factory).parameters.items()
    return {
        name: "required" if parameter.default is inspect.Parameter.empty else parameter.default
        for name, parameter in parameters
        if name != SERVICES_PARAMETER
    }


def takes_services(factory: Callable[..., Scorer]) -> bool:
    """Return whether a scorer calls models."""
    return SERVICES_PARAMETER in inspect.signature(factory).parameters


def _bind_services(factory: Callable[..., Scorer], services: ScorerServices) -> Callable[..., Scorer]:
    """Return the scorer without the parameter of the services, which is not validated: a protocol has no values."""

    def bound(**options: Any) -> Scorer:
        return factory(**options, services=services)

    signature = inspect.signature(factory)
    options = [one for name, one in signature.parameters.items() if name != SERVICES_PARAMETER]
    bound.__signature__ = signature.replace(parameters=options)
    bound.__annotations__ = {option.name: option.annotation for option in options}
    bound.__module__ = factory.__module__
    return bound


def _read_options(name: str, factory: Callable[..., Scorer], text: str) -> dict[str, Any]:
    defaults = list_options(factory)
    options = _read_json(name, text) if text.lstrip().startswith("{") else _read_assignments(name, text, defaults)
    for option in options:
        if option not in defaults:
            available = ", ".join(defaults) or "none"
            raise InvalidInput(f"scorer {name!r} has no option {option!r}", f"available options: {available}")
    for option, default in defaults.items():
        if default == "required" and option not in options:
            raise InvalidInput(f"scorer {name!r} needs the option {option!r}", f"write {name}:{option}=VALUE")
    return options


def _read_json(name: str, text: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"the options of scorer {name!r} are not a JSON object: {error}", "check quotes and braces"
        ) from error


def _read_assignments(name: str, text: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of `option=value;option=value`. A `;` that no option follows belongs to the value."""
    options: dict[str, Any] = {}
    for part in _split(name, text, list(defaults)):
        option, equals, value = part.partition("=")
        if not equals or option not in defaults:
            available = ", ".join(defaults) or "none"
            raise InvalidInput(f"scorer {name!r} has no option {option!r}", f"available options: {available}")
        is_list = isinstance(defaults[option], tuple)
        options[option] = tuple(filter(None, value.split(","))) if is_list else value
    return options


def _split(name: str, text: str, names: Sequence[str]) -> list[str]:
    """Return the assignments of a text, split at each `;` before an option. Any other `;` belongs to the value.

    Raises: InvalidInput if the word after a `;` is almost an option.
    """
    parts: list[str] = []
    for part in text.split(";"):
        option, equals, _ = part.partition("=")
        if not parts or (equals and option in names):
            parts.append(part)
            continue
        if equals and (close := get_close_matches(option, names, 1, 0.75)):
            raise InvalidInput(f"scorer {name!r} has no option {option!r}", f"did you mean {close[0]!r}?")
        parts[-1] += f";{part}"
    return [part for part in parts if part]
