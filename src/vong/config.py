"""Typed settings from `vong.toml`, `VONG_` environment variables and the command line.

Later sources override earlier ones: default, `vong.toml` in the home folder, `vong.toml` in the working folder (or the
file named by `VONG_CONFIG`), environment, command line. `explain_settings` returns the source of every value.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from vong.errors import Misconfigured

METRICS_FOLDER = "metrics"
"""Folder in the home folder for the metrics of servers that share the port. They start at 0 with the supervisor."""


def _check_origin(origin: str) -> str:
    """Return an origin as browsers send it. Raises ValueError if it is none."""
    parts = urlsplit(origin)
    if origin != "*" and (parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}"):
        raise ValueError(f"{origin!r} is no origin: write https://HOST[:PORT] without a path, or *")
    return origin.lower()


class ProviderSettings(BaseModel):
    """Connection to a model API. Targets `NAME/MODEL` call it."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(default="openai", description="Provider extension that calls the API.")
    base_url: str | None = Field(default=None, description="URL of the API; unset: the default of its kind, if any.")
    api_key: SecretStr | None = Field(default=None, description="Key of the API. Overrides `api_key_env`.")
    api_key_env: str | None = Field(default=None, description="Environment variable that holds the key.")
    timeout: float = Field(
        default=120.0,
        gt=0,
        description="Timeout of a complete response, and of a stream while it sends no data, in seconds.",
    )
    server_credentials: bool = Field(
        default=True,
        description="Use credentials of the server's environment (AWS) if no key is set. False for stored providers.",
    )

    @property
    def uses_server_credentials(self) -> bool:
        """Return whether credentials of the server's environment are used, because no key is configured."""
        return self.server_credentials and self.api_key is None and self.api_key_env is None

    def resolve_api_key(self) -> str | None:
        """Return the API key. Returns None if none is set."""
        if self.api_key:
            return self.api_key.get_secret_value()
        return os.environ.get(self.api_key_env) if self.api_key_env else None


class PriceSettings(BaseModel):
    """Custom price of a model, in US dollars per million tokens. NAME is the target."""

    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0, description="Price of input tokens.")
    output: float = Field(default=0.0, ge=0, description="Price of output tokens.")
    cached: float | None = Field(
        default=None, ge=0, description="Price of input tokens read from the provider's cache; unset: `input`."
    )
    cache_write: float | None = Field(
        default=None, ge=0, description="Price of input tokens written to the provider's cache; unset: `input`."
    )
    cache_write_1h: float | None = Field(
        default=None, ge=0, description="Price of input tokens cached for one hour; unset: `cache_write`."
    )
    reasoning: float | None = Field(default=None, ge=0, description="Price of reasoning tokens; unset: `output`.")
    input_audio: float | None = Field(default=None, ge=0, description="Price of audio input; unset: `input`.")
    output_audio: float | None = Field(default=None, ge=0, description="Price of audio output; unset: `output`.")
    input_image: float | None = Field(default=None, ge=0, description="Price of image input; unset: `input`.")
    output_image: float | None = Field(default=None, ge=0, description="Price of image output; unset: `output`.")
    training: float | None = Field(default=None, ge=0, description="Price of tokens trained at the provider.")


