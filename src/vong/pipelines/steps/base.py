"""Interface of the kinds of steps."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo

from vong.errors import InvalidInput
from vong.pipelines.definition import JsonSchema, StepDefinition
from vong.pipelines.references import is_template
from vong.pipelines.services import PipelineServices, RunScope

RENDERED = {"rendered": True}
"""Validation context of settings whose templates were replaced by values."""


def _check_template(value: str, info: ValidationInfo) -> str:
    if info.context or not is_template(value):
        raise ValueError("expected a value of the type of the field, or a template with {{ … }}")
    return value


Template = Annotated[str, AfterValidator(_check_template)]
"""Text with a template in place of a value of another type: `limit: int | Template`."""


class StepConfig(BaseModel):
    """Settings of a step. Unknown settings are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    RAW: ClassVar[frozenset[str]] = frozenset()
    """Settings in which templates are not replaced before the step runs."""
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()
    """Settings whose entries are omitted if they refer to a step that did not run."""


ConfigT = TypeVar("ConfigT", bound=StepConfig)
ConfigInputT = TypeVar("ConfigInputT", bound=StepConfig, contravariant=True)


@dataclass(slots=True)
class StepResult:
    """Result of a step: its outputs, and the port that it took, if its kind has ports."""

    outputs: dict[str, Any]
    port: str | None = None


class StepWaiting(Exception):
    """Step that waits for a decision. The run ends its execution, and continues when the decision arrives.

    `outputs` describe what is asked. `timeout_seconds` is the time after which the step continues without a decision.
    """

    def __init__(self, outputs: dict[str, Any], timeout_seconds: float | None) -> None:
        super().__init__("the step waits for a decision")
        self.outputs = outputs
        self.timeout_seconds = timeout_seconds


class NestedRunner(Protocol):
    """Function that runs steps within a step."""

    def __call__(
        self, steps: Mapping[str, StepDefinition], variables: Mapping[str, Any], path: str, /
    ) -> Awaitable[dict[str, Any]]:
        """Run the steps and return the outputs of those that ran, by name. `path` precedes the paths of the steps."""
        ...


@dataclass(slots=True)
class StepContext:
    """Context of one execution of a step."""

    path: str
    """Path such as `answer`, `loop[2].check` or `sub.find`."""
    attempt: int
    run: RunScope
    services: PipelineServices
    variables: Mapping[str, Any]
    """Values that templates of this step may use."""
    settings: Mapping[str, Any]
    """Settings as written, with their templates."""
    span_id: UUID
    run_steps: NestedRunner
    run_pipeline: Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
    """Run a stored pipeline with inputs as a part of this run, and return its outputs."""
    emit: Callable[[str], None] = lambda _: None
    """Send a part of a text to the readers of the run."""
    streams: bool = False
    """True if a reader receives the texts of models as they arrive."""
    decision: dict[str, Any] | None = None
    """Decision for which the step waited."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Attributes of the span of the step."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions that the step used, of the span: `prompt_version`, `index_version`."""


class StepKind(Protocol[ConfigInputT]):
    """Kind of step. Stateless: one object serves all runs.

    A kind whose results depend on its settings alone may set `has_effects = False`: steps after it then start before
    its result is stored.
    """

    Config: ClassVar[type[StepConfig]]
    span_kind: ClassVar[str]

    def outputs(self, config: ConfigInputT, types: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `types` are those of the values that templates may use, by name."""
        ...

    def ports(self, config: ConfigInputT) -> tuple[str, ...]:
        """Return the ports of which the step takes one. Empty if it always continues."""
        ...

    async def run(self, context: StepContext, config: ConfigInputT) -> StepResult:
        """Execute the step with settings whose templates were replaced by values."""
        ...


@cache
def text_settings(config: type[StepConfig]) -> frozenset[str]:
    """Return the settings that are texts only. Values of other types are written into them as text."""
    found: set[str] = set()
    for name, schema in config.model_json_schema()["properties"].items():
        options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
        if all(option.get("type") == "string" for option in options):
            found.add(name)
    return frozenset(found)


def no_ports(config: StepConfig) -> tuple[str, ...]:
    """Return no ports."""
    del config
    return ()


def load_config(kind: type[ConfigT], settings: Mapping[str, Any], *, rendered: bool = False) -> ConfigT:
    """Return validated settings. Raises InvalidInput with the first fault, and its field in `param`."""
    try:
        return kind.model_validate(settings, context=RENDERED if rendered else None)
    except ValidationError as error:
        field_path, message = describe_fault(error)
        raised = InvalidInput(
            f"{field_path}: {message}".removeprefix(": "), f"settings of this kind: {', '.join(kind.model_fields)}"
        )
        raised.__dict__["param"] = field_path  # read by validation
        raise raised from None


def describe_fault(error: ValidationError) -> tuple[str, str]:
    """Return the field and the message of the first fault of a validation."""
    faults = error.errors(include_url=False, include_context=False)
    first = next((fault for fault in faults if fault["type"] not in ("value_error",)), faults[0])
    names = [str(part) for part in first["loc"] if not str(part).startswith(("function-after", "constrained-"))]
    while names and names[-1] in ("int", "float", "bool", "str"):
        names.pop()
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "unknown setting"
    if first["type"] == "missing":
        message = "missing"
    return ".".join(names), message[:1].lower() + message[1:]
