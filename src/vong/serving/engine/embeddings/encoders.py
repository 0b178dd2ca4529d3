"""Encoders: the weights of an embedding or rerank model, computed by onnxruntime or PyTorch."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vong.embedding_models import ONNX_FILES, DenseLayer, EmbeddingConfig
from vong.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Array = NDArray[np.float32]

ENCODER_ONLY_TYPES = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel", "umt5": "UMT5EncoderModel"}
"""Classes for architectures of which only the encoder embeds texts."""


class Encoder(Protocol):
    """Weights of a model."""

    precision: str

    def encode(self, ids: "Ids", mask: "Ids", segments: "Ids") -> "Array":
        """Return token vectors (texts, tokens, dimensions), text vectors (texts, dimensions), or scores (texts, 1)."""
        ...


def load_encoder(folder: Path, config: EmbeddingConfig, threads: int) -> Encoder:
    """Load the weights: exact ONNX weights on a CPU, else safetensors in PyTorch, else quantized ONNX weights."""
    has_safetensors = any((folder / config.transformer).glob("*.safetensors"))
    if config.onnx is None or (has_safetensors and (config.onnx not in ONNX_FILES or _has_gpu())):
        return TorchEncoder(folder / config.transformer, config, threads)
    return OnnxEncoder(folder / config.onnx, config, threads)


class OnnxEncoder:
    """ONNX weights on a CPU, without torch."""

    def __init__(self, file: Path, config: EmbeddingConfig, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingExtra("onnxruntime", "knowledge") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            message = f"onnxruntime cannot load {file.name}: {str(error)[:300]}"
            raise InvalidInput(message, "export the model again") from error
        self._inputs = {item.name for item in self._session.get_inputs()}
        unknown = self._inputs - {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
        if unknown:
            raise InvalidInput(
                f"the ONNX model needs the input {sorted(unknown)[0]!r}", "export it for feature extraction"
            )
        names = [item.name for item in self._session.get_outputs()]
        preferred = ("logits",) if config.task == "rerank" else ("last_hidden_state", "token_embeddings")
        self._output = next((name for name in preferred if name in names), names[0])
        self.precision = "fp32" if file.name == "model.onnx" else "quantised"

    def encode(self, ids: "Ids", mask: "Ids", segments: "Ids") -> "Array":
        """Return the output of the model for a batch."""
        import numpy as np

        values = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": segments,
            "position_ids": np.broadcast_to(np.arange(ids.shape[1], dtype=np.int64), ids.shape),
        }
        found = self._session.run([self._output], {name: values[name] for name in self._inputs})[0]
        return np.asarray(found, dtype=np.float32)


class TorchEncoder:
    """Safetensors weights in PyTorch: fp32 on a CPU, bf16 on a GPU."""

    def __init__(self, folder: Path, config: EmbeddingConfig, threads: int) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtra(error.name or "transformers", "serving") from error
        torch.set_num_threads(threads)
        self._torch: Any = torch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        self.precision = "bf16" if device == "cuda" else "fp32"
        settings: Any = transformers.AutoConfig.from_pretrained(folder)
        name = ENCODER_ONLY_TYPES.get(settings.model_type, "AutoModel")
        if config.task == "rerank":
            name = "AutoModelForSequenceClassification"
        self._is_reranker = config.task == "rerank"
        self._model: Any = getattr(transformers, name).from_pretrained(folder, dtype=dtype).to(device).eval()
        if self._is_reranker and self._model.config.pad_token_id is None:
            self._model.config.pad_token_id = self._model.config.eos_token_id or 0
        self._has_segments = int(getattr(settings, "type_vocab_size", 0) or 0) > 1
        self._device = device

    def encode(self, ids: "Ids", mask: "Ids", segments: "Ids") -> "Array":
        """Return the output of the model for a batch."""
        torch = self._torch
        inputs = {"input_ids": ids, "attention_mask": mask}
        if self._has_segments:
            inputs["token_type_ids"] = segments
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(value).to(self._device) for name, value in inputs.items()}
            output = self._model(**tensors)
        found = output.logits if self._is_reranker else output.last_hidden_state
        return found.float().cpu().numpy()


class DenseStack:
    """Linear layers after the pooling. Without layers the vectors are returned as they are."""

    def __init__(self, folder: Path, layers: Sequence[DenseLayer]) -> None:
        self._layers = [(*_read_linear(folder / layer.folder / "model.safetensors"), layer) for layer in layers]

    def __call__(self, vectors: "Array") -> "Array":
        """Return the vectors after all layers."""
        for weight, bias, layer in self._layers:
            vectors = vectors @ weight.T
            vectors = _activate(vectors if bias is None else vectors + bias, layer.activation)
        return vectors


def _read_linear(file: Path) -> "tuple[Array, Array | None]":
    from safetensors.numpy import load_file

    tensors = load_file(file)
    weight = tensors.get("linear.weight")
    if weight is None:
        raise InvalidInput(f"{file.parent.name}/{file.name} has no linear.weight", "save the model again")
    bias = tensors.get("linear.bias")
    return weight.astype("float32"), None if bias is None else bias.astype("float32")


def _activate(values: "Array", name: str) -> "Array":
    import numpy as np

    if name == "Tanh":
        return np.tanh(values)
    if name == "ReLU":
        return np.maximum(values, 0)
    if name == "Sigmoid":
        return (1 / (1 + np.exp(-values))).astype(np.float32)
    if name == "SiLU":
        return (values / (1 + np.exp(-values))).astype(np.float32)
    if name == "GELU":
        from math import erf, sqrt

        return (values * 0.5 * (1 + np.vectorize(erf)(values / sqrt(2)))).astype(np.float32)
    return values


def _has_gpu() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())
