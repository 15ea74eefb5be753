"""Rank models without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from disentangle_bench.evaluation.progress import OnProgress
from disentangle_bench.evaluation.rank import rank_models, read_models
from disentangle_bench.evaluation.ranking import Ranking
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run
from disentangle_bench.workflow.groups import subjects_at


def rank(
    *models: Run | Path | str,
    metrics: Sequence[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    **named: Representation,
) -> Ranking:
    """Rank models without labels: the one whose codes the others find, too, comes first.

    Args:
        models: evaluated runs, their folders, `.npz` or `.h5` files, or folders of `seed-N` runs or of such files, all
            with codes for the same samples in the same order.
        metrics: their names; by default all that compare the codes of several models.
        settings: metric name -> its settings.
        seed: of everything random.
        on_progress: called with each event, such as `print`.
        named: representations, under the names that the ranking is to call them by.

    Raises:
        DbenchError: fewer than three models, codes for different samples, a run that has not been evaluated.
    """
    paths = [model.path if isinstance(model, Run) else Path(model) for model in models]
    read = read_models([subject for path in paths for subject in subjects_at(path)])
    return rank_models(
        {**read, **named}, metrics, settings=settings, seed=seed, on_progress=on_progress or (lambda _event: None)
    )
