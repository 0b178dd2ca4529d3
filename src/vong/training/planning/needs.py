"""Settings of a run that determine its memory and time, read from the settings of any recipe."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from vong.training.planning.machine import Machine

QUANTIZED_BYTES = {"int8": 1.06, "8bit": 1.06, "nf4": 0.56, "fp4": 0.56, "int4": 0.56, "4bit": 0.56}
"""Bytes per quantized weight with its scales: 4 bits and a scale of 4 bytes per 64 weights are 0.56 bytes."""


@dataclass(frozen=True)
class Needs:
    """Settings of a run as JSON values, with defaults for recipes that lack a setting."""

    values: dict[str, Any]

    @classmethod
    def of(cls, settings: BaseModel) -> "Needs":
        """Return the needs of the settings of a recipe."""
        return cls(settings.model_dump(mode="json"))

    def get(self, name: str, default: Any) -> Any:
        """Return a setting. Returns the default if the recipe has no such setting, or it is unset."""
        value = self.values.get(name)
        return default if value is None else value

    @property
    def method(self) -> str:
        """Return the method: lora, full, or another one of the recipe."""
        return str(self.get("method", "lora"))

    @property
    def trains_adapter(self) -> bool:
        """Return whether an adapter is trained on frozen weights."""
        return self.method not in {"full", "freeze"}

    @property
    def batch_size(self) -> int:
        """Return the rows per batch."""
        return int(self.get("batch_size", 1))

    @property
    def accumulation(self) -> int:
        """Return the batches per optimiser step."""
        return int(self.get("gradient_accumulation", 1))

    @property
    def checkpointing(self) -> bool:
        """Return whether activations are computed again in the backward pass."""
        return bool(self.get("gradient_checkpointing", False))

    @property
    def max_length(self) -> int:
        """Return the maximum number of tokens of a row."""
        return int(self.get("block_size", self.get("max_length", 1 << 30)))

    @property
    def cuts_rows(self) -> bool:
        """Return whether documents are cut into blocks of equal length, so that none is too long."""
        return self.values.get("block_size") is not None

    @property
    def trains_from_scratch(self) -> bool:
        """Return whether the recipe starts with random weights and a new tokenizer."""
        return "vocab_size" in self.values

    @property
    def generations(self) -> int:
        """Return the completions that are generated per prompt and trained, 1 if none is generated."""
        return int(self.get("num_generations", 1))

    @property
    def generated_tokens(self) -> int:
        """Return the maximum number of tokens of a generated completion."""
        return int(self.get("max_completion_tokens", 0)) if "num_generations" in self.values else 0

    @property
    def shares_prefix(self) -> bool:
        """Return whether the common beginning of a batch is computed once, which recipes do on a CPU in fp32."""
        if self.packing or self.checkpointing or self.get("source", "") == "logits":
            return False
        is_exact = not float(self.get("lora_dropout", 0.0)) and str(self.get("dtype", "auto")) in {"auto", "fp32"}
        return bool(self.get("share_prefix", False)) and is_exact

    @property
    def computes_parts(self) -> bool:
        """Return whether the recipe can compute a batch in two parts, which those of supervised fine-tuning do."""
        return "share_prefix" in self.values and self.trains_adapter and not self.packing

    @property
    def packing(self) -> bool:
        """Return whether several rows share one sequence."""
        return bool(self.get("packing", False)) or self.cuts_rows

    @cached_property
    def quantized_bytes(self) -> float | None:
        """Return the bytes per weight of a quantized base, or None."""
        quantization = str(self.get("quantization", "none")).lower()
        return next((size for name, size in QUANTIZED_BYTES.items() if name in quantization), None)

    def compute_dtype(self, machine: Machine) -> str:
        """Return the precision of the computation on a machine: fp32 or bf16."""
        dtype = str(self.get("dtype", "auto"))
        if dtype == "auto":
            return "bf16" if machine.device == "cuda" and machine.bf16 else "fp32"
        return dtype

    def effective_batch(self) -> int:
        """Return the rows per optimiser step."""
        return self.batch_size * self.accumulation
