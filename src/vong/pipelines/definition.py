"""Definition of a pipeline: typed inputs, steps and outputs, as YAML and as JSON."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from vong.errors import InvalidInput
from vong.records import Record, content_hash
from vong.yaml_text import dump_yaml, parse_yaml

JsonSchema = dict[str, Any]
"""JSON Schema of a value. An empty schema allows any value."""
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Pattern of the names of steps, inputs and outputs, which templates refer to."""
RESERVED_NAMES = frozenset({"inputs", "item", "index", "state", "run", "error"})
"""Names that a step may not have, because templates use them for other values."""
TEMPLATE_WORDS = frozenset({"none", "true", "false", "not", "self"})
"""Words with a meaning of their own in templates, which cannot refer to a step with such a name."""
MAX_STEPS = 500
"""Steps of a pipeline, nested ones included."""
MAX_DEFINITION_BYTES = 1_000_000
LAYOUT_FIELDS = frozenset({"layout", "notes", "groups"})
"""Fields of the canvas, which do not change the hash."""


def _to_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class DefaultOutputs(Record):
    """Outputs that replace those of a step that failed."""

    default: dict[str, Any]


class StepDefinition(BaseModel):
    """One step: the fields common to all kinds, and the settings of its kind beside them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str = Field(min_length=1, max_length=63)
    title: str = Field(default="", max_length=200)
    after: Annotated[tuple[str, ...], BeforeValidator(_to_tuple)] = ()
    """Steps (`STEP`), or ports of steps (`STEP.PORT`), after which the step runs."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    retries: int = Field(default=0, ge=0, le=20)
    retry_delay_seconds: float = Field(default=1.0, ge=0, le=3600)
    """Delay before the first retry. It doubles with each further one."""
    on_error: Literal["fail", "branch"] | DefaultOutputs = "fail"

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings of the kind, not validated."""
        return dict(self.model_extra or {})


COMMON_FIELDS = frozenset(StepDefinition.model_fields)


class RunLimits(Record):
    """Limits of one run. A run that reaches one ends with an error that names it."""

    cost_usd: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    steps: int = Field(default=1000, ge=1, le=100_000)
    """Steps that are executed, each iteration of a loop counted."""
    seconds: float | None = Field(default=None, gt=0)
    """Execution time, without the time of waiting for approvals."""


class Note(Record):
    """Note on the canvas."""

    text: str = Field(max_length=20_000)
    position: tuple[float, float] = (0, 0)


class StepGroup(Record):
    """Steps that the canvas shows as one group."""

    name: str = Field(max_length=200)
    steps: tuple[str, ...] = ()


class PipelineDefinition(Record):
    """Typed graph of steps."""

    description: str = Field(default="", max_length=20_000)
    inputs: dict[str, JsonSchema] = {}
    outputs: dict[str, Any] = {}
    steps: dict[str, StepDefinition] = Field(min_length=1)
    limits: RunLimits = RunLimits()
    notes: tuple[Note, ...] = ()
    groups: tuple[StepGroup, ...] = ()
    layout: dict[str, tuple[float, float]] = {}

    @field_validator("inputs", mode="before")
    @classmethod
    def _expand_types(cls, value: Any) -> Any:
        """Accept `question: string` for `question: {type: string}`."""
        if not isinstance(value, Mapping):
            return value
        return {name: {"type": schema} if isinstance(schema, str) else schema or {} for name, schema in value.items()}

    @model_validator(mode="after")
    def _check_names(self) -> "PipelineDefinition":
        for what, names in (("input", self.inputs), ("output", self.outputs)):
            for name in names:
                if not IDENTIFIER.fullmatch(name):
                    raise ValueError(f"invalid name of an {what}: {name!r} ({NAME_RULE})")
        count = check_step_names(self.steps, "steps")
        if count > MAX_STEPS:
            raise ValueError(f"the pipeline has {count} steps, and at most {MAX_STEPS} are allowed")
        return self


NAME_RULE = "use up to 63 lowercase letters, digits and '_', starting with a letter"


def check_step_names(steps: Mapping[str, StepDefinition], path: str) -> int:
    """Check the names of steps, also of nested ones, and return the number of steps.

    Raises: ValueError if a name is invalid or reserved.
    """
    count = 0
    for name, step in steps.items():
        if not IDENTIFIER.fullmatch(name):
            raise ValueError(f"invalid name of a step in {path}: {name!r} ({NAME_RULE})")
        if name in RESERVED_NAMES:
            raise ValueError(f"the name {name!r} of a step in {path} is reserved for templates")
        count += 1 + check_step_names(nested_steps(step), f"{path}.{name}.steps")
    return count


def nested_steps(step: StepDefinition) -> dict[str, StepDefinition]:
    """Return the steps within a loop or a map. Raises ValueError if they are malformed."""
    steps = step.settings.get("steps")
    if step.kind not in ("loop", "map") or not isinstance(steps, Mapping):
        return {}
    return {
        str(name): nested if isinstance(nested, StepDefinition) else StepDefinition.model_validate(nested)
        for name, nested in steps.items()
    }


def parse_definition(source: str | bytes | Mapping[str, Any]) -> PipelineDefinition:
    """Parse a definition from YAML, JSON or decoded values.

    Raises: InvalidInput with the path of the first fault and its line, if the source is text.
    """
    is_text = isinstance(source, str | bytes)
    values = parse_yaml(source, "the pipeline", max_bytes=MAX_DEFINITION_BYTES) if is_text else source
    if not isinstance(values, Mapping):
        raise InvalidInput("the pipeline is not an object", "write `steps:` with at least one step")
    try:
        return PipelineDefinition.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        path = ".".join(map(str, fault["loc"])) or "pipeline"
        message = fault["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"{path}: {message}", "see docs/guides/pipelines.md for the fields") from None
    except RecursionError:
        raise InvalidInput("the pipeline is nested too deep", "use fewer nested loops") from None


def to_values(definition: PipelineDefinition) -> dict[str, Any]:
    """Return a definition as JSON values: what its author wrote, without defaults."""
    values = definition.model_dump(mode="json", exclude_unset=True)
    return json.loads(json.dumps(values))


def to_yaml(definition: PipelineDefinition) -> str:
    """Return a definition as YAML. Texts of several lines are blocks."""
    return dump_yaml(to_values(definition))


def hash_definition(definition: PipelineDefinition) -> str:
    """Return the sha256 of a definition without its layout and notes, as 64 hexadecimal digits."""
    values = to_values(definition)
    return content_hash({name: value for name, value in values.items() if name not in LAYOUT_FIELDS})
