"""Modules are found wherever a function may have them from, and come back in the mode in which they were."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import nn

from disentangle_bench.evaluation.reached_modules import in_evaluation_mode, reached_modules

GLOBAL = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))


class Wrapper:
    """Holds a module, and calls it."""

    def __init__(self, module):
        self.parts = {"encoder": [module]}

    def encode(self, images):
        return self.parts["encoder"][0](images)

    def __call__(self, images):
        return self.encode(images)


class ByName:
    def __call__(self, images):
        return GLOBAL(images)


def by_name(images):
    return GLOBAL(images)


def in_a_function_within(images):
    return [GLOBAL(image) for image in images]


def by_another_function(images):
    return by_name(images)


def with_default(images, network=GLOBAL, *, other=GLOBAL):
    return network(images)


def closures(module):
    wrapper = Wrapper(module)
    return {
        "a closure": lambda images: module(images)[0],
        "a method's closure": lambda images: wrapper.encode(images)[0],
        "a bound method": wrapper.encode,
        "an object": wrapper,
        "a module's method": module.forward,
        "partial": functools.partial(lambda network, images: network(images), module),
        "partial by name": functools.partial(lambda images, network: network(images), network=module),
        "a list": lambda images, networks=(module,): networks[0](images),
        "a wrapped function": functools.lru_cache(lambda images: module(images)[0]).__wrapped__,
        "itself": module,
    }


@pytest.mark.parametrize("way", closures(GLOBAL))
def test_in_what_a_function_holds(way):
    module = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    assert {*reached_modules(closures(module)[way])} == {*module.modules()}


@pytest.mark.parametrize("function", [by_name, in_a_function_within, by_another_function, with_default, ByName()])
def test_in_what_a_function_names(function):
    assert {*reached_modules(function)} == {*GLOBAL.modules()}


def test_where_there_are_none():
    later: nn.Module
    assert reached_modules(lambda images: torch.flatten(images, 1)) == []
    assert reached_modules(lambda images: later(images)[0]) == []
    assert reached_modules(len) == []
    later = GLOBAL


def test_a_circle_and_a_large_list_have_an_end():
    circle: list[object] = list(range(100_000))
    circle[0] = circle
    assert reached_modules(lambda images: (circle, GLOBAL(images))) == list(GLOBAL.modules())


def test_modes_are_restored_after_an_error():
    GLOBAL.train()
    GLOBAL[1].eval()

    @in_evaluation_mode(by_name)
    def fail():
        assert not any(module.training for module in GLOBAL.modules())
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [module.training for module in GLOBAL.modules()] == [True, True, False]
