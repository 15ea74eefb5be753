"""Classifiers in the user's cache, since the one of a dataset is the same for every run: one file each.

The cache is a convenience: where it cannot be read or written, or an entry is damaged, a classifier is trained.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from disentangle_bench.datasets import Dataset
from disentangle_bench.evaluation import classifier
from disentangle_bench.evaluation.classifier import TrainedClassifier, train_classifier, untrained
from disentangle_bench.metrics.generator.sampling import isolated_randomness
from disentangle_bench.storage import once, sha256, user_cache, write_bytes

DIGEST = 32
SCALE = "scale"


def kept_classifier(dataset: Dataset, device: torch.device) -> TrainedClassifier:
    """Return the classifier of a dataset from the cache, or train it and keep it there.

    Several processes may ask at once: one trains it, the others wait for it.
    """
    path = _entry_path(dataset, device)

    def keep(trained: TrainedClassifier) -> None:
        weights = {name: of.cpu().contiguous() for name, of in trained.network.state_dict().items()}
        content = save({**weights, SCALE: torch.tensor(trained.scale, dtype=torch.float64)})
        write_bytes(path, hashlib.sha256(content).digest() + content)

    return once(path, lambda: _read(path, dataset, device), lambda: train_classifier(dataset, device), keep)


def is_kept(dataset: Dataset, device: torch.device) -> bool:
    """Whether the classifier of a dataset need not be trained."""
    return _entry_path(dataset, device).is_file()


def _entry_path(dataset: Dataset, device: torch.device) -> Path:
    """Return the file of a classifier, named by a digest of all that may change a bit of its weights."""
    digest = hashlib.sha256()
    for part in (dataset.split("train"), dataset.labels("train")):
        values = np.ascontiguousarray(part)
        digest.update(repr((values.dtype.str, values.shape)).encode())
        digest.update(values.astype(str).tobytes() if values.dtype.kind == "O" else values.tobytes())
    machine = (device.type, torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), torch.__version__)
    digest.update(json.dumps([*machine, sha256(Path(classifier.__file__))]).encode())
    return user_cache("classifiers", f"{digest.hexdigest()[:32]}.bin")


def _read(path: Path, dataset: Dataset, device: torch.device) -> TrainedClassifier | None:
    """Read an entry; None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
            return None
        tensors = load(content[DIGEST:])
    except (OSError, SafetensorError):
        return None
    with isolated_randomness(0):
        trained = untrained(dataset, device)
    trained.scale = float(tensors.pop(SCALE))
    trained.network.load_state_dict(tensors)
    return trained
