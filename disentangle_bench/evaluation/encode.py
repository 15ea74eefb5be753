"""The first stage of a run's evaluation: codes and posterior of every image, computed once and kept."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.progress import OnProgress, Working
from disentangle_bench.evaluation.samples import keep_samples_apart
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.representation import Representation
from disentangle_bench.representation.hdf5 import read_origin
from disentangle_bench.run import Run
from disentangle_bench.storage import locked, remove_leftovers

ENCODING = "1"
"""Version of how codes are computed from a model and images; codes of another one are computed again."""
_log = logging.getLogger(__name__)


def encoded(
    run: Run,
    subject: Subject,
    *,
    keep: bool = True,
    again: bool = False,
    on_progress: OnProgress = lambda _event: None,
) -> Subject:
    """Give a run's subject the codes and the posterior in `representation.h5`, which is written if need be.

    Of several processes one encodes the images, and the others wait for it.

    Args:
        run: whose model the subject is made of.
        subject: see `subject_of_run`.
        keep: write what is computed to the run folder.
        again: compute codes and posterior even if they are kept.
        on_progress: called if there is something to compute.

    Raises:
        StorageError: no space, no permission.
    """
    origin = {"encoding": ENCODING, **{key: subject.info[key] for key in ("model_sha256", "data_sha256")}}

    def look() -> Representation | None:
        if again or read_origin(run.representation_file) != origin:
            return None
        try:
            return Representation.load(run.representation_file)
        except RepresentationError as error:
            _log.warning("The images are encoded again. %s", error.problem)
            return None

    def compute() -> Representation:
        on_progress(Working(f"Encoding {subject.info['samples']:,} images"))
        parts = subject.parts
        posterior = parts.get("posterior_parameters", {})
        made = Representation(parts["codes"], parts.get("factors"), parts.get("train"), posterior)
        if keep:
            keep_samples_apart(run)
            remove_leftovers(run.representation_file)
            made.save(run.representation_file, **origin)
        return made

    found = look()
    if found is None:
        with locked(run.path / ".encode.lock") if keep else nullcontext():
            found = look() or compute()  # another process may have encoded the images by now
    made = {"codes": found.codes, "posterior_parameters": found.posterior}
    return subject.with_parts({name: part for name, part in made.items() if name in subject.parts})
