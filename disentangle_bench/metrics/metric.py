"""The decorator that declares a metric beside its code, and the scores that a metric returns.

A metric is a plain function. Its positional parameters name the parts of a subject that it needs (those with the
default None are optional); its keyword-only parameters are settings.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import FaultyMetricError
from disentangle_bench.metrics.resampling import Resampling
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.settings import defaults_of

if TYPE_CHECKING:  # torch takes seconds to import; processes that fit factors do without
    from torch import Tensor

    from disentangle_bench.latents import Latents

Better = Literal["higher", "lower", "neither"]
Arbitrary = Literal["sign", "code"]
"""What of a score training leaves to chance, so that it cannot be averaged over seeds; see `Score.arbitrary`."""
Interval = Literal["rows", "held-out", "halves"]
"""How the interval of a metric of codes and factors is computed; see `MetricInfo`."""
Size = Literal["rows", "codes", "columns", "factors", "values"]
"""Of codes and factors: how many samples; codes, and numeric columns that these are encoded as, such as indicators of
categories; factors, and values of all factors."""
ROUNDING = 1e-6
"""By how much a value may exceed its bounds: more than float32 rounds values near 1."""
Bounds = tuple[float | None, float | None]
"""The lowest and the highest possible value; None if there is none."""
Codes = ArrayLike | Variables
Factors = ArrayLike | Variables
Representations = Mapping[str, Codes]
"""Model name -> its codes `(n, d)` for the same samples in the same order; each model may have another d."""
Generator: TypeAlias = "Callable[[Latents], Tensor]"
"""Latents (on any device) -> images `(n, c, h, w)` float in [0, 1], on the model's device."""
Posterior: TypeAlias = "Callable[[Tensor], tuple[Tensor, ...]]"
"""Images `(n, c, h, w)` float in [0, 1] -> one tensor `(n, p)` of posterior parameters per code."""

PARTS = (
    "codes", "factors", "train", "representations", "images", "encoder", "ground_truth", "generator", "posterior",
    "posterior_parameters", "latents", "classifier",
)  # fmt: skip


class Classifier(Protocol):
    """A classifier trained on the labels of a dataset. Images are `(n, c, h, w)`, float in [0, 1] or uint8."""

    def __call__(self, images: Tensor) -> Tensor:
        """Return the predicted class of each image, `(n,)` int64."""
        ...

    def features(self, images: Tensor) -> Tensor:
        """Return the last hidden layer of each image, `(n, f)` float32.

        All features are scaled by one number, so that their mean variance over the dataset's images is 1.
        """
        ...


