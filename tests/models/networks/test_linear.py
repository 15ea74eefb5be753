"""The house's fully connected layer is `nn.Linear`, whichever library takes the product."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.models.networks.linear import Linear, takes_product


def pair(inputs: int, outputs: int, bias: bool) -> tuple[Linear, nn.Linear]:
    torch.manual_seed(0)
    layer, reference = Linear(inputs, outputs, bias=bias), nn.Linear(inputs, outputs, bias=bias).double()
    reference.load_state_dict(layer.state_dict())
    return layer, reference


def derivatives(layer: nn.Module, x: Tensor) -> list[Tensor]:
    """The gradients, for the weights and the inputs, of a penalty on the gradient for the inputs."""
    (first,) = torch.autograd.grad(layer(x).tanh().sum(), x, create_graph=True)
    parameters = [x, *layer.parameters()]
    return [first.detach(), *torch.autograd.grad(first.square().sum() + layer(x).square().sum(), parameters)]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("n", "inputs", "outputs"), [(128, 300, 70), (5, 3, 2), (1, 64, 1), (0, 7, 5)])
def test_outputs_and_derivatives_are_those_of_a_double_precision_layer(
    n: int, inputs: int, outputs: int, bias: bool
) -> None:
    layer, reference = pair(inputs, outputs, bias)
    x = torch.randn(n, inputs, generator=torch.Generator().manual_seed(1)).requires_grad_()
    exact = x.detach().double().requires_grad_()
    torch.testing.assert_close(layer(x).double(), reference(exact), rtol=1e-5, atol=1e-5)
    for found, expected in zip(derivatives(layer, x), derivatives(reference, exact), strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


def test_equal_inputs_give_equal_bits() -> None:
    layer, _ = pair(500, 200, bias=False)
    x = torch.randn(128, 500)
    outputs = layer(x)
    for shift in range(1, 16):
        moved = torch.empty(x.numel() + shift)[shift:].view_as(x).copy_(x)
        assert torch.equal(layer(moved), outputs)


def test_frozen_weights_get_no_gradient_and_inputs_do() -> None:
    layer, _ = pair(6, 4, bias=False)
    layer.requires_grad_(False)
    x = torch.randn(3, 6, requires_grad=True)
    layer(x).sum().backward()
    assert layer.weight.grad is None
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(3, 6))


def test_only_float32_matrices_on_a_cpu_with_onednn_go_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = torch.randn(2, 3), torch.randn(4, 3)
    assert takes_product(x, weight) == torch.backends.mkldnn.is_available()
    assert not takes_product(x[0], weight)
    assert not takes_product(x[:0], weight)
    assert not takes_product(x.double(), weight.double())
    assert not takes_product(x.to("meta"), weight.to("meta"))
    with torch.autocast("cpu", torch.bfloat16):
        assert not takes_product(x, weight)
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    assert not takes_product(x, weight)


def test_what_does_not_go_to_it_is_still_computed() -> None:
    layer, reference = pair(3, 4, bias=True)
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(layer(x).double(), reference(x.double()))
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x[:, 0]).dtype == torch.bfloat16