class OtlpExportSettings(BaseModel):
    """OpenTelemetry endpoint that receives a copy of every span, as protobuf over HTTP."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://", description="URL of the endpoint, http:// or https://.")
    headers: dict[str, str] = Field(default={}, description="Headers of every request.")
    headers_env: dict[str, str] = Field(
        default={}, description="Environment variables that hold the values of further headers, by header."
    )
    bodies: bool = Field(default=False, description="Include the requests and responses.")
    timeout: float = Field(default=10.0, gt=0, le=600, description="Timeout of one request, in seconds.")

    def resolve_headers(self) -> dict[str, str]:
        """Return all headers, with values from the environment resolved."""
        return {**self.headers, **{name: os.environ.get(variable, "") for name, variable in self.headers_env.items()}}


class Settings(BaseSettings):
    """All settings of Vong. Each can be set in `vong.toml` or as `VONG_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="VONG_", extra="forbid", frozen=True)

    home: Path = Field(default=Path("~/.vong"), description="Folder that holds all data.")
    host: str = Field(default="127.0.0.1", description="Address on which the server listens.")
    port: int = Field(
        default=8400, ge=0, le=65535, description="Port of the console, the API and /v1; 0 selects a free port."
    )
    database_url: str | None = Field(
        default=None, description="URL of an external PostgreSQL; unset: embedded in home."
    )
    blob_url: str | None = Field(default=None, description="fsspec URL of the blobs (s3://…); unset: home/blobs.")
    public_url: str | None = Field(default=None, description="URL at which clients and workers reach the server.")
    api_key: SecretStr | None = Field(default=None, description="API key of the CLI and the client.")
    worker_concurrency: int = Field(default=1, ge=1, description="Isolated jobs that one worker runs at once.")
    cpu_threads: int = Field(default=0, ge=0, description="CPU threads of an engine or a trainer; 0: all cores.")
    machine_price_per_hour: float | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="Price of this machine in US dollars per hour, from which training plans and the calls of "
        "deployments have their cost. Unset: calls of deployments cost nothing.",
    )
    server_processes: int = Field(default=1, ge=0, description="Server processes that share the port; 0: one per core.")
    span_buffer_bytes: int = Field(
        default=1 << 30,
        ge=0,
        description="Spans, in bytes, that each process may store on disk while PostgreSQL is unavailable or slow.",
    )
    span_buffer_policy: Literal["reject", "drop"] = Field(
        default="reject",
        description="Beyond span_buffer_bytes: reject model calls, or serve them and drop their spans.",
    )
    max_request_bytes: int = Field(default=20_000_000, gt=0, description="Maximum request body, in bytes.")
    knowledge_max_file_bytes: int = Field(
        default=500 << 20, gt=0, description="Maximum size of a document of a knowledge base, in bytes."
    )
    knowledge_load_seconds: float = Field(
        default=300.0, gt=0, le=86_400, description="Seconds within which a document must be loaded."
    )
    knowledge_load_memory_bytes: int = Field(
        default=2 << 30, ge=256 << 20, description="Memory for loading a document, in bytes."
    )
    max_upload_bytes: int = Field(
        default=200_000_000, gt=0, description="Maximum size of an uploaded file of /v1/files, in bytes."
    )
    cors_origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...] = Field(
        default=(),
        description="Origins of web pages that may call /v1 and /api with an API key (https://app.example); * is any.",
    )
    model_start_timeout: float = Field(
        default=120.0,
        ge=0,
        le=3600,
        description="Seconds that a call waits for a model that it starts: a fine-tuned or a sleeping one.",
    )
    machine_name: str | None = Field(
        default=None, min_length=1, max_length=200, description="Name of this machine for engines; unset: host name."
    )
    engine_address: str = Field(
        default="127.0.0.1",
        description="Address of this machine on which its engines listen, and at which servers reach them.",
    )
    ray_dashboard_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+/?$",
        description="URL of the dashboard of a Ray cluster (http://HEAD:8265), whose nodes run the deployments with "
        "`cluster` `ray`.",
    )
    ray_token: SecretStr | None = Field(
        default=None, description="Token of the Ray cluster, if it requires one (RAY_AUTH_MODE=token)."
    )
    batch_concurrency: int = Field(default=8, ge=1, le=256, description="Concurrent calls of one batch.")
    log_level: str = Field(default="info", description="Log level: debug, info, warning or error.")
    providers: dict[str, ProviderSettings] = Field(
        default={
            "echo": ProviderSettings(kind="echo"),
            "faults": ProviderSettings(kind="faults"),
            "openai": ProviderSettings(
                kind="openai", base_url="https://api.openai.com/v1", api_key_env="OPENAI_API_KEY"
            ),
        },
        description="Model APIs by name, called by targets `NAME/MODEL`.",
    )
    allow_link_local: bool = Field(
        default=False, description="Allow providers at link-local and cloud-metadata addresses."
    )
    knowledge_allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts (HOST or HOST:PORT) that sources of knowledge bases may read at private addresses.",
    )
    pipeline_allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts (HOST or HOST:PORT) that steps of pipelines may call at private addresses.",
    )
    knowledge_folders: tuple[Path, ...] = Field(
        default=(), description="Folders of the server that owners may use as sources of knowledge bases."
    )
    retired_index_days: float | None = Field(
        default=None,
        gt=0,
        le=36_500,
        description="Days after which a retired index of a knowledge base is deleted; unset: never.",
    )
    prices: dict[str, PriceSettings] = Field(
        default={},
        description="Custom prices by target (`deployment/NAME`, `PROVIDER/MODEL`); they override the catalog.",
    )
    otlp_exporters: dict[str, OtlpExportSettings] = Field(
        default={}, description="OpenTelemetry endpoints that receive a copy of every span, by name."
    )

    @property
    def home_folder(self) -> Path:
        """Return the home folder as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def blob_store_url(self) -> str:
        """Return the URL of the blob store."""
        return self.blob_url or (self.home_folder / "blobs").as_uri()

    @property
    def server_url(self) -> str:
        """Return the URL at which this machine reaches the server."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        return self.public_url or f"http://{host}:{self.port}"


class SettingSource(NamedTuple):
    """Value of a setting and the source that it came from."""

    name: str
    value: Any
    source: str


def load_settings(**overrides: Any) -> Settings:
    """Load the settings. `overrides` come from the command line; None means not set."""
    return _load_with_sources(overrides)[0]


def explain_settings(**overrides: Any) -> list[SettingSource]:
    """Return every setting with its value and source.

    Secrets are masked. The source is `default`, a file, a variable or `command line`.
    """
    settings, sources = _load_with_sources(overrides)
    values = settings.model_dump(mode="json")
    return [SettingSource(name, values[name], sources.get(name, "default")) for name in type(settings).model_fields]


def _load_with_sources(overrides: dict[str, Any]) -> tuple[Settings, dict[str, str]]:
    options = {name: value for name, value in overrides.items() if value is not None}
    # pydantic-settings reads the environment, so that JSON values and nested names work as documented.
    environment = EnvSettingsSource(Settings)()
    home = Path(options.get("home") or environment.get("home") or Settings.model_fields["home"].default).expanduser()
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for file in (home / "vong.toml", Path(os.environ.get("VONG_CONFIG", "vong.toml"))):
        for name, value in _read_toml(file).items():
            values[name] = {**Settings.model_fields["providers"].default, **value} if name == "providers" else value
            sources[name] = str(file)
    for name, value in environment.items():
        values[name] = value
        sources[name] = f"VONG_{name.upper()}"
    for name, value in options.items():
        values[name] = value
        sources[name] = "command line"
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        raise Misconfigured(_describe_errors(error, sources), "list all settings: vong config show") from error


def _read_toml(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} is not valid TOML: {error}", "fix the line named above") from error


def _describe_errors(error: ValidationError, sources: dict[str, str]) -> str:
    lines: list[str] = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        source = sources.get(str(problem["loc"][0]), "default") if problem["loc"] else ""
        lines.append(f"setting {name!r} ({source}): {problem['msg']}")
    return "; ".join(lines)
