"""An encoder or a generator by its place: `package.module:name`, or a file that holds a network."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import torch

from disentangle_bench.errors import DbenchError, UnknownNameError
from disentangle_bench.evaluation.imported.archive import refuse_unless_network
from disentangle_bench.evaluation.imported.exported_program import exported_program
from disentangle_bench.evaluation.imported.onnx_model import onnx_model
from disentangle_bench.evaluation.imported.torchscript import torchscript

PLACES = "Give package.module:name, or a file of TorchScript, of torch.export (.pt2) or of ONNX."
READERS: dict[str, Callable[[Path, torch.device], Callable[..., Any]]] = {
    "torchscript": torchscript,
    "pt2": exported_program,
    "onnx": onnx_model,
}


def find_function(place: str | Path, what: str, device: torch.device) -> Callable[..., Any]:
    """The function or network at a place.

    Args:
        place: `package.module:name`, where the name may have dots, or the path of a file. The current folder counts
            among those from which modules are imported.
        what: it is, for messages: `encoder` or `generator`.
        device: where a network from a file is put. What a module holds stays where it is.

    Returns:
        A function. One of a module that takes no argument is called, and gives the network.

    Raises:
        DbenchError: there is none, or the file holds no network that can be read without executing what is in it.
    """
    path = Path(place)
    if path.is_file():
        return READERS[refuse_unless_network(path, what)](path, device)
    module, colon, name = str(place).partition(":")
    if not colon or path.suffix.lower() in (".pt", ".pt2", ".pth", ".onnx", ".ckpt", ".safetensors"):
        problem = f"There is no file {place}." if path.suffix or len(path.parts) > 1 else f"{place!r} names no object."
        raise DbenchError(f"The {what} cannot be found: {problem}", PLACES)
    return _made(_imported(module, name, what), f"{module}:{name}", what)


def _imported(module: str, name: str, what: str) -> Any:
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does; a console script does not
    try:
        found: Any = import_module(module)
    except DbenchError:
        raise
    except Exception as error:  # whatever another's module does when it is imported
        raise DbenchError(
            f"The {what} cannot be imported: the module {module!r} raises {type(error).__name__}: {error}.", PLACES
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnknownNameError(f"object in {module}", name, [known for known in dir(found) if known[:1] != "_"])
        found = getattr(found, part)
    return found


def _made(found: Any, place: str, what: str) -> Callable[..., Any]:
    if inspect.isclass(found):
        raise DbenchError(
            f"{place} is the class {found.__name__}, whose weights are not known.",
            f"Name a trained instance, or a function without arguments that loads one and gives the {what}.",
        )
    if isinstance(found, FunctionType) and not inspect.signature(found).parameters:
        try:
            found = found()
        except DbenchError:
            raise
        except Exception as error:  # whatever another's function does
            raise DbenchError(
                f"{place}() raises {type(error).__name__}: {error}", "`dbench --debug eval ..` shows where."
            ) from error
    if not callable(found):
        raise DbenchError(f"{place} is of the type {type(found).__name__}, not a function or a torch module.", PLACES)
    return found  # type: ignore[no-any-return]
