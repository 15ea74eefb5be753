"""Draw the figures of an evaluation, and keep the traversals that the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from disentangle_bench.errors import DbenchError, with_place
from disentangle_bench.evaluation.progress import Noted, OnProgress, Working
from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.score import EvaluationInterrupted, UnkeptScoresError
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.reports.drawn import are_drawn, note_drawn
from disentangle_bench.run import Run
from disentangle_bench.storage import locked, remove_all_leftovers, remove_leftovers, require_writable, usable_path


class UndrawnFiguresError(UnkeptScoresError):
    """Scores were computed, and not every figure could be drawn."""

    @classmethod
    def of(cls, error: Exception, results: Results) -> UndrawnFiguresError:
        """Name the fault, and hand over the results."""
        problem, remedy = (error.problem, error.remedy) if isinstance(error, DbenchError) else (with_place(error), "")
        undrawn = cls(f"Not every figure is drawn. {problem}", remedy)
        undrawn.results = results
        return undrawn


@dataclass(frozen=True)
class Drawing:
    """What is drawn of scores, and where.

    Attributes:
        folder: for figures of any subject; without one, those of a run are drawn into its own folder.
        own: draw those of a run into its own folder, unless those that are there show its scores.
        forms: of each figure: `png`, `pdf`, `svg`.
        report: is told what was drawn.
    """

    folder: Path | None
    own: bool
    forms: Sequence[str]
    report: OnProgress

    @classmethod
    def of(cls, figures: bool | Path | str, forms: Sequence[str], report: OnProgress) -> Drawing:
        """Take what `evaluate` was asked for.

        Raises:
            StorageError: nothing can be written there.
        """
        if isinstance(figures, bool):
            return cls(None, figures, forms, report)
        folder = usable_path(figures, "figures")
        place = folder.absolute()  # made only once there is something to draw
        require_writable(next(path for path in (place, *place.parents) if path.exists()) / "figure")
        return cls(folder, False, forms, report)

    def into_folder(self, results: Results, subject: Subject, run: Run | None = None) -> None:
        """Draw figures into the folder that was asked for, if any, and say which, and what others need."""
        if self.folder is None:
            return
        paths = self._drawn(results, subject, self.folder, run)
        names = ", ".join(dict.fromkeys(path.stem for path in paths))
        needs = "codes and factors that vary, or those of a run"
        self.report(Noted(f"Drawn in {self.folder}: {names}." if paths else f"Nothing to draw: figures need {needs}."))
        if "importances" not in names and "factors" in subject.parts:
            self.report(Noted("The heat map of importances needs the scores of dci, or of a variant: `--metrics dci`."))

    def of_run(self, results: Results, subject: Subject, run: Run) -> None:
        """Keep traversals and draw figures in the run's own folder; of several evaluations one does."""
        with locked(run.path / ".figures.lock"):
            self._keep_traversals(results, subject, run)
            if self.own and not are_drawn(run, results, self.forms):
                note_drawn(run, results, self._drawn(results, subject, run.figures, run))

    def _keep_traversals(self, results: Results, subject: Subject, run: Run) -> None:
        """Keep the images that the report shows; a generator of a plug-in that raises an exception costs no scores."""
        from disentangle_bench.reports.figures.traversal_images import keep_traversals

        try:
            remove_leftovers(run.traversals_file)
            keep_traversals(run.traversals_file, subject, results)
        except DbenchError as error:  # such as a full disk
            raise UndrawnFiguresError.of(error, results) from error
        except Exception as error:  # noqa: BLE001 - whatever another's generator does
            self.report(Noted(f"No traversals are kept: {type(error).__name__}: {error}."))

    def _drawn(self, results: Results, subject: Subject, folder: Path, run: Run | None) -> list[Path]:
        """Draw all that can be drawn."""
        from disentangle_bench.reports.figures import write_figures

        self.report(Working("Drawing figures"))
        try:
            if self.own:
                remove_all_leftovers(folder)
            return write_figures(results, subject, folder, run=run, forms=self.forms)
        except KeyboardInterrupt:
            kept = "all scores are computed" if run is None else f"all scores are kept in {run.results_file}"
            raise EvaluationInterrupted(f"Interrupted; {kept}, but not every figure is drawn.", results) from None
        except Exception as error:  # a full disk, or whatever another's generator raises
            raise UndrawnFiguresError.of(error, results) from error
