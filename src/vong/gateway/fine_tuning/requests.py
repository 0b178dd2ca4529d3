"""Request for a fine-tuning job: parsing, and the settings of the training run that it means."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vong.errors import InvalidInput
from vong.gateway.fine_tuning.graders import plan_rewards
from vong.records.fine_tuning import FineTuningMethod

Auto = Literal["auto"]
RECIPES: dict[FineTuningMethod, str] = {"supervised": "sft", "dpo": "dpo", "reinforcement": "grpo"}
SUFFIX_PATTERN = r"^[A-Za-z0-9._ -]*$"
MAX_SEED = 2**31 - 1


class InvalidParameter(InvalidInput):
    """Invalid parameter of a fine-tuning job. `param` is its name."""

    def __init__(self, message: str, hint: str, param: str | None = None) -> None:
        super().__init__(message, hint)
        self.param = param


class Hyperparameters(BaseModel):
    """Hyperparameters of any method. `auto` and null use the default of the recipe."""

    model_config = ConfigDict(extra="allow")

    n_epochs: Auto | Annotated[int, Field(ge=1, le=100)] | None = None
    batch_size: Auto | Annotated[int, Field(ge=1, le=1024)] | None = None
    learning_rate_multiplier: Auto | Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None
    beta: Auto | Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    eval_interval: Auto | Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class MethodSettings(BaseModel):
    """Settings of one method."""

    model_config = ConfigDict(extra="allow")

    hyperparameters: Hyperparameters | None = None
    grader: dict[str, Any] | None = None


class Method(BaseModel):
    """Method of a job, with the settings of the method that `type` names."""

    model_config = ConfigDict(extra="allow")

    type: FineTuningMethod
    supervised: MethodSettings | None = None
    dpo: MethodSettings | None = None
    reinforcement: MethodSettings | None = None


class FineTuningCreateBody(BaseModel):
    """Body of `POST /v1/fine_tuning/jobs`. `settings` is Vong's addition: settings of the recipe, which come last."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=300)]
    training_file: Annotated[str, Field(min_length=1, max_length=200)]
    validation_file: Annotated[str, Field(max_length=200)] | None = None
    method: Method | None = None
    hyperparameters: Hyperparameters | None = None
    suffix: Annotated[str, Field(max_length=64, pattern=SUFFIX_PATTERN)] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    metadata: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]] | None = Field(
        default=None, max_length=16
    )
    integrations: list[dict[str, Any]] | None = Field(default=None, max_length=5)
    settings: dict[str, Any] | None = None


class JobPlan(NamedTuple):
    """Meaning of a request: recipe, its settings, the reference of each row, and warnings about ignored parameters.

    `method_settings` is the object of the method as the caller reads it back.
    """

    method: FineTuningMethod
    recipe: str
    settings: dict[str, Any]
    learning_rate_multiplier: float | None
    method_settings: dict[str, Any]
    reference: str | None
    warnings: tuple[str, ...]


def parse_body(body: bytes) -> FineTuningCreateBody:
    """Parse the JSON body of `POST /v1/fine_tuning/jobs`.

    Raises:
        InvalidParameter: names the invalid fields.
    """
    try:
        return FineTuningCreateBody.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors()
        names = [".".join(str(part) for part in fault["loc"] if not _is_branch(part)) for fault in faults]
        texts: dict[str, list[str]] = {}
        for name, fault in zip(names, faults, strict=True):
            texts.setdefault(name or "body", []).append(fault["msg"])
        messages = [f"{name}: {' or '.join(dict.fromkeys(found))}" for name, found in texts.items()]
        raise InvalidParameter(
            "; ".join(messages), "see docs/guides/fine-tuning-api.md for an example", names[0] or None
        ) from None


def plan_job(body: FineTuningCreateBody, *, remote: bool = False) -> JobPlan:
    """Return the plan of a job. `remote` jobs keep every parameter, because the provider judges them.

    Raises:
        InvalidInput: The parameters contradict each other, or a grader is malformed.
        Unsupported: A grader has no counterpart here.
    """
    name: FineTuningMethod = body.method.type if body.method else "supervised"
    settings: MethodSettings | None = getattr(body.method, name) if body.method else None
    hyperparameters = (settings.hyperparameters if settings else None) or body.hyperparameters or Hyperparameters()
    known = {
        field: value
        for field, value in hyperparameters.model_dump().items()
        if value is not None and value != "auto" and field in Hyperparameters.model_fields
    }
    kept = settings.model_dump(exclude_none=True) if settings else {}
    kept["hyperparameters"] = hyperparameters.model_dump(exclude_none=True)
    if remote:
        return JobPlan(name, "provider", known, known.get("learning_rate_multiplier"), kept, None, ())
    rewards, reference = plan_rewards(settings.grader if settings else None) if name == "reinforcement" else ({}, None)
    run_settings: dict[str, Any] = dict(rewards)
    for parameter, setting in (("n_epochs", "epochs"), ("batch_size", "batch_size"), ("eval_interval", "eval_every")):
        if parameter in known:
            run_settings[setting] = known[parameter]
    warnings = [*_ignored_parameters(body, hyperparameters, known, name)]
    if name == "dpo" and "beta" in known:
        run_settings["beta"] = known["beta"]
    run_settings |= body.settings or {}
    multiplier = known.get("learning_rate_multiplier")
    return JobPlan(name, RECIPES[name], run_settings, multiplier, kept, reference, tuple(warnings))


def _ignored_parameters(
    body: FineTuningCreateBody, hyperparameters: Hyperparameters, known: dict[str, Any], method: FineTuningMethod
) -> list[str]:
    """Return a warning for each parameter that has no meaning for a job on this server."""
    warnings = [f"parameter {name!r} has no meaning on this server and is ignored" for name in body.model_extra or ()]
    for name, value in (hyperparameters.model_extra or {}).items():
        if value not in (None, "auto", "default"):
            warnings.append(f"hyperparameter {name!r} has no meaning on this server and is ignored")
    if "beta" in known and method != "dpo":
        warnings.append(f"hyperparameter 'beta' has no meaning for the method {method!r} and is ignored")
    for integration in body.integrations or ():
        warnings.append(
            f"integration {integration.get('type')!r} is ignored: no data leaves this server; "
            "the metrics are in the events and in: vong experiments plot"
        )
    return warnings


def _is_branch(part: int | str) -> bool:
    """Return True for the part of an error's location that names a branch of a union, not a field."""
    return isinstance(part, str) and (
        part.startswith(("literal[", "constrained-", "function-")) or part in ("int", "float")
    )
