"""Parity check of embedding models and rerankers: the engine against transformers, one text at a time without padding.

The reference reads the model's files again and computes the pooling by itself, so that a wrong pooling, mask, prompt or
tokenizer of the engine is found.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from vong.embedding_models import EmbeddingConfig, read_embedding_config
from vong.errors import InvalidInput, MissingExtra
from vong.records import ModelVersion, Record, now
from vong.serving.engine_client import EngineClient

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_COSINE = 0.999
"""Smallest cosine of two vectors of a text that counts as equal."""
MAX_SCORE_DIFFERENCE = 1e-2
"""Largest difference of two scores between 0 and 1 that counts as equal."""
WEIGHT_FOLDERS = (".", "0_Transformer")
"""Folders of the weights of a model without its dense layers."""
SAMPLE_QUERY = "Where is my order?"
SAMPLE_TEXTS = (
    "Where is my order? It was due on Monday, and today is Thursday.",
    "Xin chào! Máy in của tôi không hoạt động nữa 😞",
    "Error E-07:\n\tpaper jam (tray 2)",
    "ok",
)
"""Texts of every check: of different lengths, with accents, symbols and tabs."""


class EmbeddingParityReport(Record):
    """Result of a check. `smallest_cosine` is of the vectors of a text, `largest_difference` of the scores."""

    equal: bool
    texts: int
    smallest_cosine: float | None = None
    largest_difference: float | None = None
    reason: str | None = None
    model: str | None = None
    checked_at: str | None = None


def has_reference(model: ModelVersion) -> bool:
    """Return True if a model has weights that transformers loads."""
    paths = map(PurePosixPath, model.files)
    return any(path.suffix == ".safetensors" and str(path.parent) in WEIGHT_FOLDERS for path in paths)


def check_engine(folder: Path, client: EngineClient, name: str) -> EmbeddingParityReport:
    """Compare the engine with the reference for the sample texts.

    Raises: InvalidInput if the folder has no embedding model.
    """
    config = _read_config(folder)
    texts = list(SAMPLE_TEXTS)
    if config.task == "rerank":
        expected = [_sigmoid(score) for score in reference_scores(folder, SAMPLE_QUERY, texts)]
        observed = client.rerank(name, SAMPLE_QUERY, texts)
        return compare_scores(expected, observed)
    return compare_vectors(reference_vectors(folder, texts), client.embed(name, texts))


def compare_vectors(expected: "NDArray[np.float32]", observed: Sequence[Sequence[float]]) -> EmbeddingParityReport:
    """Compare the vectors of texts."""
    import numpy as np

    found = np.array(observed, dtype=np.float32)
    if found.shape != expected.shape:
        reason = f"the reference has {expected.shape[1]} dimensions, the engine {found.shape[-1]}"
        return EmbeddingParityReport(equal=False, texts=len(expected), reason=reason, checked_at=now().isoformat())
    values = cosine(expected, found)
    worst = int(values.argmin())
    smallest = float(values[worst])
    reason = None
    if smallest < MIN_COSINE:
        reason = f"text {worst}: the cosine of the engine's vector and the reference's is {smallest:.4f}"
    return EmbeddingParityReport(
        equal=reason is None,
        texts=len(expected),
        smallest_cosine=smallest,
        reason=reason,
        checked_at=now().isoformat(),
    )


def compare_scores(expected: Sequence[float], observed: Sequence[float]) -> EmbeddingParityReport:
    """Compare the scores of documents."""
    differences = [abs(one - other) for one, other in zip(expected, observed, strict=True)]
    largest = max(differences)
    reason = None
    if largest > MAX_SCORE_DIFFERENCE:
        worst = differences.index(largest)
        reason = f"document {worst}: score {expected[worst]:.4f} in the reference, {observed[worst]:.4f} in the engine"
    return EmbeddingParityReport(
        equal=reason is None,
        texts=len(expected),
        largest_difference=largest,
        reason=reason,
        checked_at=now().isoformat(),
    )


def cosine(one: "NDArray[np.float32]", other: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the cosine of each pair of rows."""
    import numpy as np

    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / np.maximum(norms, 1e-12)


def reference_vectors(folder: Path, texts: Sequence[str], *, prompt: str | None = None) -> "NDArray[np.float32]":
    """Return the vectors of texts by transformers, with the model's default prompt unless another one is given."""
    import numpy as np
    import torch

    config = _read_config(folder)
    model, tokenizer = _load(folder / config.transformer, "AutoModel")
    if prompt is None:
        prompt = config.prompts.get(config.default_prompt or "", "")
    rows: list[Any] = []
    with torch.inference_mode():
        for text in texts:
            full = prompt + text
            inputs = tokenizer(
                full.strip().lower() if config.lowercase else full,
                return_tensors="pt",
                truncation=True,
                max_length=config.max_tokens,
            )
            hidden = model(**inputs).last_hidden_state[0].float()
            if prompt and not config.include_prompt:
                hidden = hidden[len(tokenizer(prompt)["input_ids"]) - 1 :]
            rows.append(_finish(folder, config, hidden))
    return np.stack([row.numpy() for row in rows])


def reference_scores(folder: Path, query: str, documents: Sequence[str]) -> list[float]:
    """Return the logit of each document by transformers."""
    import torch

    config = _read_config(folder)
    model, tokenizer = _load(folder, "AutoModelForSequenceClassification")
    scores: list[float] = []
    with torch.inference_mode():
        for text in documents:
            options = {"truncation": "only_second", "max_length": config.max_tokens}
            scores.append(float(model(**tokenizer(query, text, return_tensors="pt", **options)).logits[0, 0]))
    return scores


def _finish(folder: Path, config: EmbeddingConfig, hidden: Any) -> Any:
    """Return the vector of a text from its token vectors, all of which count."""
    import torch
    from safetensors.torch import load_file

    length = hidden.shape[0]
    positions = torch.arange(1, length + 1, dtype=hidden.dtype)[:, None]
    pooled = {
        "cls": hidden[0],
        "max": hidden.max(dim=0).values,
        "mean": hidden.mean(dim=0),
        "mean_sqrt_len_tokens": hidden.sum(dim=0) / length**0.5,
        "weightedmean": (hidden * positions).sum(dim=0) / positions.sum(),
        "lasttoken": hidden[-1],
    }
    vector = torch.cat([pooled[mode] for mode in config.pooling])
    for layer in config.dense:
        weights = load_file(folder / layer.folder / "model.safetensors")
        vector = torch.nn.functional.linear(vector, weights["linear.weight"].float(), weights.get("linear.bias"))
        vector = getattr(torch.nn, layer.activation)()(vector)
    return torch.nn.functional.normalize(vector, dim=0) if config.normalize else vector


def _load(folder: Path, kind: str) -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "serving") from error
    settings: Any = transformers.AutoConfig.from_pretrained(folder)
    if settings.model_type in ("t5", "mt5", "umt5"):
        kind = "T5EncoderModel"
    model: Any = getattr(transformers, kind).from_pretrained(folder, dtype=torch.float32).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def _read_config(folder: Path) -> EmbeddingConfig:
    config = read_embedding_config(folder)
    if config is None:
        raise InvalidInput("the model is no embedding model and no reranker", "deploy it with another engine")
    return config


def _sigmoid(value: float) -> float:
    import numpy as np

    return float(1 / (1 + np.exp(-value)))
