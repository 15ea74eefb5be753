"""Networks in files give what they gave in Python, and nothing else that is in the files is executed."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import disentangle_bench as db
from disentangle_bench.errors import DataError, DbenchError, RepresentationError
from disentangle_bench.evaluation.imported.find import find_function

from .networks import Encoder, edited, save_program, save_torchscript

CPU = torch.device("cpu")
OUTPUTS = ["mean", "logvar"]
IMAGES = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0))
MODEL = "models/model.json"
ENUM = json.dumps({"__enum__": True, "fqn": "antigravity:A", "name": "B"})
IMPORTING = json.dumps([1, {"type": "builtins.dict", "context": ENUM, "children_spec": []}])
"""The structure of arguments, with a constant for which PyTorch imports a module."""


class Bomb:
    """What executes Python when it is unpickled: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def bomb(tmp_path: Path):
    """Pickled; the test fails if it was unpickled."""
    marker = tmp_path / "executed"
    yield pickle.dumps(Bomb(marker), 2)
    assert not marker.exists()


def expected(images: Tensor = IMAGES) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        return Encoder().eval()(images)


@pytest.mark.parametrize("batch", [None, 4, 16])
def test_an_exported_program_gives_the_same_for_any_number_of_images(tmp_path, batch):
    found = find_function(save_program(Encoder().eval(), tmp_path / "encoder.pt2", batch), "encoder", CPU)
    for given, wanted in zip(found(IMAGES), expected(), strict=True):
        torch.testing.assert_close(given, wanted)


def test_torchscript_gives_the_same_in_evaluation_mode(tmp_path):
    found = find_function(save_torchscript(Encoder().train(), tmp_path / "encoder.pt"), "encoder", CPU)
    for given, wanted in zip(found(IMAGES), expected(), strict=True):
        torch.testing.assert_close(given, wanted)


@pytest.mark.parametrize("batch", [3, None])
def test_onnx_gives_the_same_by_the_names_of_its_outputs(tmp_path, batch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    path = tmp_path / "encoder.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Encoder().eval(), (torch.zeros(batch or 2, 1, 8, 8),), path, output_names=["mu", "lv"], dynamo=False,
            dynamic_axes=None if batch else {"images": {0: "batch"}}, input_names=["images"],
        )  # fmt: skip
    found = find_function(path, "encoder", CPU)(IMAGES)
    for name, wanted in zip(("mu", "lv"), expected(), strict=True):
        torch.testing.assert_close(torch.from_numpy(found[name]), wanted)
    with pytest.raises(RepresentationError, match=r"rows of the shape \(1, 8, 8\), and was given \(1, 16, 16\)"):
        find_function(path, "encoder", CPU)(torch.zeros(2, 1, 16, 16))
    path.write_bytes(b"something")
    with pytest.raises(DataError, match="cannot be read as ONNX"):
        find_function(path, "encoder", CPU)


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    (tmp_path / "encoder.onnx").touch()
    with pytest.raises(DbenchError, match=r"disentangle-bench\[onnx\]"):
        find_function(tmp_path / "encoder.onnx", "encoder", CPU)


def test_a_representation_is_the_same_from_python_and_from_a_file(tmp_path):
    network = Encoder().eval()
    of_python = db.represent(network, "digits", outputs=OUTPUTS)
    of_file = db.represent(save_program(network, tmp_path / "encoder.pt2", 100), "digits", outputs=OUTPUTS)
    assert of_file.codes.values == pytest.approx(of_python.codes.values, abs=1e-5)
    assert of_file.posterior["c2"] == pytest.approx(of_python.posterior["c2"], abs=1e-5)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin"])
