"""DoRA adapters in batches with other adapters. PEFT itself computes them only one at a time.

This module requires torch. Only the engine `transformers` imports it, in a separate process.
"""

from typing import Any

import torch
from torch import Tensor, nn


class FixedMagnitude(nn.Module):
    """Magnitude of a DoRA layer for inference, where its quotient with the norm of the adapted weights is constant.

    PEFT computes the norm from all weights of the layer in each step.
    """

    def __init__(self, quotient: Tensor) -> None:
        super().__init__()
        self.register_buffer("quotient", quotient, persistent=False)

    def forward(self, inputs: Tensor, *, scaling: float, base_layer: Any, base_result: Tensor, **parts: Any) -> Tensor:
        """Return what is added to the output of the base layer. `parts` has the two matrices of the adapter."""
        bias = getattr(base_layer, "bias", None)
        product = base_result if bias is None else base_result - bias
        quotient = self.get_buffer("quotient")
        return (quotient - 1) * product + quotient * parts["lora_B"](parts["lora_A"](inputs)) * scaling


def fix_magnitudes(model: Any, adapter: str) -> None:
    """Replace the magnitudes of a loaded DoRA adapter, and let its rows share a batch. Other adapters are unchanged."""
    for module in model.modules():
        magnitudes = getattr(module, "lora_magnitude_vector", None)
        if magnitudes is None or adapter not in magnitudes:
            continue
        base = module.get_base_layer()
        delta = module.get_delta_weight(adapter).float()
        weights = base.weight.float() + delta
        axis = 0 if getattr(module, "fan_in_fan_out", False) else 1
        quotient = magnitudes[adapter].weight.float() / torch.linalg.norm(weights, dim=axis)
        magnitudes[adapter] = FixedMagnitude(quotient.to(base.weight.dtype).detach())
        module.use_dora[adapter] = False
