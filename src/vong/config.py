"""One typed Settings, from `vong.toml` and `VONG_` environment variables.

Later wins: default, `vong.toml` in the home folder, `vong.toml` in the working folder (or the file in `VONG_CONFIG`),
the environment, the command line. `explain` says for every value where it came from.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from vong.errors import Misconfigured

COUNTED = "counted"
"""Where, in the home folder, servers that share the port leave their numbers; they begin at 0 with the supervisor."""


class ProviderSettings(BaseModel):
    """A model API. `kind` names the provider extension; `api_key` wins over the variable named by `api_key_env`."""

    model_config = ConfigDict(extra="forbid")

    kind: str = "openai"
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    timeout: float = Field(default=120.0, gt=0, description="Seconds for one whole call.")

    def key(self) -> str | None:
        """The secret itself, or None where the provider needs none or none is set."""
        if self.api_key:
            return self.api_key.get_secret_value()
        return os.environ.get(self.api_key_env) if self.api_key_env else None


class PriceSettings(BaseModel):
    """What a model costs you, in US dollars for a million tokens. `cached` is for input tokens read from the
    provider's cache, `cache_write` and `cache_write_1h` for those written to it. Kinds that are not given cost as other
    input or output.
    """

    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(default=0.0, ge=0)
    cached: float | None = Field(default=None, ge=0)
    cache_write: float | None = Field(default=None, ge=0)
    cache_write_1h: float | None = Field(default=None, ge=0)
    reasoning: float | None = Field(default=None, ge=0)
    input_audio: float | None = Field(default=None, ge=0)
    output_audio: float | None = Field(default=None, ge=0)
    input_image: float | None = Field(default=None, ge=0)
    output_image: float | None = Field(default=None, ge=0)


class OtlpExportSettings(BaseModel):
    """An OpenTelemetry endpoint that spans are sent on to, as protobuf over HTTP. `headers` go along; of those in
    `headers_env` the value is the name of a variable that holds it. With `bodies` what was asked and answered goes too.
    """

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = {}
    headers_env: dict[str, str] = {}
    bodies: bool = False
    timeout: float = Field(default=10.0, gt=0, le=600, description="Seconds for one request.")

    def sent(self) -> dict[str, str]:
        """The headers with their values."""
        return {**self.headers, **{name: os.environ.get(held, "") for name, held in self.headers_env.items()}}


class Settings(BaseSettings):
    """Every setting of Vong. Each can be given in `vong.toml` or as `VONG_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="VONG_", extra="forbid", frozen=True)

    home: Path = Field(default=Path("~/.vong"), description="The one folder that holds everything.")
    host: str = Field(default="127.0.0.1", description="The address the server listens on.")
    port: int = Field(default=8400, ge=0, le=65535, description="The port of console, API and /v1; 0 takes a free one.")
    database_url: str | None = Field(default=None, description="Your own PostgreSQL; unset: an embedded one in home.")
    blob_url: str | None = Field(default=None, description="fsspec URL of the blobs (s3://…); unset: home/blobs.")
    url: str | None = Field(default=None, description="Where clients and workers reach the server.")
    api_key: SecretStr | None = Field(default=None, description="The key the CLI and the client use.")
    jobs: int = Field(default=1, ge=1, description="How many heavy jobs one worker runs side by side.")
    threads: int = Field(default=0, ge=0, description="CPU threads of an engine or a trainer; 0: all cores.")
    workers: int = Field(default=1, ge=0, description="Server processes that share the port; 0: one for each core.")
    journal_size: int = Field(
        default=1 << 30, ge=0, description="Bytes that each process may keep on disk while PostgreSQL is away or slow."
    )
    journal_full: Literal["refuse", "drop"] = Field(
        default="refuse", description="Past that bound: refuse model calls, or answer them and drop their spans."
    )
    max_body: int = Field(default=20_000_000, gt=0, description="Largest request body, in bytes.")
    max_file: int = Field(default=200_000_000, gt=0, description="Largest file for a batch, in bytes.")
    batch_concurrency: int = Field(default=8, ge=1, le=256, description="Calls of one batch under way at once.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    providers: dict[str, ProviderSettings] = Field(
        default={
            "echo": ProviderSettings(kind="echo"),
            "faults": ProviderSettings(kind="faults"),
            "openai": ProviderSettings(
                kind="openai", base_url="https://api.openai.com/v1", api_key_env="OPENAI_API_KEY"
            ),
        },
        description="Model APIs by name; a target `NAME/MODEL` calls them.",
    )
    allow_link_local: bool = Field(
        default=False, description="Let providers be at link-local and cloud-metadata addresses."
    )
    prices: dict[str, PriceSettings] = Field(
        default={}, description="Your own prices by target (`deployment/NAME`, `PROVIDER/MODEL`); they win."
    )
    export: dict[str, OtlpExportSettings] = Field(
        default={}, description="OpenTelemetry endpoints that spans are sent on to, by name."
    )

    @property
    def folder(self) -> Path:
        """The home folder as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def blobs(self) -> str:
        """The URL of the blob store."""
        return self.blob_url or (self.folder / "blobs").as_uri()

    @property
    def server_url(self) -> str:
        """Where this machine reaches the server."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        return self.url or f"http://{host}:{self.port}"


class SettingSource(NamedTuple):
    """One value of the settings and where it came from."""

    name: str
    value: Any
    source: str


def load(**overrides: Any) -> Settings:
    """The settings in force. `overrides` come from the command line; None means not given."""
    return _load(overrides)[0]


def explain(**overrides: Any) -> list[SettingSource]:
    """Every setting with its value (secrets masked) and its source: `default`, a file, a variable, `command line`."""
    settings, sources = _load(overrides)
    values = settings.model_dump(mode="json")
    return [SettingSource(name, values[name], sources.get(name, "default")) for name in type(settings).model_fields]


def _load(overrides: dict[str, Any]) -> tuple[Settings, dict[str, str]]:
    given = {name: value for name, value in overrides.items() if value is not None}
    # The environment is read by pydantic-settings itself, so that JSON values and nested names work as documented.
    environment = EnvSettingsSource(Settings)()
    home = Path(given.get("home") or environment.get("home") or Settings.model_fields["home"].default).expanduser()
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for file in (home / "vong.toml", Path(os.environ.get("VONG_CONFIG", "vong.toml"))):
        for name, value in _read(file).items():
            values[name] = {**Settings.model_fields["providers"].default, **value} if name == "providers" else value
            sources[name] = str(file)
    for name, value in environment.items():
        values[name] = value
        sources[name] = f"VONG_{name.upper()}"
    for name, value in given.items():
        values[name] = value
        sources[name] = "command line"
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        raise Misconfigured(_describe(error, sources), "see all settings with: vong config show") from error


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} is not valid TOML: {error}", "mend the line it names") from error


def _describe(error: ValidationError, sources: dict[str, str]) -> str:
    lines: list[str] = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        source = sources.get(str(problem["loc"][0]), "default") if problem["loc"] else ""
        lines.append(f"setting {name!r} ({source}): {problem['msg']}")
    return "; ".join(lines)