@dataclass(frozen=True)
class Score:
    """One number with what is needed to interpret it.

    Attributes:
        value: the score; None if it is undefined, then `reason` says why.
        low, high: 95 % confidence interval over evaluation samples.
        chance: the score of a subject without the measured quality.
        ceiling: the highest score that a perfect subject can reach.
        unit: `"nats"`, or empty for a pure number.
        reason: why the score is undefined.
        samples: `(n,)` contributions of the samples whose mean is `value`, where it is a mean; for paired comparison.
        pairing: names the samples, such as `"mnist test images"`; equal names and lengths can be paired.
        details: extras that JSON can hold, such as a confusion matrix.
        better, bounds: where a component differs from what its metric declares, such as an error beside an accuracy.
        code: the code that is scored, in metrics that score codes one by one; see `of_code`.
        component: what is scored of that code; empty where it is the code as such.
        in_sample: whether it is measured on the rows that were fitted on, so that it depends on how many there are.
        resampling: what can be drawn anew for an interval without fitting or counting anew, where there is such.
        replicates: `(b,)` values on the resamples that its interval was made from, NaN where one has none.
        arbitrary: what of it training leaves to chance: its `sign`, as that of a correlation with a code, or which of
            several codes with one prior it is of (`code`). Over seeds, absolute values stand in for the former, and of
            the latter there is no mean.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: float | None = None
    unit: str = ""
    reason: str = ""
    samples: NDArray[np.float64] | None = field(default=None, compare=False)
    pairing: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    better: Better | None = None
    bounds: Bounds | None = None
    code: str | None = None
    component: str = ""
    in_sample: bool = False
    resampling: Resampling | None = field(default=None, compare=False, repr=False)
    replicates: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    arbitrary: tuple[Arbitrary, ...] = ()

    @classmethod
    def undefined(cls, reason: str) -> Score:
        """Return a score that is undefined for this input."""
        return cls(None, reason=reason)


def of_code(code: str, scores: Mapping[str, Score]) -> dict[str, Score]:
    """Scores of one code under their full names, such as `c1` and `c1.share`.

    Args:
        code: its name.
        scores: component -> score; an empty component is the code as such.
    """
    return {
        f"{code}.{component}" if component else code: replace(score, code=code, component=component)
        for component, score in scores.items()
    }


Scores = Score | dict[str, Score]
"""What a metric returns: one score, or its components by name, the headline first."""


S = TypeVar("S", bound=Scores)


def with_resampling(scores: S, parts: tuple[str, ...], resampling: Resampling) -> S:
    """Put a resampling beside those parts of some scores that it has values for; a score by itself is the part `""`."""
    if isinstance(scores, Score):
        return cast(S, replace(scores, resampling=resampling))
    drawn = {part: replace(score, resampling=resampling) for part, score in scores.items() if part in parts}
    return cast(S, {**scores, **drawn})


def called(function: Callable[..., Scores], parts: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Score]:
    """Compute a metric.

    Returns:
        Component -> score; a score by itself is the component `""`.

    Raises:
        FaultyMetricError: it returned something else. Whatever the metric raises.
    """
    answer: Any = function(**parts, **settings)
    scores: dict[str, Any] = answer if isinstance(answer, dict) else {"": answer}
    for part, score in scores.items():
        of = f" for {part!r}" if part else ""
        if not isinstance(score, Score):
            raise _faulty(function, f"{type(score).__name__}{of} instead of a score")
        numbers = (score.value, score.low, score.high, score.chance, score.ceiling)
        if other := [number for number in numbers if not isinstance(number, Real | None)]:
            raise _faulty(function, f"a score{of} of {type(other[0]).__name__} instead of a number")
    if not scores:
        raise _faulty(function, "no score")
    return scores


def _faulty(function: Callable[..., Scores], given: str) -> FaultyMetricError:
    return FaultyMetricError(
        f"The metric {info_of(function).name!r} returned {given}.",
        "Return `Score(value)` of a float, or a dictionary of component names to such scores.",
    )


def outside_bounds(score: Score, info: MetricInfo) -> str:
    """Say that a value is outside the bounds that are declared for it, but for rounding; empty if it is not."""
    low, high = info.bounds if score.bounds is None else score.bounds
    value = score.value
    if value is None or not np.isfinite(value):
        return ""
    if (low is None or value >= low - ROUNDING) and (high is None or value <= high + ROUNDING):
        return ""
    ends = ("-inf" if low is None else f"{low:g}", "inf" if high is None else f"{high:g}")
    return f"{value:.6g}, outside the bounds {ends[0]} to {ends[1]}"


def values_of(scores: Scores) -> dict[str, float]:
    """Part -> value, without the parts that are undefined; a score by itself is the part `""`."""
    parts = scores if isinstance(scores, dict) else {"": scores}
    known = ((part, score.value) for part, score in parts.items())
    return {part: float(value) for part, value in known if value is not None and np.isfinite(value)}


@dataclass(frozen=True)
class MetricInfo:
    """The declaration of a metric.

    Attributes:
        bounds: of its headline; see `Bounds`.
        source: where it is defined: an arXiv number, author and year, or "defined here".
        needs, uses: the parts of a subject that it requires, and those that it uses if present.
        settings: names and defaults of its keyword-only parameters.
        summary: the first line of its docstring.
        slow: takes minutes on 10,000 samples, so that a run is scored by it only on request.
        default: computed where no metrics are named.
        code_kind: if given, then only of codes at least one of which is of this kind.
        interval: `rows`: from resamples of the rows, each of which the metric is computed on anew. `held-out`: from
            resamples of what the value is an average over, without fitting anew; such scores come with a `resampling`.
            `halves`: from halves of the rows, for metrics that rows drawn twice would mislead.
        seconds: roughly what it takes on one core: of 10,000 x 10 codes and factors of 3, 6, 40, 32 and 32 values, or
            of a generator of images of 28 x 28 gray pixels.
        grows_with: the sizes of codes and factors that this time is proportional to.
        scale_invariant: a continuous code that is stretched by a positive factor and shifted scores the same.
        relabel_invariant: classes of a factor score the same under other names.
        factorwise: the components that are means over the factors of what each factor would score by itself; a score by
            itself is the component `""`. Where factors are unknown in some rows, each is then scored on its own known
            rows, and all other components on the rows where every factor is known.
        groups: takes codes of several columns, see `Variables.widths`; others have a reason instead of a score.
    """

    name: str
    version: int
    bounds: Bounds
    better: Better
    source: str
    unit: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    settings: Mapping[str, Any]
    summary: str
    slow: bool = False
    default: bool = True
    code_kind: Kind | None = None
    interval: Interval = "rows"
    seconds: float = 0.02
    grows_with: tuple[Size, ...] = ("rows", "columns", "values")
    scale_invariant: bool = True
    relabel_invariant: bool = True
    factorwise: tuple[str, ...] = ()
    groups: bool = False

    @property
    def resamplable(self) -> bool:
        """Whether it needs codes and factors only, so that chance, ceiling and interval can be simulated."""
        return {"codes", "factors"} <= {*self.needs} <= {"codes", "factors", "train"}


def pairing(what: str, *arrays: ArrayLike) -> str:
    """Name the samples of a score: `what` they are and a digest of the arrays that identify them.

    Subjects that were evaluated on the same samples in the same order get the same name.
    """
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        plain = array.astype(str) if array.dtype.kind == "O" else array
        digest.update(f"{plain.dtype.str} {plain.shape}".encode())
        digest.update(np.ascontiguousarray(plain).tobytes())
    return f"{what} {digest.hexdigest()[:12]}"


F = TypeVar("F", bound=Callable[..., Scores])


def metric(
    name: str,
    *,
    version: int,
    bounds: Bounds,
    better: Better,
    source: str,
    unit: str = "",
    slow: bool = False,
    default: bool = True,
    code_kind: Kind | None = None,
    interval: Interval = "rows",
    seconds: float = 0.02,
    grows_with: tuple[Size, ...] = ("rows", "columns", "values"),
    scale_invariant: bool = True,
    relabel_invariant: bool = True,
    factorwise: tuple[str, ...] = (),
    groups: bool = False,
) -> Callable[[F], F]:
    """Declare a function to be the metric `name` and return it with its declaration as `.info`; see `MetricInfo`."""

    def declare(function: F) -> F:
        parameters = inspect.signature(function).parameters.values()
        positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        needs = tuple(p.name for p in positional if p.default is p.empty)
        uses = tuple(p.name for p in positional if p.default is not p.empty)
        unknown = sorted({*needs, *uses} - set(PARTS))
        if unknown:
            raise FaultyMetricError(
                f"The metric {name!r} asks for {', '.join(map(repr, unknown))}, which no subject has.",
                f"Its positional parameters are parts of a subject: {', '.join(PARTS)}. Settings stand behind `*`.",
            )
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        function.info = MetricInfo(  # type: ignore[attr-defined]
            name,
            version,
            bounds,
            better,
            source,
            unit,
            needs,
            uses,
            defaults_of(function),
            summary,
            slow=slow,
            default=default,
            code_kind=code_kind,
            interval=interval,
            seconds=seconds,
            grows_with=grows_with,
            scale_invariant=scale_invariant,
            relabel_invariant=relabel_invariant,
            factorwise=factorwise,
            groups=groups,
        )
        return function

    return declare


def info_of(function: Callable[..., Scores]) -> MetricInfo:
    """Return what `@metric` declared about a function."""
    return cast(MetricInfo, function.info)  # type: ignore[attr-defined]
