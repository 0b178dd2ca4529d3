"""Everything that belongs to a model version: hashes, licence, evaluations, exports, and their checks."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records.evals import EvalResult
from vong.records.model import ModelVersion
from vong.records.record import Record

ExportFormat = Literal["safetensors", "merged", "gguf", "vllm", "ollama", "int8", "int4"]
StoredFormat = Literal["safetensors", "merged", "gguf", "vllm", "ollama", "int8", "int4", "gguf-lora"]
"""Formats of stored exports: those that a user can request, and LoRA adapters that deployments use."""


class ModelBundle(Record):
    """Hashes of everything that a version was made from, written at its registration.

    `weights`, `adapter` and `tokenizer` cover the files of that kind (name and sha256), `chat_template` the text of the
    template. An adapter without own tokenizer has that of its base. `code` names the version of Vong, the hash of its
    source and, in a checkout, the git commit. `hash` covers all other fields.
    """

    version: str
    weights: str | None = None
    adapter: str | None = None
    base: str | None = None
    base_hash: str | None = None
    tokenizer: str | None = None
    chat_template: str | None = None
    dataset: str | None = None
    dataset_hash: str | None = None
    run: UUID | None = None
    settings: dict[str, Any] | None = None
    settings_hash: str | None = None
    licence: str | None = None
    base_licence: str | None = None
    code: dict[str, str] = {}
    hash: str = ""


class BundleCheck(Record):
    """Check of one part of a bundle. `ok` is null if the part cannot be checked, with the reason in `detail`."""

    name: str
    ok: bool | None
    expected: str | None = None
    found: str | None = None
    detail: str = ""


class BundleVerification(Record):
    """Result of the verification of a bundle."""

    model: str
    ok: bool
    checks: tuple[BundleCheck, ...]


class LicenceTerms(Record):
    """Known terms of a licence. `commercial` is null if it is unknown."""

    licence: str | None
    name: str
    commercial: bool | None
    conditions: tuple[str, ...] = ()
    warning: str | None = None


class ExportParity(Record):
    """Comparison of an export with the trainer: token ids, log-probabilities and greedy text.

    `equal` is the verdict: equal token ids, and log-probabilities within the tolerance of the precision.
    `largest_difference` is the largest difference of the log-probability of a likely token, `lost_likelihood` how much
    less likely the export's first choice is for the trainer than the trainer's own, both in natural logarithm.
    """

    equal: bool
    precision: str
    tolerance: float
    conversations: int
    positions: int
    largest_difference: float | None = None
    lost_likelihood: float | None = None
    greedy_equal: int = 0
    reason: str | None = None
    greedy_difference: str | None = None
    prompt_difference: str | None = None
    computed_by: str = ""

    @property
    def summary(self) -> str:
        """Return the verdict with its figures on one line."""
        difference = f"largest difference {self.largest_difference or 0.0:.4f}"
        if not self.equal:
            return f"differs from the trainer: {self.reason} ({difference})"
        if self.precision == "quantised":
            lost = f"first choices at most {self.lost_likelihood or 0.0:.2f} of {self.tolerance:g} less likely"
            return f"within the tolerance of quantized weights: {lost}, {difference}"
        return f"equal to the trainer: {difference} of {self.tolerance:g}"


class ExportMeasurement(Record):
    """Measured cost and quality of one candidate: size, speed, memory and loss on a dataset."""

    bytes: int
    memory_bytes: int | None = None
    tokens_per_second: float | None = None
    loss: float | None = None
    loss_rows: int = 0
    loss_tokens: int = 0


class ExportFile(Record):
    """File of an export."""

    sha256: str
    bytes: int


class ModelExport(Record):
    """Files of a model version in a format for other programs.

    `notes` states what the export contains and what was not possible.
    """

    id: UUID
    model: str
    format: StoredFormat
    quantization: str | None = None
    files: dict[str, ExportFile]
    bytes: int
    parity: ExportParity | None = None
    measurement: ExportMeasurement | None = None
    notes: tuple[str, ...] = ()
    created_at: datetime


class ModelCard(Record):
    """Model version with its bundle, licence terms, evaluations, aliases, deployments and exports."""

    version: ModelVersion
    bundle: ModelBundle | None = None
    licence: LicenceTerms
    base_licence: LicenceTerms | None = None
    warnings: tuple[str, ...] = ()
    evaluations: tuple[EvalResult, ...] = ()
    aliases: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    exports: tuple[ModelExport, ...] = ()


class TrainedModel(Record):
    """Model version that was trained on the rows in question, directly or through its base.

    `dataset` and `splits` state the dataset version and the splits with such rows. `parent` is the version that this
    one is based on, if the rows reached it only through that version.
    """

    model: str
    kind: str
    dataset: str | None = None
    splits: tuple[str, ...] = ()
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    exports: int = 0
    answers: int = 0


class TrainedOnReport(Record):
    """Models trained on a person's rows, and the actions that erase the rows from them.

    `rows` counts the matching rows, `row_hashes` lists the first ones. `datasets` lists the dataset versions with them.
    """

    query: str
    searched_by: str
    rows: int
    row_hashes: tuple[str, ...]
    datasets: tuple[str, ...]
    models: tuple[TrainedModel, ...]
    actions: tuple[str, ...]
