"""What a file of a network holds, told by its content, and archives written anew from what was checked of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_ARCHIVE = "archive/"


def refuse_unless_network(path: Path, what: str) -> str:
    """Tell what a file holds: `torchscript`, `pt2` or `onnx`.

    Raises:
        DataError: weights without their network, or something else. StorageError: it cannot be read.
    """
    if path.suffix.lower() == ".onnx":
        return "onnx"
    if path.suffix.lower() == ".safetensors":
        raise _weights_alone(path, what)
    names = entries_of(path)
    if names is None:
        with storage_errors(path, "read"), path.open("rb") as file:
            pickled = file.read(1) == b"\x80"
        raise _weights_alone(path, what) if pickled else _unknown(path)
    if "archive_format" in names:
        return "pt2"
    if "constants.pkl" in names:
        return "torchscript"
    raise _weights_alone(path, what) if "data.pkl" in names else _unknown(path)


def _weights_alone(path: Path, what: str) -> DataError:
    return DataError(
        f"{path} holds weights (a state_dict, a checkpoint) or pickled objects, not a network that can be read safely.",
        f"Write a function that makes your network, loads the weights and returns the {what}, and name it: "
        f"--{what} my_module:{what}. Or export the network: torch.export.save(torch.export.export(network, "
        "(example,)), 'network.pt2').",
    )


def _unknown(path: Path) -> DataError:
    return DataError(
        f"{path} is not a file of TorchScript, of torch.export or of ONNX.", "torch.export.save writes one, as .pt2."
    )


def entries_of(path: Path) -> list[str] | None:
    """The names in an archive, without the folder that all share; None if it is not a zip archive."""
    with storage_errors(path, "read"):
        if not zipfile.is_zipfile(path):
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                return [name.partition("/")[2] for name in archive.namelist()]
        except zipfile.BadZipFile:
            return None


def read_entries(path: Path) -> dict[str, bytes]:
    """The content of an archive by name.

    Raises:
        DataError: it is damaged, or has a name twice: another program could then read another content.
    """
    try:
        with storage_errors(path, "read"), zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len({name.partition("/")[2].lower() for name in names}) < len(names):
                raise DataError(f"{path} has two entries of one name.", "Export it again.")
            return {name.partition("/")[2]: archive.read(name) for name in names}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise DataError(f"{path} is damaged: {error}", "Copy or export it again.") from error


def archive_of(entries: Mapping[str, bytes]) -> io.BytesIO:
    """An archive with just these entries, so that what PyTorch reads is what was checked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(_ARCHIVE + name, content)
    buffer.seek(0)
    return buffer
