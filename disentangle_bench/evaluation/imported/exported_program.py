"""Files of `torch.export.save` (.pt2), of which nothing is executed but the operators of the network.

`torch.export.load` unpickles example inputs and some constants, evaluates shapes as Python, executes guards, follows
the names of operators to any attribute of `torch`, and loads compiled libraries. So an archive is written anew with
what a network of plain operators needs, each part checked against what is known to be harmless, and that is loaded.
"""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export.passes import move_to_device_pass

from disentangle_bench.errors import DataError
from disentangle_bench.evaluation.imported.archive import archive_of, read_entries
from disentangle_bench.evaluation.imported.fixed_batch import FixedBatch

_MODEL, _EXAMPLES = "models/model.json", "data/sample_inputs/model.pt"
_WEIGHTS, _CONSTANTS = "data/weights/model_weights_config.json", "data/constants/model_constants_config.json"
_FORMAT = ("archive_format", "archive_version", "byteorder", ".data/version", _MODEL, _WEIGHTS, _CONSTANTS)
_PAYLOAD = re.compile(r"data/(?:weights/weight|constants/tensor)_\d+")
_OPERATOR = re.compile(
    r"torch\.ops\.(?:aten|prims)\.(?!from_file)_?[A-Za-z]\w*(?:\.[A-Za-z]\w*)?"
    r"|torch\.ops\.higher_order\.(?:wrap_with_set_grad_enabled|wrap_with_autocast)"
    r"|_operator\.(?:getitem|add|sub|mul|truediv|floordiv|mod|pow|neg|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.(?:ceil|floor|trunc|sqrt)|torch\.sym_\w+"
)
_WORD, _TEXT = re.compile(r"[\w.:+]*"), re.compile(r"[\w ,.>-]*")
_DROPPED = {"metadata": dict, "guards_code": list, "treespec_namedtuple_fields": dict}
"""Keys of the description that computing does without, and what stands for nothing."""
_SHAPE = re.compile(
    r"Symbol|Integer|Rational|Float|Add|Mul|Pow|Max|Min|Mod|Abs|floor|ceiling|true|false|oo|int_oo|And|Or|Not"
    r"|Eq|Ne|Gt|Ge|Lt|Le|Equality|Unequality|StrictGreaterThan|StrictLessThan|GreaterThan|LessThan|Where|PythonMod"
    r"|FloorDiv|ModularIndexing|CleanDiv|CeilToInt|FloorToInt|CeilDiv|LShift|RShift|PowByNatural|FloatPow|FloatTrueDiv"
    r"|IntTrueDiv|TruncToFloat|TruncToInt|RoundToInt|RoundDecimal|ToFloat|Identity|z?[suf]+\d+"
)
"""What the sizes of dynamic shapes are written with, by SymPy and by PyTorch."""
_ARITHMETIC = (
    ast.Expression, ast.Call, ast.keyword, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Constant, ast.Load,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip
_CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict")


def exported_program(path: Path, device: torch.device) -> Callable[[Tensor], Any]:
    """The network of a .pt2 file; one that was exported for batches of one size is asked in such.

    Raises:
        DataError: it is damaged, of a PyTorch before 2.9, or has parts that are not known to be harmless.
    """
    entries = read_entries(path)
    try:
        checked = archive_of(_harmless(entries))
    except (_UnknownPartError, KeyError, TypeError, ValueError, SyntaxError, RecursionError, AttributeError) as error:
        said = error if isinstance(error, _UnknownPartError) else f"it is damaged or of a PyTorch before 2.9 ({error})"
        raise DataError(
            f"{path} cannot be read safely: {said}.",
            "Export a network of PyTorch's own operators, with tensors as its only constants, or export it to ONNX.",
        ) from error
    try:
        with _quiet():
            program = move_to_device_pass(torch.export.load(checked), device)
            network = program.module(check_guards=False)
    except Exception as error:  # torch's readers raise whatever they meet
        raise DataError(
            f"{path} cannot be read by PyTorch {torch.__version__}: {(str(error) or repr(error)).splitlines()[0]}",
            "Export it with this version.",
        ) from error
    return FixedBatch(network, _input_sizes(program, path), str(path))


class _UnknownPartError(Exception):
    """Something in an archive that is not known to be harmless."""


def _harmless(entries: dict[str, bytes]) -> dict[str, bytes]:
    """The entries that a network of plain operators needs, checked."""
    allowed = {*_FORMAT, _EXAMPLES, "version", ".data/serialization_id", ".format_version", ".storage_alignment"}
    for name in entries:
        if name not in allowed and not _PAYLOAD.fullmatch(name) and not name.startswith("extra/"):
            raise _UnknownPartError(f"it holds {name}")
    kept = {name: entries[name] for name in entries if name in _FORMAT or _PAYLOAD.fullmatch(name)}
    for name in (_WEIGHTS, _CONSTANTS):
        config = json.loads(entries[name])
        for payload in config["config"].values():
            if payload["use_pickle"] is not False or not re.fullmatch(r"(?:weight|tensor)_\d+", payload["path_name"]):
                raise _UnknownPartError(f"{name} names pickled objects")
        kept[name] = json.dumps(_checked(config)).encode()
    kept[_MODEL] = json.dumps(_checked(json.loads(entries[_MODEL]))).encode()
    return {**kept, _EXAMPLES: b""}  # example inputs are always pickled


def _checked(value: Any, key: str = "") -> Any:
    """A description of which every text is known to be harmless, without those parts that computing does without."""
    if key in _DROPPED:
        return _DROPPED[key]()
    if isinstance(value, dict):
        for name in value:
            _check_text("", name)
        return {name: _checked(of, name) for name, of in value.items()}
    if isinstance(value, list):
        return [_checked(of, key) for of in value]
    if isinstance(value, str):
        _check_text(key, value)
    return value


def _check_text(key: str, text: str) -> None:
    """Refuse a text that PyTorch could look up, evaluate or write into code as something else than it seems."""
    if key in ("target", "as_operator"):
        known = bool(_OPERATOR.fullmatch(text))
    elif key == "expr_str":
        known = all(map(_is_arithmetic, ast.walk(ast.parse(text, mode="eval"))))
    elif key in ("in_spec", "out_spec"):
        known = _is_plain_tree(json.loads(text)[1])
    else:
        known = bool((_TEXT if key in ("as_string", "as_strings") else _WORD).fullmatch(text))
    if not known:
        raise _UnknownPartError(f"the {key or 'key'} {text[:60]!r} is not known to be harmless")


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.Name):
        return bool(_SHAPE.fullmatch(node.id))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) or bool(_WORD.fullmatch(str(node.value)))
    return isinstance(node, _ARITHMETIC)


def _is_plain_tree(tree: dict[str, Any]) -> bool:
    keys = json.loads(tree["context"] or "null")
    plain = keys is None or (isinstance(keys, list) and all(isinstance(key, str | int) for key in keys))
    return plain and tree["type"] in _CONTAINERS and all(map(_is_plain_tree, tree["children_spec"]))


def _input_sizes(program: torch.export.ExportedProgram, path: Path) -> tuple[int | None, ...]:
    """The sizes of the network's one input; None for those that are free."""
    [name, *others] = program.graph_signature.user_inputs or (None,)
    if name is None or others:
        raise DataError(
            f"The network in {path} takes {len(program.graph_signature.user_inputs)} inputs.",
            "Export one that takes 1.",
        )
    [node] = [node for node in program.graph.nodes if node.op == "placeholder" and node.name == name]
    return tuple(size if isinstance(size, int) else None for size in node.meta["val"].shape)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the tracebacks that PyTorch logs of what it raises a moment later."""
    loggers = [logging.getLogger(name) for name in ("torch.export", "torch.export.pt2_archive._package")]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
