"""Somebody's encoder, given images as it takes them and asked for those of its outputs that are codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from disentangle_bench.errors import RepresentationError
from disentangle_bench.evaluation.imported.ask import ask
from disentangle_bench.evaluation.imported.exported import ExportedCodes
from disentangle_bench.evaluation.imported.fixed_batch import FixedBatch
from disentangle_bench.evaluation.imported.form import ImageForm

CODES = "codes"


class ImportedEncoder:
    """Images `(n, c, h, w)` in [0, 1] -> codes, or a posterior by name.

    Args:
        function: that is asked.
        form: in which it is given images.
        outputs: what its outputs are, in the order of a tuple or by their names, as in `mean,logvar`,
            `mean=mu,logvar=log_var` or `codes=2`; empty if what it gives is codes or a posterior as it is, or a file of
            `dbench export`, which says what it gives.
    """

    def __init__(self, function: Callable[[Tensor], Any], form: ImageForm, outputs: Sequence[str] = ()) -> None:
        self.function, self.form, self.outputs = function, form, tuple(outputs)
        says = function.metadata if isinstance(function, FixedBatch) and not outputs else {}
        self.codes = ExportedCodes.of(says)

    def __call__(self, images: Tensor) -> Any:
        """Ask the encoder.

        Raises:
            RepresentationError: it raises an exception, or lacks an output.
        """
        given = self.form.of(images)
        remedy = "If it takes other images, say so: --images size=32, channels=3, range=[-1,1] or layout=nhwc."
        found = ask(self.function, given, "encoder", "images", remedy)
        if self.codes is not None:
            return self.codes.read(found)
        return chosen(found, self.outputs) if self.outputs else found


def chosen(found: Any, wanted: Sequence[str]) -> Any:
    """The outputs of an encoder that are wanted, by the names that they are given: codes alone as they are.

    Args:
        found: one array, or several in a tuple or a dictionary.
        wanted: `name` of the next in a tuple or of the same name, `name=place`, or `_` for one to pass over.

    Raises:
        RepresentationError: it lacks one.

    Example:
        >>> chosen(("the image", "the mean", "the spread"), ["_", "mean", "logvar"])
        {'mean': 'the mean', 'logvar': 'the spread'}
        >>> chosen({"z": "codes", "x": "image"}, ["codes=z"])
        'codes'
    """
    outputs = dict(enumerate(found)) if isinstance(found, tuple | list) else found
    outputs = outputs if isinstance(outputs, Mapping) else {0: outputs}
    by_place = [*outputs] == [*range(len(outputs))]
    made = {}
    for place, word in enumerate(wanted):
        name, equals, key = word.partition("=")
        at: Any = key if equals else place if by_place else name
        at = int(at) if by_place and str(at).isdecimal() else at
        if name == "_":
            continue
        if at not in outputs:
            raise RepresentationError(
                f"The encoder has no output {at!r}; it gave {', '.join(map(str, outputs))}.",
                "--outputs takes names or places from 0, as in mean=0,logvar=1 or codes=z.",
            )
        made[name] = outputs[at]
    return made[CODES] if [*made] == [CODES] else made
