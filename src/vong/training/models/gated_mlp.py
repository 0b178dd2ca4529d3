"""Gated MLP layers that compute two of their results again in the backward pass instead of storing them.

A gated MLP computes `down(act(gate(x)) * up(x))`. Training stores the results of `gate`, `act`, `*` and `up`, each as
wide as the MLP, which is half of a layer's memory. Those of `act` and `*` follow from the other two by operations per
element, whose time is small beside that of the matrix products. The gradients are equal to the last bit.
"""

import functools
from typing import Any

GATED_MLP_CLASSES = frozenset(
    {"GemmaMLP", "Gemma2MLP", "Gemma3MLP", "LlamaMLP", "MistralMLP", "Olmo2MLP", "Qwen2MLP", "Qwen3MLP", "SmolLM3MLP"}
)
"""Classes of transformers whose forward method is `down_proj(act_fn(gate_proj(x)) * up_proj(x))`."""


def recompute_gated_mlps(model: Any) -> int:
    """Store less in the gated MLPs of a model during training; return their number.

    Not for gradient checkpointing, which stores none of these results.
    """
    changed = 0
    for module in model.modules():
        if type(module).__name__ in GATED_MLP_CLASSES and "forward" not in vars(module):
            module.forward = functools.partial(_forward, module)
            changed += 1
    return changed


def _forward(module: Any, inputs: Any) -> Any:
    import torch

    gate, up = module.gate_proj(inputs), module.up_proj(inputs)
    if not torch.is_grad_enabled():
        return module.down_proj(module.act_fn(gate) * up)
    results = GatedResults(module.act_fn, gate.detach(), up.detach())
    with torch.autograd.graph.saved_tensors_hooks(results.pack, results.unpack):
        activated = results.mark("activated", module.act_fn(gate))
        product = results.mark("product", activated * up)
        del activated
        return module.down_proj(product)


class GatedResults:
    """Results of one gated MLP in one step. The marked one is not stored but computed again when it is needed."""

    def __init__(self, act: Any, gate: Any, up: Any) -> None:
        self._act, self._gate, self._up = act, gate, up
        self._marked: tuple[str, int, int] = ("", 0, 0)

    def mark(self, name: str, tensor: Any) -> Any:
        """Mark a tensor that is alive until the next one is marked, and return it."""
        self._marked = (name, tensor.data_ptr(), tensor.numel())
        return tensor

    def pack(self, tensor: Any) -> Any:
        """Return the name and the shape of the marked tensor, and every other tensor itself."""
        name, address, count = self._marked
        if tensor.data_ptr() == address and tensor.numel() == count and tensor.is_contiguous():
            return name, tensor.shape
        return tensor

    def unpack(self, packed: Any) -> Any:
        """Return the tensor that was packed."""
        if not isinstance(packed, tuple):
            return packed
        name, shape = packed
        activated = self._act(self._gate)
        return (activated if name == "activated" else activated * self._up).view(shape)
