"""What is drawn of a run: what its parts, log and scores allow, from the pictures that its generator gives."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.latents import Categorical, Code, Gaussian, Latents, LatentSpec, Uniform
from disentangle_bench.recipe import LatentSettings, NetworkSettings, Recipe
from disentangle_bench.reports.figures import write_comparison_figures, write_figures
from disentangle_bench.reports.figures.matching import matching_of
from disentangle_bench.reports.figures.traversal_images import Traversals
from disentangle_bench.run import Run

DETAILS = {
    "code": "c1", "factor": "digit", "categories": [0.0, 1.0, 2.0], "classes": [5, 6], "matching": [6, None, 5],
    "confusion": [[1, 9], [2, 2], [8, 0]],
}  # fmt: skip


def pictures(latents: Latents) -> torch.Tensor:
    """Pictures whose first pixels are the codes, brought into [0, 1], and whose last is the noise."""
    codes = [code.float() / 4 + (0.5 if code.dtype.is_floating_point else 0) for code in latents.codes]
    flat = torch.zeros(len(latents), 16)
    flat[:, : len(codes)] = torch.stack(codes, dim=1)
    flat[:, -1] = latents.noise[:, 0]
    return flat.reshape(-1, 1, 4, 4)


def make_spec(*codes: Code) -> LatentSpec:
    return LatentSpec(2, codes or (Categorical(4, "c1"), Uniform("c2"), Gaussian("c3")))


def entry(metric: str, component: str, value: float | None, **info: object) -> ScoreEntry:
    return ScoreEntry(metric=metric, component=component, value=value, **info)


def make_results(**details: object) -> Results:
    eta_squared = {"association": "eta squared"}
    scores = {
        "c1-accuracy.accuracy": entry("c1-accuracy", "accuracy", 0.8, low=0.7, high=0.9, details=DETAILS | details),
        "image-measures.named": entry("image-measures", "named", 0.5),
        "image-measures.c1.slant": entry("image-measures", "slant", 0.5, code="c1", details=eta_squared),
        "image-measures.c2.slant": entry("image-measures", "slant", -0.5, code="c2"),
        "image-measures.c2.slant.real": entry("image-measures", "slant.real", None, code="c2", reason="blank"),
    }
    return Results(subject={"name": "a run"}, scores=scores)


def make_run(path, name: str = "tiny", seed: int = 0, steps: Sequence[int] = (50, 100)) -> Run:
    codes = ({"kind": "categorical", "k": 4}, {"kind": "uniform"}, {"kind": "gaussian"})
    recipe = Recipe(
        name=name,
        model="infogan",
        dataset="digits",
        latents=LatentSettings(noise=2, codes=codes),
        networks=NetworkSettings(name="digits"),
    )
    run = Run.create(path, recipe, {"seed": seed, "status": "ok"})
    entries = [{"step": step, "L_I": {"c1": step / 100, "c2": 0.1, "c3": 0.2}} for step in steps]
    run.log_file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return run


def drawn_values(figure, pixel: int) -> np.ndarray:
    """One pixel of each picture of a grid."""
    whole = np.asarray(figure.axes[0].images[0].get_array())
    columns, rows = (round(abs(figure.axes[0].images[0].get_extent()[end] - 0)) for end in (1, 2))
    height, width = whole.shape[0] // rows, whole.shape[1] // columns
    cells = whole.reshape(rows, height, columns, width).swapaxes(1, 2)[:, :, 4:-4, 4:-4]
    zoom = cells.shape[2] // 4
    return cells[:, :, (pixel // 4) * zoom, (pixel % 4) * zoom]


def labels(axis_labels) -> list[str]:
    return [label.get_text() for label in axis_labels]


class TestTraversals:
    def test_categories_come_in_the_order_of_their_classes(self):
        figure = Traversals(pictures, make_spec(), matching_of(make_results()), "x").figure(0)
        assert labels(figure.axes[0].get_xticklabels()) == ["5", "6", "none", "none"]
        assert np.allclose(drawn_values(figure, 0), np.array([2, 0, 1, 3]) / 4)
        assert figure.axes[0].get_xlabel() == "digit that the category of c1 is matched to"

    def test_all_but_the_swept_code_is_held_along_a_row_and_drawn_anew_for_each(self):
        figure = Traversals(pictures, make_spec(), None, "x").figure(0)
        for pixel in (1, 2, 15):
            values = drawn_values(figure, pixel)
            assert np.ptp(values, axis=1).max() == 0
        assert len(np.unique(drawn_values(figure, 1)[:, 0])) == 8

    def test_a_continuous_code_goes_from_minus_two_to_two_for_every_category(self):
        figure = Traversals(pictures, make_spec(), matching_of(make_results()), "x").figure(1)
        axes = figure.axes[0]
        assert np.allclose(drawn_values(figure, 1), np.linspace(-2, 2, 9) / 4 + 0.5)
        assert labels(axes.get_xticklabels()) == [
            "\N{MINUS SIGN}2",
            "\N{MINUS SIGN}1.5",
            "\N{MINUS SIGN}1",
            "\N{MINUS SIGN}0.5",
            "0",
            "0.5",
            "1",
            "1.5",
            "2",
        ]
        assert np.allclose(drawn_values(figure, 0), np.array([[2], [0], [1], [3]]) / 4)
        assert labels(axes.get_yticklabels()) == ["5", "6", "none", "none"]
        assert labels(axes.texts) == ["prior range"]

    def test_a_gaussian_code_has_no_end_to_mark(self):
        assert list(Traversals(pictures, make_spec(), None, "x").figure(2).axes[0].texts) == []

    def test_without_a_matching_categories_go_by_their_numbers(self):
        figure = Traversals(pictures, make_spec(), None, "x").figure(0)
        assert labels(figure.axes[0].get_xticklabels()) == ["0", "1", "2", "3"]
        assert figure.axes[0].get_xlabel() == "category of c1"

    def test_without_categorical_codes_rows_are_draws(self):
        figure = Traversals(pictures, make_spec(Uniform("c1"), Uniform("c2")), None, "x").figure(0)
        assert labels(figure.axes[0].get_yticklabels()) == []
        assert drawn_values(figure, 1).shape == (8, 9)

    def test_color(self):
        spec = make_spec()
        figure = Traversals(lambda latents: pictures(latents).repeat(1, 3, 1, 1), spec, None, "x").figure(0)
        assert figure.axes[0].images[0].get_array().shape[2] == 3

    def test_the_same_each_time(self):
        first, second = (drawn_values(Traversals(pictures, make_spec(), None, "x").figure(0), 15) for _ in range(2))
        assert np.array_equal(first, second)


class TestMatching:
    def test_is_read_from_the_details(self):
        matching = matching_of(make_results())
        assert matching is not None
        assert list(matching.places) == [1, None, 0]
        assert matching.sorted_categories(4) == [(2, "5"), (0, "6"), (1, "none"), (3, "none")]

    def test_text_classes(self):
        matching = matching_of(make_results(classes=["cat", "dog"], matching=["dog", None, "cat"]))
        assert matching is not None
        assert matching.sorted_categories(3) == [(2, "cat"), (0, "dog"), (1, "none")]

    def test_classes_have_the_names_of_the_dataset(self):
        results = make_results(classes=[0.0, 2.0], matching=[2.0, None, 0.0])
        results.subject["factors"] = [{"name": "size"}, {"name": "digit", "values": ["zero", "one", "two"]}]
        matching = matching_of(results)
        assert matching is not None
        assert list(matching.places) == [1, None, 0]
        assert matching.sorted_categories(3) == [(2, "zero"), (0, "two"), (1, "none")]

    def test_there_may_be_none(self):
        assert matching_of(Results(subject={}, scores={"a": entry("a", "", 1)})) is None


class TestWriteFigures:
    def test_everything_as_png_and_pdf(self, tmp_path):
        run = make_run(tmp_path / "run")
        subject = Subject("a run", {"generator": pictures, "latents": make_spec()})
        paths = write_figures(make_results(), subject, run.figures, run=run)
        names = ["traversal-c1", "traversal-c2", "traversal-c3", "information", "confusion", "measures"]
        assert [path.name for path in paths] == [f"{name}.{form}" for name in names for form in ("png", "pdf")]
        assert sorted(paths) == sorted(run.figures.iterdir())
        assert all(path.stat().st_size > 1000 for path in paths)

    def test_what_has_no_ingredients_is_left_out(self, tmp_path):
        run = make_run(tmp_path / "run", steps=())
        results = Results(subject={"name": "x"}, scores={"mig": entry("mig", "", 0.5)})
        assert write_figures(results, Subject("x", {"latents": make_spec()}), run.figures, run=run) == []
        assert not run.figures.exists()

    def test_an_accuracy_without_a_value_has_no_matrix(self, tmp_path):
        run = make_run(tmp_path / "run", steps=())
        results = Results(
            subject={"name": "x"}, scores={"c1-accuracy": entry("c1-accuracy", "", None, reason="no labels")}
        )
        assert write_figures(results, Subject("x", {}), run.figures, run=run) == []


class TestWriteComparisonFigures:
    def test_runs_of_a_recipe_share_a_legend_entry(self, tmp_path, monkeypatch):
        runs = [make_run(tmp_path / f"{name}-{seed}", name, seed) for name in ("a", "b") for seed in (0, 1)]
        figures = []
        monkeypatch.setattr(
            "disentangle_bench.reports.figures.write.write_figure",
            lambda figure, folder, name, forms: figures.append(figure) or [folder / name],
        )
        assert write_comparison_figures(runs, tmp_path / "figures") == [tmp_path / "figures" / "information"]
        assert labels(figures[0].legends[0].get_texts()) == ["a, seeds 0, 1", "b, seeds 0, 1"]
        assert labels(figures[0].axes[0].texts) == ["H(c1) = ln 4 = 1.386"]
        assert [axes.get_title(loc="left") for axes in figures[0].axes] == ["c1", "c2", "c3"]

    @pytest.mark.parametrize("steps", [(), (50,)])
    def test_only_of_runs_with_a_log(self, tmp_path, steps):
        paths = write_comparison_figures([make_run(tmp_path / "run", steps=steps)], tmp_path / "figures")
        assert [path.name for path in paths] == (["information.png", "information.pdf"] if steps else [])
