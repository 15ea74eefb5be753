"""A fully connected layer whose product is taken by oneDNN on a CPU."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Linear(nn.Linear):
    """`nn.Linear`, with its float32 products on a CPU taken by oneDNN, as PyTorch takes those of convolutions.

    PyTorch gives these products to MKL, which leaves half the width of an AMD processor's vector units unused: oneDNN
    was measured twice as fast there, and these products are most of a step (`benchmarks/perf` shows the ratio).
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """`(n, in)` -> `(n, out)`."""
        weight = self.weight  # once: what normalizes it would compute it each time
        if not takes_product(inputs, weight):
            return F.linear(inputs, weight, self.bias)
        outputs: Tensor = _Product.apply(inputs, weight)
        return outputs if self.bias is None else outputs + self.bias


def takes_product(inputs: Tensor, weight: Tensor) -> bool:
    """Whether oneDNN is there and switched on (`torch.backends.mkldnn`), and these are float32 matrices on a CPU.

    The compiler has its own ways with products, and autocast turns them into bfloat16 ones, which oneDNN takes anyway.
    """
    return (
        bool(torch.backends.mkldnn.enabled)
        and inputs.dim() == 2
        and inputs.numel() > 0
        and inputs.device.type == weight.device.type == "cpu"
        and inputs.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


class _Product(torch.autograd.Function):
    """`a @ b.T` for matrices `(n, k)` and `(m, k)`; its derivatives are such products too, to any order."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
        return product

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (gradient,), (a, b) = gradients, ctx.saved_tensors
        for_a, for_b = ctx.needs_input_grad
        return (
            _Product.apply(gradient, b.t()) if for_a else None,
            _Product.apply(gradient.t(), a.t()) if for_b else None,
        )
