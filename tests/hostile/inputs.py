"""Hostile inputs: a bounded, seeded selection of each kind, written into a folder."""

from __future__ import annotations

import io
import json
import lzma
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Command = tuple[str, list[str]]
QUICK = ["--metrics", "mig,sap", "--bootstrap", "0", "--no-levels"]
ESCAPES = "\x1b[31mred\x1b[0m\x07\rover"


def evaluate(path: Path | str) -> list[str]:
    """Score a file by quick metrics."""
    return ["eval", str(path), *QUICK]


def good(n: int = 60) -> dict[str, Any]:
    """Arrays with which nothing is wrong."""
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(n, 2))
    return {
        "codes": factors + 0.1 * rng.normal(size=(n, 2)),
        "factors": factors,
        "train": rng.random(n) < 0.7,
        "code_names": np.array(["c1", "c2"]),
        "factor_names": np.array(["a", "b"]),
    }


def npz_bytes(arrays: dict[str, Any], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An npz file, of any compression."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=True)
            archive.writestr(f"{name}.npy", member.getvalue())
    return file.getvalue()


def h5_bytes(arrays: dict[str, Any]) -> bytes:
    """An HDF5 file."""
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        for name in ("codes", "factors", "train"):
            h5.create_dataset(name, data=arrays[name], compression="gzip", fletcher32=True)
    return file.getvalue()


def mutations(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Flip bytes, cut off, insert, repeat."""
    chance = random.Random(seed)
    for _ in range(count):
        changed = bytearray(content)
        place = chance.randrange(len(changed))
        match chance.randrange(5):
            case 0:
                del changed[place:]
            case 1:
                changed[place] ^= 1 << chance.randrange(8)
            case 2:
                for _ in range(chance.randrange(1, 20)):
                    changed[chance.randrange(len(changed))] = chance.randrange(256)
            case 3:
                changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
            case 4:
                end = min(len(changed), place + chance.randrange(1, 200))
                del changed[place:end]
        yield bytes(changed)


def damaged_files(folder: Path) -> Iterator[Command]:
    """Files of codes with damage anywhere."""
    kinds: dict[str, tuple[bytes, int]] = {
        "stored.npz": (npz_bytes(good(), zipfile.ZIP_STORED), 40),
        "deflated.npz": (npz_bytes(good()), 40),
        "lzma.npz": (npz_bytes(good(), zipfile.ZIP_LZMA), 30),
        "bzip2.npz": (npz_bytes(good(), zipfile.ZIP_BZIP2), 20),
        "good.h5": (h5_bytes(good()), 60),
    }
    for number, (name, (content, count)) in enumerate(kinds.items()):
        for copy, changed in enumerate(mutations(content, count, number)):
            path = folder / f"damaged-{copy}-{name}"
            path.write_bytes(changed)
            yield f"damaged {name} {copy}", evaluate(path)


def headers(folder: Path) -> Iterator[Command]:
    """Members whose header is not what follows."""
    texts = [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (60, 1000000000), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (60, 2.5), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 60, }",
        "{'descr': '<f8', 'fortran_order': 7, 'shape': (60, 2), }",
        "{'descr': '<q99', 'fortran_order': False, 'shape': (60, 2), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (60, 2), }",
        "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (60,), }",
        "{'descr': '<U999999999', 'fortran_order': False, 'shape': (60, 2), }",
        "{'descr': '<f8', 'shape': (60, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (60, 2), 'more': 1}",
        "{",
        "[" * 500,
        "(" * 3000 + ")" * 3000,
        "__import__('os').abort()",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 5000 + ", 2), }",
        "\x00" * 40,
        "{'descr': '<f8', 'fortran_order': False, 'shape': (60, 2), }\ud800",
    ]
    for number, text in enumerate(texts):
        raw = text.encode("utf-8", "surrogatepass")
        raw += b" " * (-(len(raw) + 12 + 1) % 64) + b"\n"
        member = b"\x93NUMPY\x02\x00" + len(raw).to_bytes(4, "little") + raw + bytes(960)
        for name in ("codes", "unread"):
            path = folder / f"header-{number}-{name}.npz"
            with zipfile.ZipFile(path, "w") as archive:
                if name == "unread":
                    for key, array in good().items():
                        content = io.BytesIO()
                        np.save(content, array)
                        archive.writestr(f"{key}.npy", content.getvalue())
                archive.writestr(f"{name}.npy", member)
            yield f"header {number} of {name}", evaluate(path)


def arrays(folder: Path) -> Iterator[Command]:
    """Arrays of kinds and values that codes and factors are not, or are seldom."""
    n, base = 60, good()
    codes, factors = base["codes"], base["factors"]
    outlier = codes.copy()
    outlier[7, 0] = 1e100
    texts = np.array([["\ud800", "b"]] * n, dtype=object)
    changes: dict[str, dict[str, Any]] = {
        "1e160": {"codes": codes * 1e160},
        "1e308": {"codes": np.clip(codes, -1, 1) * 1e308},
        "subnormal": {"codes": codes * 5e-324},
        "tiny": {"codes": codes * 1e-300},
        "outlier": {"codes": outlier},
        "shifted": {"codes": codes + 1.7e9},
        "nan": {"codes": np.where(codes > 1, np.nan, codes)},
        "infinite": {"codes": np.where(codes > 1, np.inf, codes)},
        "all nan": {"codes": np.full((n, 2), np.nan)},
        "factors nan": {"factors": np.where(factors > 1, np.nan, factors.astype(float))},
        "factors all nan": {"factors": np.full((n, 2), np.nan)},
        "factors inf": {"factors": np.where(factors > 1, np.inf, factors.astype(float))},
        "constant codes": {"codes": np.zeros((n, 2))},
        "constant factors": {"factors": np.zeros((n, 2), dtype=int)},
        "complex": {"codes": codes + 1j},
        "text codes": {"codes": codes.astype(str)},
        "bytes": {"codes": codes.astype("S8")},
        "dates": {"codes": codes.astype("datetime64[s]")},
        "objects": {"codes": codes.astype(object)},
        "object factors": {"factors": texts},
        "booleans": {"codes": codes > 1},
        "large integers": {"factors": factors.astype(np.uint64) + np.uint64(2**63)},
        "half": {"codes": codes.astype(np.float16)},
        "long double": {"codes": codes.astype(np.longdouble) * np.longdouble("1e4000")},
        "no rows": {"codes": codes[:0], "factors": factors[:0], "train": base["train"][:0]},
        "one row": {"codes": codes[:1], "factors": factors[:1], "train": base["train"][:1]},
        "no columns": {"codes": codes[:, :0]},
        "no factors": {"factors": factors[:, :0]},
        "one axis": {"codes": codes[:, 0]},
        "three axes": {"codes": codes[:, :, None]},
        "no axis": {"codes": np.float64(3)},
        "other rows": {"factors": factors[:-1]},
        "train all": {"train": np.ones(n, dtype=bool)},
        "train none": {"train": np.zeros(n, dtype=bool)},
        "train numbers": {"train": np.arange(n)},
        "train matrix": {"train": np.ones((n, 2), dtype=bool)},
        "few names": {"code_names": np.array(["c1"])},
        "one name twice": {"code_names": np.array(["c", "c"])},
        "numbers as names": {"code_names": np.array([1, 2])},
        "names matrix": {"code_names": np.array([["a", "b"]])},
        "empty names": {"code_names": np.array(["", ""])},
        "long names": {"code_names": np.array(["x" * 100_000, "y"])},
        "escapes": {"code_names": np.array([ESCAPES, "b"]), "factor_names": np.array([ESCAPES, "d"])},
        "kinds": {"code_kinds": np.array([ESCAPES, "continuous"])},
        "unknown kinds": {"factor_kinds": np.array(["cyclical", "categorical"])},
        "text posterior": {"posterior/c1": np.array([["a", "b"]] * n)},
        "short posterior": {"posterior/c1": np.zeros((3, 2))},
        "nan posterior": {"posterior/c1": np.full((n, 2), np.nan)},
        "posterior of nobody": {f"posterior/{ESCAPES}": np.zeros((n, 2))},
        "unread": {ESCAPES: np.zeros(3)},
        "wide": {"codes": np.zeros((4, 3_000)), "factors": factors[:4], "train": base["train"][:4]},
        "unique factor": {"factors": np.stack([np.arange(n), np.arange(n) * 0.5], axis=1)},
    }
    for name, change in changes.items():
        path = folder / f"array-{name.replace(' ', '-')}.npz"
        whole = {**base, **change}
        if "codes" in change and np.ndim(change["codes"]) == 2 and np.shape(change["codes"])[1] != 2:
            whole.pop("code_names")
        path.write_bytes(npz_bytes(whole))
        yield f"array {name}", evaluate(path)


def wide(folder: Path) -> Iterator[Command]:
    """So many codes, factors, classes or categories that most of the default set would take hours."""
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(2_000, 10)), rng.integers(3, size=(2_000, 2))
    many = rng.permutation(2_000)[:, None]
    sizes: dict[str, tuple[Any, Any]] = {
        "codes": (rng.normal(size=(60, 3_000)), factors[:60]),
        "factors": (codes[:60], rng.integers(3, size=(60, 2_000))),
        "classes": (codes, np.concatenate([many, factors], axis=1)),
        "categories": (np.concatenate([many, factors], axis=1), factors),
        "columns of codes": (rng.normal(size=(12, 100_000)), factors[:12]),
        "columns of factors": (codes[:12], rng.integers(3, size=(12, 100_000))),
    }
    for name, (some_codes, some_factors) in sizes.items():
        path = folder / f"wide-{name.replace(' ', '-')}.npz"
        np.savez(path, codes=some_codes, factors=some_factors)
        yield f"many {name}", ["eval", str(path)]


def archives(folder: Path) -> Iterator[Command]:
    """Archives that are not what they say."""
    path = folder / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for values in (good()["codes"], good()["codes"] * 2):
            content = io.BytesIO()
            np.save(content, values)
            archive.writestr("codes.npy", content.getvalue())
    yield "one name twice", evaluate(path)
    path = folder / "bomb.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 28, 1)})
    block = bytes(1 << 24)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("codes.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range((1 << 31) // len(block)):
            member.write(block)
    yield "2 GB of zeros", evaluate(path)
    unread = folder / "unread-bomb.npz"
    unread.write_bytes(path.read_bytes())
    with zipfile.ZipFile(unread, "a") as archive:
        for key, array in good().items():
            if key != "codes":
                content = io.BytesIO()
                np.save(content, array)
                archive.writestr(f"{key}.npy", content.getvalue())
    yield "2 GB of zeros beside factors", evaluate(unread)
    for name, content in {
        "empty": b"",
        "text": b"codes",
        "pickle": b"\x80\x04K\x01.",
        "npy": b"\x93NUMPY",
        "zip of nothing": b"PK\x05\x06" + bytes(18),
        "lzma": lzma.compress(b"codes"),
    }.items():
        for suffix in (".npz", ".h5"):
            path = folder / f"{name.replace(' ', '-')}{suffix}"
            path.write_bytes(content)
            yield f"{name} as {suffix}", evaluate(path)


def declared_h5(folder: Path) -> Iterator[Command]:
    """Small HDF5 files that declare a lot, or refer to elsewhere."""

    def write(name: str, fill: Callable[[h5py.File], object]) -> Command:
        path = folder / f"{name.replace(' ', '-')}.h5"
        with h5py.File(path, "w") as file:
            file["factors"] = good()["factors"]
            fill(file)
        return f"hdf5 {name}", evaluate(path)

    yield write("many rows", lambda file: file.create_dataset("codes", (10**9, 2), "f8", chunks=(1000, 2)))
    yield write("many columns", lambda file: file.create_dataset("codes", (60, 10**9), "f8", chunks=(60, 1000)))
    yield write("no axis", lambda file: file.create_dataset("codes", data=3.0))
    yield write("a group", lambda file: file.create_group("codes"))
    yield write("text", lambda file: file.create_dataset("codes", data=["a"] * 60))
    yield write("soft link", lambda file: file.__setitem__("codes", h5py.SoftLink("/nowhere")))
    yield write("circle", lambda file: file.__setitem__("codes", h5py.SoftLink("/codes")))
    yield write("external link", lambda file: file.__setitem__("codes", h5py.ExternalLink("/etc/passwd", "/x")))
    yield write("references", lambda file: file.create_dataset("codes", data=[file.ref] * 60, dtype=h5py.ref_dtype))
    yield write("compound", lambda file: file.create_dataset("codes", data=np.zeros(60, [("a", "f8"), ("b", "i4")])))


def options(folder: Path) -> Iterator[Command]:
    """Settings and options that nobody means."""
    path = folder / "good.npz"
    path.write_bytes(npz_bytes(good()))
    values = [
        "steps=-1", "steps=0", "steps=1e20", "steps=100000000000000000000", f"steps={'9' * 5000}", "steps=nan",
        "steps=true", "steps=[1]", "steps=", "=1", "steps", "steps=2\nmodel=\"x\"", "batch_size=1",
        "latents.codes.0.k=1000000000",
        "latents.codes.0.k=-3", "latents.codes.99.k=3", "latents.codes.-1.k=3", "latents.codes=[]", "latents.noise=-1",
        "latents.noise=1000000000000", "networks.width=0", "networks.width=1e300", "networks.width=nan",
        "networks.name=none",
        "optimizer.D.lr=-1", "optimizer.D.lr=inf", "optimizer.none.lr=1", "optimizer.D.kind=none",
        "dataset.name=none",
        "dataset.size=3", "model.name=none", "model.game=none", "name=../../x", f"title={'[' * 3000}",
        "a" * 5000 + "=1",
        "networks=" + "{a=" * 500 + "1" + "}" * 500, f"name={ESCAPES}", "checkpoint_every=0", "name=\ud800",
    ]  # fmt: skip
    for value in values:
        yield f"--set {value[:60]!r}", ["train", "infogan-digits", "--out", str(folder / "never"), "--set", value]
    for seed in ("-1", "1e3", "a", "0,0", "3-1", "0-999999999", "9" * 5000, "", ",", "\x00", ESCAPES):
        yield f"--seed {seed[:40]!r}", ["train", "infogan-digits", "--out", str(folder / "never"), "--seed", seed]
    for words in (
        ["--bootstrap", "999999999"], ["--bootstrap", "-1"], ["--rows", "0"], ["--rows", "99999999999999999999"],
        ["--metrics", ""], ["--metrics", "mig,,sap"], ["--metrics", ESCAPES], ["--metrics", "x" * 100_000],
        ["--set", "mig.num_bins=0"], ["--set", "mig.num_bins=1000000000000"], ["--set", f"mig.num_bins={'9' * 5000}"],
        ["--set", "mig=1"], ["--set", ".x=1"], ["--seed", "-1"], ["--format", ESCAPES], ["--out", "x"],
        ["--out", "/dev/null/x.json"], ["--out", str(folder)], ["--device", "cuda"], ["--device", ESCAPES],
    ):  # fmt: skip
        yield f"eval {words[0]} {words[1][:40]!r}", [*evaluate(path), *words]


PLACES = (
    "\x00",
    "x" * 4000,
    "x/" * 2000,
    ESCAPES,
    "\ud800.npz",
    "~nobody/x.npz",
    "/dev/null",
    "/dev/full",
    "-",
    "",
    ".",
)
COMMANDS = (["eval"], ["compare", "x"], ["rank", "x", "y"], ["show"], ["sample"], ["bench", "status"])


def paths(_folder: Path) -> Iterator[Command]:
    """Paths that lead nowhere."""
    for path in PLACES:
        for command in COMMANDS:
            yield f"{command[0]} {path[:30]!r}", [*command, path]
        for suffix in (".npz", ".h5", ".toml", ".json"):
            yield f"eval {path[:30]!r}{suffix}", ["eval", path + suffix]


RECIPE = b"""name = "x"
steps = 0
[model]
name = "infogan"
[dataset]
name = "digits"
[latents]
noise = 3
codes = [{ kind = "uniform" }]
"""
SUITE = b"""name = "x"
version = 1
seeds = [0]
metrics = ["mig"]
[entries.a]
recipe = "infogan-digits"
settings = { steps = 3 }
"""
NOT_TOML = (b"a=" + b"[" * 5000, b"\xff\xfe", b"a=" + b"9" * 5000, b"")


def toml_files(folder: Path) -> Iterator[Command]:
    """Recipes and suites with damage; the recipe is never trained, for it has no steps."""
    for kind, content, words in (("recipe", RECIPE, ["train", "--steps", "0"]), ("suite", SUITE, ["bench", "status"])):
        for number, changed in enumerate([*mutations(content, 30, len(kind)), *NOT_TOML]):
            path = folder / f"{kind}-{number}.toml"
            path.write_bytes(changed)
            yield f"{kind} {number}", [*words, str(path)]


WRONG = (None, 3, -1, 1e300, True, "x", [], {}, [[]], ESCAPES)
CONTENTS = (b"", b"[]", b"3", b"{", b"[" * 5000, b"\xff", b'{"a": ' * 3000, b"9" * 5000)


def run_files(folder: Path, run: Path) -> Iterator[Command]:
    """The files of a run with other values in them."""
    asked = (["show"], ["compare", str(run)], ["eval", "--metrics", "mutual-information"])
    for name in ("provenance.json", "results.json"):
        values = json.loads((run / name).read_text())
        for number, key in enumerate(values):
            words = asked[number % len(asked)]
            wrong = WRONG[number % len(WRONG)]
            copy = shutil.copytree(run, folder / f"run-{name}-{number}")
            (copy / name).write_text(json.dumps({**values, key: wrong}))
            yield f"{name}: {key} = {wrong!r}", [*words, str(copy)]
        for number, content in enumerate(CONTENTS):
            copy = shutil.copytree(run, folder / f"run-{name}-content-{number}")
            (copy / name).write_bytes(content)
            yield f"{name} content {number}", ["show", str(copy)]
            yield f"{name} content {number}, compared", ["compare", str(run), str(copy)]
