"""Linear layers computed with oneDNN on CPUs for which torch's default library is slow.

torch computes fp32 matrix products with MKL, which does not use AVX-512 on AMD processors. oneDNN does: one core of an
EPYC computed the layers of a 135 M model at 215 GFLOPS instead of 105. The results differ in rounding only. The choice
depends on the processor alone, so that a resumed run on the same machine continues with equal numbers.
"""

import functools
from pathlib import Path
from typing import Any


def use_onednn_linears(model: Any) -> int:
    """Compute the fp32 linear layers of a model on a CPU with oneDNN if that is faster; return their number."""
    import torch

    if not onednn_is_faster():
        return 0
    function = _linear_function()
    changed = 0
    for module in model.modules():
        if type(module) is torch.nn.Linear and module.weight.device.type == "cpu":
            linear: Any = module
            linear.forward = functools.partial(_forward, linear, function)
            changed += 1
    return changed


def onednn_is_faster() -> bool:
    """Return True on processors with AVX-512 that are not from Intel."""
    import torch

    if not torch.backends.mkldnn.is_available() or torch.backends.cpu.get_cpu_capability() != "AVX512":
        return False
    return read_cpu_vendor() not in {"", "GenuineIntel"}


def read_cpu_vendor(file: Path = Path("/proc/cpuinfo")) -> str:
    """Return the vendor of the processor, or an empty string if it is unknown."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")), "")


def _forward(module: Any, function: Any, inputs: Any) -> Any:
    import torch

    if inputs.dtype != torch.float32 or module.weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return torch.nn.functional.linear(inputs, module.weight, module.bias)
    return function.apply(inputs, module.weight, module.bias)


@functools.cache
def _linear_function() -> Any:
    """Return the autograd function. A function defers the import of torch."""
    import torch

    def multiply(left: Any, right: Any, bias: Any = None) -> Any:
        """Return `left @ right.T + bias`."""
        return torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")

    class OneDnnLinear(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, inputs: Any, weight: Any, bias: Any) -> Any:
            ctx.save_for_backward(inputs if weight.requires_grad else None, weight)
            return multiply(inputs, weight, bias)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            (grad,) = grad_outputs
            inputs, weight = ctx.saved_tensors
            grad_inputs = grad_weight = grad_bias = None
            rows = grad.reshape(-1, grad.shape[-1])
            if ctx.needs_input_grad[0]:
                grad_inputs = multiply(rows, weight.t()).view(*grad.shape[:-1], weight.shape[1])
            if ctx.needs_input_grad[1]:
                columns = inputs.reshape(-1, inputs.shape[-1])
                # The product is fast if its second operand is the larger one.
                outputs_are_more = weight.shape[0] >= weight.shape[1]
                grad_weight = (
                    multiply(columns.t(), rows.t()).t() if outputs_are_more else multiply(rows.t(), columns.t())
                )
            if ctx.needs_input_grad[2]:
                grad_bias = rows.sum(0)
            return grad_inputs, grad_weight, grad_bias

    return OneDnnLinear