@pytest.mark.parametrize("legacy", [False, True])
def test_weights_without_their_network_are_refused(tmp_path, suffix, legacy):
    path = tmp_path / f"weights{suffix}"
    torch.save({"state_dict": Encoder().state_dict()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(DataError, match=r"(?s)holds weights.*--encoder my_module:encoder.*torch\.export\.save"):
        find_function(path, "encoder", CPU)


def test_so_are_safetensors_and_whole_modules_and_nothing_of_them_is_read(tmp_path, bomb):
    for name in ("weights.safetensors", "module.pt"):
        (tmp_path / name).write_bytes(bomb)
        with pytest.raises(DataError, match="holds weights"):
            find_function(tmp_path / name, "encoder", CPU)


def test_what_is_no_network_is_named_so(tmp_path):
    (tmp_path / "notes.pt2").write_text("nothing")
    with pytest.raises(DataError, match=r"not a file of TorchScript, of torch\.export or of ONNX"):
        find_function(tmp_path / "notes.pt2", "encoder", CPU)


class TestTorchScript:
    @pytest.mark.parametrize("entry", ["data.pkl", "constants.pkl"])
    def test_its_pickles_are_not_pythons(self, tmp_path, bomb, entry):
        path = save_torchscript(Encoder(), tmp_path / "encoder.pt")
        edited(path, lambda name, content: bomb if name == entry else content)
        with pytest.raises(DataError, match="cannot be read as TorchScript: Unknown type name"):
            find_function(path, "encoder", CPU)

    def test_code_that_writes_files_is_refused(self, tmp_path):
        class Writer(nn.Module):
            def forward(self, images: Tensor) -> Tensor:
                torch.save(images, "written")
                return images

        with pytest.raises(DataError, match="has code that opens files"):
            find_function(save_torchscript(Writer(), tmp_path / "writer.pt"), "encoder", CPU)

    def test_an_archive_with_a_name_twice_is_refused(self, tmp_path):
        path = save_torchscript(Encoder(), tmp_path / "encoder.pt")
        edited(path, lambda _name, content: content, **{"DATA.pkl": b""})
        with pytest.raises(DataError, match="two entries of one name"):
            find_function(path, "encoder", CPU)


class TestExportedPrograms:
    @pytest.fixture
    def path(self, tmp_path):
        return save_program(Encoder().eval(), tmp_path / "encoder.pt2")

    def test_example_inputs_are_not_unpickled(self, path, bomb):
        edited(path, lambda name, content: bomb if "sample_inputs" in name else content)
        torch.testing.assert_close(find_function(path, "encoder", CPU)(IMAGES)[0], expected()[0])

    @pytest.mark.parametrize(
        "config", ["data/weights/model_weights_config.json", "data/constants/model_constants_config.json"]
    )
    def test_pickled_weights_and_constants_are_refused(self, path, bomb, config):
        def pickled(name: str, content: bytes) -> bytes:
            if name in ("data/weights/weight_0", "data/constants/tensor_0"):
                return bomb
            return content.replace(b'"use_pickle": false', b'"use_pickle": true') if name == config else content

        edited(path, pickled)
        with pytest.raises(DataError, match="names pickled objects"):
            find_function(path, "encoder", CPU)

    @pytest.mark.parametrize(
        "name",
        [
            "data/constants/opaque_obj_0",
            "data/constants/custom_obj_0",
            "data/weights/model.pt",
            "data/aotinductor/m/a.so",
        ],
    )
    def test_other_objects_and_libraries_are_refused(self, path, bomb, name):
        edited(path, lambda _name, content: content, **{name: bomb})
        with pytest.raises(DataError, match=f"it holds {name}"):
            find_function(path, "encoder", CPU)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda model, _bad: node(model).update(target="torch.os.system"), "torch.os"),
            (lambda model, _bad: node(model).update(target="torch.ops.aten.from_file"), "from_file"),
            (lambda model, bad: size(model).update(as_expr={"expr_str": bad, "hint": None}), "expr_str"),
            (lambda model, _bad: size(model).update(as_expr={"expr_str": "Mul.func", "hint": None}), "expr_str"),
            (lambda model, bad: node(model).update(name=f"x); {bad}; ("), "name"),
            (lambda model, bad: graph(model)["inputs"].append({"as_tensor": {"name": "x\n" + bad}}), "name"),
            (lambda model, bad: weight(model).update(parameter_name=f'n"+{bad}+"'), "parameter_name"),
            (lambda model, bad: signature(model).update(forward_arg_names=[f"x={bad}"]), "forward_arg_names"),
            (lambda model, _bad: signature(model).update(in_spec=IMPORTING), "in_spec"),
        ],
        ids=["operator", "file", "shape", "attribute", "node", "input", "weight", "argument", "tree"],
    )
    def test_texts_that_would_be_executed_are_refused(self, path, tmp_path, change, said):
        marker = tmp_path / "executed"
        bad = f"__import__('pathlib').Path({str(marker)!r}).touch()"

        def changed(name: str, content: bytes) -> bytes:
            if name != MODEL:
                return content
            model = json.loads(content)
            change(model, bad)
            return json.dumps(model).encode()

        edited(path, changed)
        with pytest.raises(DataError, match=f"(?s)cannot be read safely.*{said}"):
            find_function(path, "encoder", CPU)(IMAGES)
        assert not marker.exists()

    def test_guards_are_not_executed(self, path, tmp_path):
        marker = tmp_path / "executed"

        def guarded(name: str, content: bytes) -> bytes:
            bad = f"__import__('pathlib').Path({str(marker)!r}).touch() is None"
            return json.dumps({**json.loads(content), "guards_code": [bad]}).encode() if name == MODEL else content

        edited(path, guarded)
        torch.testing.assert_close(find_function(path, "encoder", CPU)(IMAGES)[0], expected()[0])
        assert not marker.exists()

    def test_a_damaged_one_is_named_so(self, path):
        edited(path, lambda name, content: content[:-9] if name == MODEL else content)
        with pytest.raises(DataError, match="damaged or of a PyTorch before"):
            find_function(path, "encoder", CPU)
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(DataError):
            find_function(path, "encoder", CPU)

    def test_one_of_two_inputs_and_another_size_of_images(self, path, tmp_path):
        class Two(nn.Module):
            def forward(self, images: Tensor, others: Tensor) -> Tensor:
                return images + others

        program = torch.export.export(Two(), (torch.zeros(2, 3), torch.zeros(2, 3)))
        torch.export.save(program, tmp_path / "two.pt2")
        with pytest.raises(DataError, match="takes 2 inputs"):
            find_function(tmp_path / "two.pt2", "encoder", CPU)
        with pytest.raises(RepresentationError, match=r"\(1, 8, 8\), and was given \(1, 16, 16\)"):
            find_function(path, "encoder", CPU)(torch.zeros(2, 1, 16, 16))

    def test_usual_networks_are_read(self, tmp_path):
        """Convolutions, interpolation, attention, einsum, a dictionary of outputs and gradients switched off."""

        class Usual(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv = nn.Sequential(nn.Conv2d(1, 8, 3, 2, padding=1), nn.GroupNorm(2, 8), nn.GELU())
                self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

            def forward(self, images: Tensor) -> dict[str, Tensor]:
                features = self.conv(nn.functional.interpolate(images, scale_factor=2, mode="bilinear"))
                rows = features.flatten(2).transpose(1, 2)
                with torch.no_grad():
                    weights = torch.einsum("nlc,nkc->nlk", rows, rows).softmax(-1)
                mixed = self.attention(weights @ rows, rows, rows)[0].mean(1)
                return {"mean": mixed.view(images.shape[0], -1), "logvar": torch.clamp(mixed, -6.0, 2.0)}

        network = Usual().eval()
        found = find_function(save_program(network, tmp_path / "usual.pt2"), "encoder", CPU)
        with torch.no_grad():
            torch.testing.assert_close(found(IMAGES), network(IMAGES))


def graph(model: dict) -> dict:
    return model["graph_module"]["graph"]


def node(model: dict) -> dict:
    return graph(model)["nodes"][0]


def size(model: dict) -> dict:
    return graph(model)["tensor_values"]["images"]["sizes"][0]


def weight(model: dict) -> dict:
    return model["graph_module"]["signature"]["input_specs"][0]["parameter"]


def signature(model: dict) -> dict:
    return model["graph_module"]["module_call_graph"][0]["signature"]
