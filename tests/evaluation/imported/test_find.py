"""An encoder or a generator by its place in a module."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from disentangle_bench.errors import DbenchError, UnknownNameError
from disentangle_bench.evaluation.imported.find import find_function

CPU = torch.device("cpu")
CODE = """
import torch
from torch import nn

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Flatten()

vae = VAE()
number = 3

def mean(images):
    return images.mean(dim=(2, 3))

def load():
    return vae.encoder

def broken():
    raise FileNotFoundError("no checkpoint")
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    Path("somebodys_vae.py").write_text(CODE)
    Path("with_fault.py").write_text("import no_such_package_at_all")
    yield
    sys.modules.pop("somebodys_vae", None)


@pytest.mark.parametrize("place", ["somebodys_vae:vae.encoder", "somebodys_vae:load"])
def test_a_module_by_its_name_or_by_the_function_that_loads_it(place):
    found = find_function(place, "encoder", CPU)
    assert found(torch.zeros(2, 1, 4, 4)).shape == (2, 16)
    assert isinstance(found, torch.nn.Flatten)


def test_a_function_of_images_is_taken_as_it_is():
    assert find_function("somebodys_vae:mean", "encoder", CPU)(torch.zeros(2, 1, 4, 4)).shape == (2, 1)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("no_such_module:encoder", "module 'no_such_module' raises ModuleNotFoundError"),
        ("with_fault:encoder", "module 'with_fault' raises ModuleNotFoundError: No module named 'no_such_package"),
        ("somebodys_vae:men", "(?s)no object in somebodys_vae named 'men'.*'mean'"),
        ("somebodys_vae:vae.decoder", r"no object in somebodys_vae named 'vae\.decoder'"),
        ("somebodys_vae:VAE", "(?s)is the class VAE, whose weights are not known.*trained instance"),
        ("somebodys_vae:number", "is of the type int"),
        ("somebodys_vae:broken", r"broken\(\) raises FileNotFoundError: no checkpoint"),
        ("somebodys_vae", "'somebodys_vae' names no object"),
        ("models/encoder.pt2", r"There is no file models/encoder\.pt2"),
        ("C:encoder.onnx", r"There is no file C:encoder\.onnx"),
    ],
)
def test_what_is_not_there_is_named(place, said):
    with pytest.raises((DbenchError, UnknownNameError), match=said):
        find_function(place, "encoder", CPU)
