"""Tables hold every number that they should, in every form, and read well at any width."""

import csv
import io
import json
import re

import pytest
from rich.console import Console

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.comparison import compare_results
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.score_table import ScoreRows, footer
from disentangle_bench.reports.tables import show, to_csv, to_json, to_latex, to_markdown, to_text


def lines_of(text: str) -> dict[str, list[str]]:
    """The cells of each line by its label."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}


@pytest.fixture
def reports(first, second, groups):
    third = first.model_copy(update={"subject": {"name": "third"}})
    return [first, compare_results([first, second]), compare_results([first, second, third]), compare_results(groups)]


class TestEveryForm:
    def test_has_no_blanks_at_the_ends_of_lines_and_one_newline_at_its_end(self, reports):
        for report in reports:
            for form in (to_text, lambda r: to_text(r, 80), to_text_narrow, to_text_full, to_markdown, to_csv, to_json):
                text = form(report)
                assert text.endswith("\n")
                assert not text.endswith("\n\n")
                assert [line for line in text.splitlines() if line != line.rstrip()] == []

    @pytest.mark.parametrize("every", [False, True])
    def test_fits_into_eighty_columns(self, reports, every):
        for report in reports:
            assert max(map(len, to_text(report, 80, every=every).splitlines())) <= 80

    def test_cuts_no_number_short(self, reports):
        for report in reports:
            for width in (80, 72):
                numbers = [word for word in to_text(report, width).split() if word[-1:].isdigit() and "." in word]
                assert numbers
                assert set(numbers) <= set(to_text(report).split())
                assert "…" not in to_text(report, width)


def to_text_narrow(report):
    return to_text(report, 50)


def to_text_full(report, width=80):
    return to_text(report, width, every=True)


def points(lines, places=(0,)):
    """Where the decimal points of some numbers of each line lie."""
    return {tuple([match.start() for match in re.finditer(r"\.\d", line)][place] for place in places) for line in lines}


class TestScores:
    def test_text(self, first):
        assert to_text(first).startswith("infogan-mnist seed 0 on mnist\n\nScore ")
        assert [line.split() for line in to_text(first, 80).splitlines()[4:8]] == [
            ["c1-accuracy.accuracy", "0.960", "[0.956,", "0.964]", "0.146", "1.000"],
            ["mutual-information/fresh.c1,", "nats", "2.178", "[2.160,", "2.197]", "0.000", "2.303"],
            ["traversal-consistency.c2.monotonicity"],  # too long for the column
            ["0.96", "[0.91,", "1.01]"],
        ]
        assert to_text(first, 80).splitlines()[-1] == "4 more scores with --all."

    def test_all_scores(self, first):
        lines = lines_of(to_text_full(first))
        assert lines["accuracy"] == ["accuracy", "0.960", "[0.956,", "0.964]", "0.146", "1.000"]
        assert lines["mutual-information/fresh.c1,"][1:3] == ["nats", "2.178"]
        assert lines["categories-used"] == ["categories-used", "10", "10"]
        assert lines["c2.content"] == ["c2.content", "n/a"]
        assert lines["overall"][:2] == ["overall", "0.00"]
        assert "more score" not in to_text_full(first)

    def test_metrics_head_their_parts(self, first):
        text = to_text_full(first).splitlines()
        assert "c1-accuracy" in text
        assert text[text.index("c1-accuracy") + 1].startswith("  accuracy ")
        assert "overall" not in text  # a score without parts needs no heading

    def test_the_questions_about_a_run_come_first(self, first):
        first.subject["kind"] = "run"
        first.scores = dict(reversed(first.scores.items()))
        lines = to_text(first).splitlines()[4:]
        assert lines[0].startswith("c1-accuracy.")
        assert lines[1].startswith("traversal-consistency.")
        assert lines[2].startswith("overall")

    def test_the_rows_of_a_metric_are_those_of_the_table(self, first):
        metrics = first.by_metric()
        layout = ScoreRows.of(metrics, 80)
        rows = [line.rstrip() for scores in metrics.values() for line in layout.rows(scores).plain.splitlines()]
        assert to_text(first, 80).splitlines()[4 : 4 + len(rows)] == rows

    def test_why_there_is_no_value(self, first):
        scores = "traversal-consistency.c2.content, traversal-consistency.c3.content"
        note = f"No value (the dataset has no | labels): {scores}."
        assert to_text_full(first, 200).splitlines()[-1] == note
        assert to_markdown(first).splitlines()[-1] == note
        assert "No value" not in to_text(first)  # of the scores that are shown, none lacks one

    @pytest.mark.parametrize("every", [False, True])
    def test_images_that_are_farther_from_real_ones_than_chance(self, first, every):
        warning = (
            "Generated images are farther from real ones than images of shuffled pixels: classifier-frechet-distance "
            "6848, chance 1348.0."
        )
        name = "classifier-frechet-distance"

        def beside(chance):
            distance = ScoreEntry(metric=name, value=6848.0, low=6800.0, high=6900.0, chance=chance, better="lower")
            return Results(subject=first.subject, scores={**first.scores, name: distance})

        lines = to_text(beside(1348.0), every=every).splitlines()
        assert lines[1] == warning
        assert lines[3].startswith("Score ")
        assert to_markdown(beside(1348.0)).startswith(f"- {warning}\n\n| Score |")
        assert "farther from real ones than images" in to_latex(beside(1348.0))
        assert "farther" not in to_text(beside(6850.0), every=every)

    def test_decimal_points_lie_below_each_other(self, first):
        lines = [line for line in to_text_full(first).splitlines() if "[" in line]
        assert len(points(lines, (0, 1, 2))) == 1
        assert len(points(lines[:3], (3, 4))) == 1

    def test_markdown(self, first):
        lines = to_markdown(first).splitlines()
        assert lines[0] == "| Score | Value | 95 % interval | Chance | Ceiling |"
        assert lines[1] == "| :--- | ---: | ---: | ---: | ---: |"
        assert lines[2] == "| c1-accuracy.accuracy | 0.960 | [0.956, 0.964] | 0.146 | 1.000 |"
        assert "| mutual-information/fresh.c1 | 2.178 nats | [2.160, 2.197] | 0.000 | 2.303 |" in lines
        assert "| traversal-consistency.c2.content | n/a | | | |" in lines

    def test_csv_is_unrounded(self, first):
        records = list(csv.DictReader(io.StringIO(to_csv(first))))
        assert [record["score"] for record in records] == list(first.scores)
        assert float(records[3]["value"]) == first.scores["mutual-information/fresh.c1"].value
        assert (records[3]["unit"], records[1]["better"]) == ("nats", "lower")
        assert (records[5]["value"], records[5]["reason"]) == ("", "the dataset has no | labels")

    def test_json_is_the_results_file(self, first, tmp_path):
        first.save(tmp_path / "results.json", samples=False)  # as in a run folder
        assert to_json(first) == (tmp_path / "results.json").read_text()

    def test_without_scores(self):
        nothing = Results(subject={}, scores={})
        assert to_text(nothing).startswith("subject\n\nScore ")
        assert to_csv(nothing) == "score\n"
        assert len(to_markdown(nothing).splitlines()) == 2


def over_seeds(name, values, **info):
    """One score in a run of each seed."""
    entries = [ScoreEntry(metric="mig", value=of, reason="" if of else "collapsed", **info) for of in values]
    return [
        Results(subject={"name": name, "recipe": name, "seed": seed}, scores={"mig": entry})
        for seed, entry in enumerate(entries)
    ]


class TestComparison:
    def test_two_runs_stand_side_by_side(self, first, second):
        text = to_text(compare_results([first, second]), 80)
        assert text.startswith("A  infogan-mnist seed 0\nB  gan-with-q-mnist seed 0\n")
        lines = text.splitlines()
        assert [line.split() for line in lines[3:8]] == [
            ["Score", "Verdict"],
            ["A", "B", "Chance", "Ceiling", "B", "-", "A", "95", "%", "interval", "p", "(Holm)"],
            ["─" * len(lines[4])],
            ["c1-accuracy.accuracy", "worse", "on", "these", "samples"],
            ["0.960", "0.380", "0.146", "1.000", "-0.580", "[-0.590,", "-0.570]", "<", "0.0001"],
        ]
        assert lines[-1] == "4 more scores with --all."
        assert any(line.split()[1:] == ["no", "difference", "shown"] for line in lines)

    def test_where_there_is_room_a_score_takes_one_line(self, first, second):
        lines = to_text(compare_results([first, second]), 140).splitlines()
        assert lines[5].split()[:5] == ["c1-accuracy.accuracy", "0.960", "0.380", "0.146", "1.000"]
        assert lines[5].split()[-3:] == ["on", "these", "samples"]
        assert len(points(lines[5:9], (0, 1))) == 1

    def test_all_scores_of_two_runs(self, first, second):
        lines = lines_of(to_text(compare_results([first, second]), every=True))
        assert lines["error"][-1] == "0.590]"  # not tested
        assert lines["categories-used"] == ["categories-used", "10", "10", "10", "0"]
        assert lines["mutual-information/fresh.c1,"][:4] == ["mutual-information/fresh.c1,", "nats", "2.178", "0.862"]
        assert lines["c2.content"] == ["c2.content", "n/a", "n/a"]

    def test_the_questions_about_runs_come_first(self, first, second):
        for results in (first, second):
            results.subject["kind"] = "run"
            results.scores = {"overall": results.scores["overall"], **results.scores}
        lines = to_text(compare_results([first, second])).splitlines()[5:8]
        starts = ("c1-accuracy.", "traversal-consistency.", "overall ")
        assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))

    def test_says_what_intervals_and_verdicts_mean(self, first, second, groups):
        text = to_text(compare_results([first, second]))
        methods = "from the two intervals; c1-accuracy.accuracy: exact McNemar"
        assert f"Intervals: 95 %, over test samples ({methods}).\n" in text
        assert "One run each says nothing about the methods.\n" in text
        assert "Verdicts: at 5 % after Holm's correction over 4 tests.\n" in text
        untested = "Only the first score of each metric is tested, and what --metrics names.\n"
        assert untested not in text
        assert untested in to_text(compare_results([first, second]), every=True)
        assert "Intervals: 95 %, over seeds." in to_text(compare_results(groups))

    def test_says_why_there_is_no_interval_and_no_value(self, first, second):
        text = to_text(compare_results([first, second]), every=True)
        reason = "it has neither samples nor an interval"
        assert f"No interval ({reason}) in B: c1-accuracy.categories-used." in text
        assert "No value (the dataset has no | labels) in A, B: traversal-consistency.c2.content, " in text

    def test_names_a_metric_once_where_one_side_lacks_all_of_it(self, first, second):
        scores = {name: score for name, score in first.scores.items() if not name.startswith("c1-accuracy.")}
        text = to_text(compare_results([first.model_copy(update={"scores": scores}), second]), every=True)
        assert "No value (not evaluated) in A: c1-accuracy." in text

    def test_more_than_two_stand_below_each_other(self, first, second):
        lines = to_text(compare_results([first, second, first]), 80).splitlines()
        place = lines.index("c1-accuracy.accuracy")
        assert [line.split()[:4] for line in lines[place + 1 : place + 6]] == [
            ["A", "0.960", "[0.956,", "0.964]"],
            ["B", "0.380", "[0.370,", "0.390]"],
            ["C", "0.960", "[0.956,", "0.964]"],
            ["B", "-", "A", "-0.580"],
            ["C", "-", "A", "0.0000"],
        ]
        assert lines[place + 4].endswith("p < 0.0001   worse on these samples")
        assert lines[place + 5].endswith("p = 1.0      no difference shown")
        assert len(points(lines[place + 1 : place + 6], (0, 1, 2))) == 1

    def test_groups_show_mean_and_range_and_unsound_seeds(self, groups):
        text = to_text(compare_results(groups))
        assert "A  infogan-mnist: mean (range) of 3 runs, seeds 0, 1, 2\n" in text
        assert "(seed 0 collapsed: sigma; seed 1 collapsed: sigma; seed 2 collapsed: sigma)" in text
        assert ["A", "0.957", "(0.940,", "0.970)", "0.146", "1.000"] in [line.split() for line in text.splitlines()]
        assert "| 0.957 (0.940..0.970) |" in to_markdown(compare_results(groups))
        counts = to_text(compare_results(groups), every=True).partition("categories-used\n")[2].splitlines()
        assert counts[0].split() == ["A", "10", "10"]

    def test_says_what_so_many_seeds_could_have_shown(self):
        comparison = compare_results([over_seeds("a", (0.50, 0.52, 0.49)), over_seeds("b", (0.51, 0.53, 0.47))])
        lines = to_text(comparison, 80).splitlines()
        place = next(number for number, line in enumerate(lines) if line.endswith("no difference shown"))
        [detectable] = [row.differences[0].detectable for row in comparison.rows]
        assert lines[place + 1].strip() == f"below {detectable:.2f} it could not have been seen"
        assert "Seen is what shows in 80 of 100 experiments" in to_text(comparison)
        assert "no p below 0.25: verdicts rest on t tests" in to_text(comparison)
        assert f"| no difference shown; below {detectable:.2f} it could" in to_markdown(comparison)

    def test_counts_runs_without_a_value(self):
        comparison = compare_results([over_seeds("a", (0.50, None, 0.49)), over_seeds("b", (0.7, 0.71, 0.72))])
        lines = to_text(comparison, 80).splitlines()
        assert ["A", "(2", "of", "3)"] in [line.split()[:4] for line in lines]
        assert "Not of all runs (seed 1: collapsed) in A: mig." in lines

    def test_signs_that_are_arbitrary_are_left_out_and_said_so(self):
        runs = [over_seeds(name, (0.7, -0.8, -0.7), arbitrary=("sign",)) for name in "ab"]
        text = to_text(compare_results(runs))
        assert ["A", "0.73", "(0.70,", "0.80)"] in [line.split() for line in text.splitlines()]
        assert "Absolute values (signs are arbitrary across seeds) in A, B: mig." in text

    def test_leaves_out_rows_without_any_value(self, first, second):
        for results in (first, second):
            results.scores["modularity"] = ScoreEntry(metric="modularity", value=None, reason="one factor")
        text = to_text(compare_results([first, second]))
        assert text.count("modularity") == 1
        assert "No value (one factor) in A, B: modularity." in text
        alone = to_text(compare_results([first, second], metrics=["modularity"]))
        assert ["modularity", "n/a", "n/a"] in [line.split()[:3] for line in alone.splitlines()]

    def test_says_why_nothing_is_compared(self, first, second):
        first.subject["samples"], second.subject["samples"] = 10_000, 5_000
        text = to_text(compare_results([first, second]))
        assert "better" not in text
        assert "worse" not in text
        assert "Not compared (scores of 5,000 samples, not of 10,000) in B: all scores." in text

    def test_markdown_has_both_p_values(self, first, second):
        lines = to_markdown(compare_results([first, second])).splitlines()
        assert lines[:2] == ["- A: infogan-mnist seed 0", "- B: gan-with-q-mnist seed 0"]
        assert lines[3] == "| Score | A | B | Chance | Ceiling | B - A | p | p (Holm) | Verdict |"
        assert lines[4] == "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | :--- |"
        assert lines[5] == (
            "| c1-accuracy.accuracy | 0.960 | 0.380 | 0.146 | 1.000 | -0.580 [-0.590, -0.570] | < 0.0001 | < 0.0001 "
            "| worse on these samples |"
        )

    def test_csv_is_one_row_a_score_and_unrounded(self, first, second):
        comparison = compare_results([first, second])
        records = list(csv.DictReader(io.StringIO(to_csv(comparison))))
        assert [record["score"] for record in records] == list(first.scores)
        record, difference = records[0], comparison.rows[0].differences[0]
        assert float(record["infogan-mnist seed 0: value"]) == first.scores["c1-accuracy.accuracy"].value
        assert float(record["gan-with-q-mnist seed 0: difference low"]) == difference.low
        assert record["gan-with-q-mnist seed 0: difference verdict"] == "worse on these samples"
        assert record["gan-with-q-mnist seed 0: difference spread"] == "test samples"

    def test_json_holds_all_that_is_known(self, groups):
        values = json.loads(to_json(compare_results(groups)))
        assert values["schema_version"] == 3
        assert values["subjects"][1]["statuses"] == ["collapsed: sigma"] * 3
        difference = values["rows"][0]["differences"][0]
        assert set(difference) == {
            "value", "low", "high", "p", "p_exact", "smallest_p", "p_corrected", "detectable", "verdict", "spread",
            "method", "reason",
        }  # fmt: skip
        assert len(values["rows"][0]["values"][0]["runs"]) == 3


class TestShow:
    @pytest.mark.parametrize("form", ["table", "markdown", "latex", "csv", "json"])
    def test_prints_plain_text_where_there_is_no_terminal(self, first, form):
        forms = {"table": to_text, "markdown": to_markdown, "latex": to_latex, "csv": to_csv, "json": to_json}
        console = Console(file=io.StringIO(), width=40)
        show(first, form, console)
        assert console.file.getvalue() == forms[form](first)

    def test_colors_the_table_on_a_terminal(self, first, second):
        console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", no_color=False)
        show(compare_results([first, second]), "table", console)
        assert "\x1b[31mworse" in console.file.getvalue()
        show(first, "json", console)
        assert to_json(first) in console.file.getvalue()

    def test_unknown_form(self, first):
        with pytest.raises(SettingError, match=r"'xml' is not a form of a table[\s\S]*markdown"):
            show(first, "xml", Console(file=io.StringIO()))


def test_a_label_that_does_not_fit_has_its_own_line():
    entries = {
        f"traversal-consistency.c{place}.a-very-long-name-of-a-part-that-goes-on": ScoreEntry(
            metric="traversal-consistency",
            code=f"c{place}",
            component="a-very-long-name-of-a-part-that-goes-on",
            value=0.5,
            low=0,
            high=1,
        )
        for place in (1, 2)
    }
    lines = to_text(Results(subject={"name": "x"}, scores=entries), 60, every=True).splitlines()
    place = lines.index("  c1.a-very-long-name-of-a-part-that-goes-on")
    assert lines[place + 1].split() == ["0.5", "[0.0,", "1.0]"]


def test_a_metric_without_any_value_takes_one_line():
    entries = {
        f"c1-accuracy.{part}": ScoreEntry(metric="c1-accuracy", component=part, value=None, reason="no categories")
        for part in ("accuracy", "error")
    }
    text = to_text(Results(subject={"name": "x"}, scores={"mig": ScoreEntry(metric="mig", value=0.5), **entries}))
    assert lines_of(text)["c1-accuracy"] == ["c1-accuracy", "n/a"]
    assert text.count("c1-accuracy") == 2
    assert text.splitlines()[-1] == "No value (no categories): c1-accuracy."
    mixed = entries | {
        "c1-accuracy.error": ScoreEntry(metric="c1-accuracy", component="error", value=None, reason="another")
    }
    assert "error" in lines_of(to_text_full(Results(subject={"name": "x"}, scores=mixed)))


class TestMetricsWithoutAValueForARun:
    @pytest.fixture
    def results(self):
        entries = [
            ScoreEntry(metric="mig", value=0.5),
            ScoreEntry(metric="sap", value=None, reason="one factor"),
            ScoreEntry(metric="sap", component="second", value=0.5),
            ScoreEntry(metric="dci", value=None, reason="one factor", error="MetricError"),
            ScoreEntry(metric="irs", value=None, reason="KeyError: 'x'", error="KeyError"),
            ScoreEntry(metric="c1-accuracy", value=None, reason="one factor"),
        ]
        scores = {f"{entry.metric}.{entry.component}".rstrip("."): entry for entry in entries}
        return Results(subject={"name": "x", "kind": "run"}, scores=scores)

    def test_have_one_line_together(self, results):
        text = to_text(results)
        assert {"mig", "irs", "c1-accuracy"} <= lines_of(text).keys()
        assert not {"sap", "dci"} & lines_of(text).keys()
        assert text.splitlines()[-3:] == [
            "No value (KeyError: 'x'): irs.",
            "No value (one factor): c1-accuracy.",
            "Without a value for this subject: sap, dci; --all says why.",
        ]

    def test_have_their_rows_and_reasons_with_all(self, results):
        text = to_text_full(results)
        assert {"sap", "dci"} <= lines_of(text).keys()
        assert "No value (one factor): sap, dci, c1-accuracy." in text

    def test_have_their_rows_where_they_are_named_or_where_there_is_nothing_else(self, results):
        results.named = ("sap",)
        assert "sap" in lines_of(to_text(results))
        results.scores = {"dci": results.scores["dci"]}
        assert "dci" in lines_of(to_text(results))


def test_a_footer_names_the_level_that_is_missing_and_why(first):
    details = {"levels": {"reason": "codes that know nothing have a score in 1 of 5 simulations"}}
    scores = {
        "infomec.infom": ScoreEntry(metric="infomec", component="infom", value=0.7, ceiling=1.0, details=details),
        "mig": ScoreEntry(metric="mig", value=0.7, details={"levels": {"reason": "perfect codes score 0.1"}}),
    }
    notes = footer(first.model_copy(update={"scores": scores}), every=True)
    assert "No chance (codes that know nothing have a score in 1 of 5 simulations): infomec.infom." in notes
    assert "No chance and ceiling (perfect codes score 0.1): mig." in notes
