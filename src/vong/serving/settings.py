"""Settings of a deployment."""

from dataclasses import fields
from typing import Any, Literal

from pydantic import Field, model_validator

from vong.records import Record, content_hash
from vong.serving.engine import EngineSettings

ENGINE_FIELDS = {field.name for field in fields(EngineSettings)}
OPTIONAL_FIELDS = {"engine_options", "chat_template"}
"""Settings that are passed to the engine only if they are set, so that the keys of engines without them remain."""


class DeploymentEvaluation(Record):
    """Evaluation of the deployed engine and of the unquantized reference, after the parity check.

    Either `suite` (NAME or NAME@NUMBER), or `dataset` with a `split` and `scorers`. `limit` is the number of examples,
    null for all.
    """

    suite: str = ""
    dataset: str = ""
    split: str = "test"
    scorers: tuple[str, ...] = ("exact_match",)
    limit: int | None = Field(default=100, ge=1)
    max_tokens: int = Field(default=256, ge=1)

    @model_validator(mode="after")
    def _check_source(self) -> "DeploymentEvaluation":
        if bool(self.suite) == bool(self.dataset):
            raise ValueError("name either a suite or a dataset: set evaluate.suite, or evaluate.dataset")
        return self


class RequestDefaults(Record):
    """Fields of requests to a deployment that apply if a caller does not set them. `system` is a system message."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=-1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    repetition_penalty: float | None = Field(default=None, gt=0, le=10)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    system: str | None = Field(default=None, max_length=100_000)

    def fields(self) -> dict[str, Any]:
        """Return the fields that have a default."""
        return self.model_dump(mode="json", exclude_none=True)


class DeploymentSettings(Record):
    """Settings of a deployment. Zero selects the engine's default.

    `threads`: CPU threads. `context`: tokens of prompt and completion together. `batch`: sequences that are decoded
    concurrently. `prefix_bytes`: memory of the cache of shared prompt prefixes. `queue_limit`: completions that may
    wait for a place in the batch; further requests are rejected with status 429. `parity`: `required`, or `skip` to
    serve a tuned model without the parity check, which is recorded.

    `quantization`: level of the GGUF file to which safetensors are converted for llama.cpp, for example `q8_0`.
    `reproducible`: with llama.cpp, the same text at temperature 0 under any load, with a separate cache per
    conversation, which needs the memory of `batch` contexts.

    `chat_template`: with llama.cpp, the Jinja template that replaces the one inside a GGUF file.

    `engine_options`: further options of the engine vllm, for example `{"tensor-parallel-size": 2}`.

    `cluster`: `ray` to run the engines on the Ray cluster of the server's setting `ray_dashboard_url`; empty for the
    machines that run a worker. On Ray, a replica requests `threads` CPUs (1 if not set), its planned memory, and with
    the engine vllm its GPUs.

    `follow`: a deployment made from an alias is updated when the alias points to another version.

    `defaults`: fields of requests that apply if a caller does not set them, for example `{"temperature": 0.2}`. Those
    of an Ollama model or Modelfile apply without it.

    `evaluate`: dataset split or suite on which the deployed engine and the unquantized model are scored.

    `min_replicas`, `max_replicas`: bounds of the number of engine processes; between them it follows the load.
    `idle_seconds`: seconds without a call after which the engines end until the next call; 0 is never.
    `first_token_target_ms`: a replica is added while the time to the first token is longer; 0 is any time.
    """

    threads: int = Field(default=0, ge=0, le=4096)
    context: int = Field(default=0, ge=0)
    batch: int = Field(default=8, ge=1, le=4096)
    prefix_bytes: int = Field(default=256_000_000, ge=0)
    queue_limit: int = Field(default=128, ge=0, le=100_000)
    parity: Literal["required", "skip"] = "required"
    follow: bool = True
    evaluate: DeploymentEvaluation | None = None
    defaults: RequestDefaults = RequestDefaults()
    quantization: str = ""
    reproducible: bool = False
    chat_template: str = Field(default="", max_length=100_000)
    engine_options: dict[str, int | float | bool | str] = {}
    cluster: Literal["", "ray"] = ""
    min_replicas: int = Field(default=1, ge=1, le=64)
    max_replicas: int = Field(default=1, ge=1, le=64)
    idle_seconds: int = Field(default=0, ge=0, le=31_536_000)
    first_token_target_ms: int = Field(default=0, ge=0, le=3_600_000)

    @model_validator(mode="before")
    @classmethod
    def _raise_maximum(cls, values: Any) -> Any:
        """Set the maximum to the minimum if only the minimum is given."""
        if isinstance(values, dict) and isinstance(values.get("min_replicas"), int):
            return {"max_replicas": values["min_replicas"], **values}
        return values

    @model_validator(mode="after")
    def _check_bounds(self) -> "DeploymentSettings":
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"max_replicas is {self.max_replicas}, below min_replicas {self.min_replicas}: raise max_replicas"
            )
        return self

    def engine_settings(self) -> dict[str, Any]:
        """Return the settings that are passed to the engine. Deployments share a process only if these are equal."""
        values = {name: value for name, value in self.model_dump().items() if name in ENGINE_FIELDS}
        return {name: value for name, value in values.items() if name not in OPTIONAL_FIELDS or value}

    def engine_key(self, base_hash: str, engine: str) -> str:
        """Return the key of the engine for a base model with these settings."""
        optional = {"quantization": self.quantization, "cluster": self.cluster}
        settings = self.engine_settings() | {name: value for name, value in optional.items() if value}
        return f"{base_hash[:12]}-{engine}-{content_hash(settings)[:8]}"


class DeploymentRequest(Record):
    """Request that a deployment was made from, before the engine and its settings were chosen.

    `model` is the requested ref. `by_alias`: the version is deployed because the alias was moved.
    """

    model: str
    engine: str | None = None
    settings: dict[str, Any] = {}
    by_alias: bool = False

    @property
    def alias(self) -> str | None:
        """Return the alias that the request names, as NAME:ALIAS. Returns None if it names a version."""
        return self.model if ":" in self.model else None


def read_settings(stored: dict[str, Any]) -> DeploymentSettings:
    """Return stored settings. Those of an earlier version may lack fields, or have a value that was allowed then."""
    known = {name: value for name, value in stored.items() if name in DeploymentSettings.model_fields}
    known["defaults"] = RequestDefaults.model_validate(known.get("defaults") or {})
    if known.get("evaluate"):
        known["evaluate"] = DeploymentEvaluation.model_validate(known["evaluate"])
    return DeploymentSettings.model_construct(**known)
