"""TorchScript archives.

`torch.jit.load` reads their `data.pkl` by an unpickler of its own, in C++, which makes tensors, containers and objects
of the classes whose code is in the archive, and knows no Python object. The code is compiled for the interpreter of
TorchScript, whose operators compute, with two exceptions that open files.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import torch
from torch import nn

from disentangle_bench.errors import DataError
from disentangle_bench.evaluation.imported.archive import archive_of, read_entries

_OPENS_FILES = re.compile(rb"\b(?:torch|aten)\s*\.\s*(?:save|from_file)\b")


def torchscript(path: Path, device: torch.device) -> nn.Module:
    """The network of a TorchScript archive, in evaluation mode.

    Raises:
        DataError: it is damaged, has Python objects or opens files.
    """
    entries = read_entries(path)
    if any(_OPENS_FILES.search(content) for name, content in entries.items() if name.endswith(".py")):
        raise DataError(f"{path} has code that opens files.", "Export the network without it.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # that torch.jit is deprecated concerns who writes it
            network: nn.Module = torch.jit.load(archive_of(entries), map_location=device)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(f"{path} cannot be read as TorchScript: {said}", "Export the network again.") from error
    return network.eval()
