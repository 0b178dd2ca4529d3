"""Plan of a fine-tuning job at a provider: its trained tokens and their price. Nothing is uploaded or started."""

from sqlalchemy import Connection

from vong import data
from vong.app.fine_tuning_dataset import export_rows
from vong.app.fine_tuning_provider import BYTES_PER_TOKEN, choose_epochs, find_provider, require_provider
from vong.app.platform import Platform
from vong.app.training import TrainingRequest, parse_settings
from vong.errors import InvalidInput, NotFound
from vong.gateway.pricing.store import training_price
from vong.records import Record
from vong.records.fine_tuning import FineTuningMethod
from vong.training.recipes.provider import ProviderJobSettings


class ProviderPlan(Record):
    """Plan of a job at a provider. The provider's own tokenizer decides the billed tokens, so `tokens` is an estimate.

    `price_per_million_tokens` (US dollars per million trained tokens) and `cost` are null if no price of training
    tokens is set. `epochs` is the setting, or what providers choose for so many rows.
    """

    provider: str
    model: str
    method: str
    rows: int
    validation_rows: int
    epochs: int
    tokens: int
    price_per_million_tokens: float | None = None
    cost: float | None = None
    notes: tuple[str, ...] = ()


def plan(platform: Platform, connection: Connection, request: TrainingRequest) -> ProviderPlan:
    """Return the plan of a job at a provider.

    Raises:
        InvalidInput: The base is not PROVIDER/MODEL, a setting is invalid, or a row cannot be sent.
        NotFound: The dataset or its split does not exist.
    """
    if request.auto:
        raise InvalidInput("auto has no effect at a provider, which trains on its own machines", "omit auto")
    settings, base = parse_settings(request), request.base or ""
    provider, model = require_provider(find_provider(connection, platform, base), base)
    method = ProviderJobSettings.model_validate(settings.model_dump()).method
    rows, size = _count_rows(platform, connection, request, request.train_split, method)
    validation_rows, _ = _count_rows(platform, connection, request, request.validation_split, method)
    chosen = getattr(settings, "n_epochs", None)
    epochs = choose_epochs(chosen, rows)
    tokens = size // BYTES_PER_TOKEN * epochs
    price = training_price(connection, base, platform.settings.prices)
    notes = [f"tokens are estimated as {BYTES_PER_TOKEN} bytes each; the run is settled by the provider's count"]
    if chosen is None:
        notes.append(f"n_epochs is unset: providers usually choose {epochs} for {rows} rows")
    if price is None:
        notes.append(
            f"no price of training tokens is set: vong gateway prices set {base} --input USD --token-type training=USD"
        )
    return ProviderPlan(
        provider=provider,
        model=model,
        method=method,
        rows=rows,
        validation_rows=validation_rows,
        epochs=epochs,
        tokens=tokens,
        price_per_million_tokens=price,
        cost=None if price is None else round(tokens * price / 1e6, 6),
        notes=tuple(notes),
    )


def _count_rows(
    platform: Platform, connection: Connection, request: TrainingRequest, split: str, method: FineTuningMethod
) -> tuple[int, int]:
    """Return the rows of a split and the bytes of its training file. A missing validation split has none."""
    dataset = data.find(connection, request.dataset or "")
    if split not in dataset.splits and (dataset.splits or split != request.train_split):
        if split != request.train_split:
            return 0, 0
        raise NotFound(f"{dataset.ref} has no split {split!r}", f"it has: {', '.join(sorted(dataset.splits))}")
    examples = data.read(platform.blobs, dataset, split if dataset.splits else None)
    sizes = [len(line) for line in export_rows(examples, method)]
    return len(sizes), sum(sizes)
