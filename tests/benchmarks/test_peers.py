"""The comparison with other programs: its data, its turns and its table; a small program stands in for a peer."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.peers.__main__ import main
from benchmarks.peers.cases import CASES, MODELS, SMALL_SIZES, Grid
from benchmarks.peers.comparisons import COMPARISONS
from benchmarks.peers.measure import Result, take_turns
from benchmarks.peers.peer import Answer, Peer
from benchmarks.peers.table import table
from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics import METRICS

SMALL = Grid(SMALL_SIZES)
PAGE = Path(__file__).parents[2] / "docs" / "peers.md"
EVERY = [(peer, comparison) for peer, comparisons in COMPARISONS.items() for comparison in comparisons]
PROGRAM = """
import numpy as np

def z_diff(factors, codes, continuous_factors):
    print("printed text is not an answer")
    return np.random.random()
"""


def write_programs(folder: Path, text: str = PROGRAM) -> Path:
    (folder / "z_diff.py").write_text(text)
    (folder / "z_min_var.py").write_text(text.replace("z_diff", "z_min_var"))
    return folder


class TestCases:
    def test_the_grid_is_every_combination_once_in_order(self):
        assert SMALL.factors.tolist() == sorted(map(list, np.ndindex(*SMALL_SIZES)))

    @pytest.mark.parametrize("case", CASES)
    def test_codes_are_a_fixed_function_of_the_row(self, case):
        again = Grid(SMALL_SIZES).codes(case)
        assert len(again) == len(SMALL.factors)
        np.testing.assert_array_equal(SMALL.codes(case), again)

    def test_faults_are_as_named(self):
        codes = Grid().codes("dead")
        assert codes[:, 0].std() == 0
        assert codes[:, 1].std() == pytest.approx(0.01, rel=0.05)
        assert (codes[:, 2:].var(axis=0) > 1.5).all()
        np.testing.assert_allclose(np.cov(Grid().codes("rotated").T, ddof=0), np.eye(5), atol=1e-9)

    def test_a_part_has_rows_and_factors_of_the_grid(self):
        arrays = SMALL.arrays("leaky", rows=10, factors=2)
        assert (arrays.codes.shape, arrays.factors.shape, arrays.models.shape) == (
            (10, 5),
            (10, 2),
            (len(MODELS), 10, 3),
        )
        assert 0 < arrays.train.sum() < 10


class TestQuestions:
    @pytest.mark.parametrize(("peer", "comparison"), EVERY, ids=lambda value: getattr(value, "label", value))
    def test_our_side_answers(self, peer, comparison):
        if comparison.question in ("dci", "downstream"):
            pytest.skip("takes long, and has tests of its own")
        grid = Grid((2, 4, 8))
        scores = comparison.ours(comparison.arrays(grid, comparison.cases[-1]), 0)
        assert scores
        assert all(name.partition(".")[0] in METRICS for name in scores)

    def test_settings_of_theirs_can_be_sent(self):
        assert all(
            comparison.settings.keys() <= {"continuous", "threshold", "learner", "likeness", "names"}
            for _, comparison in EVERY
        )


class TestPeer:
    def test_it_answers_with_the_seed_it_is_given(self, tmp_path):
        data = SMALL.arrays("perfect").write(tmp_path / "perfect.npz")
        with Peer("review", Path(sys.executable), [write_programs(tmp_path)]) as peer:
            first, again, other = (peer.ask("z-diff", data, seed, {}) for seed in (3, 3, 4))
        assert first.scores == again.scores == {"z-diff": np.random.RandomState(3).random_sample()}
        assert first.scores != other.scores
        assert peer.versions["numpy"] == np.__version__
        assert min(first.seconds["wall"], first.seconds["cpu"]) >= 0

    def test_one_that_fails_says_so(self, tmp_path, capfd):
        data = SMALL.arrays("perfect").write(tmp_path / "perfect.npz")
        folder = write_programs(tmp_path, "def z_diff(*_, **__): raise ValueError('of no use')")
        with (
            pytest.raises(DbenchError, match=r"review in .* exited with status 1"),
            Peer("review", Path(sys.executable), [folder]) as peer,
        ):
            peer.ask("z-diff", data, 0, {})
        assert "of no use" in capfd.readouterr().err

    def test_what_is_no_interpreter(self, tmp_path):
        (tmp_path / "python").write_text("")
        with pytest.raises(DbenchError, match="cannot be started"), Peer("review", tmp_path / "python"):
            pass

    def test_the_command_prints_its_table(self, tmp_path):
        words = [
            "review",
            "--python",
            sys.executable,
            "--path",
            str(write_programs(tmp_path)),
            "--only",
            "z-diff",
            "--quick",
        ]
        outcome = CliRunner().invoke(main, words, catch_exceptions=False)
        assert outcome.exit_code == 0
        lines = outcome.stdout.splitlines()
        assert lines[0].startswith("review: numpy")
        assert [line.split(" | ")[1] for line in lines[4:]] == list(CASES)

    @pytest.mark.parametrize(
        ("words", "said"), [(["--only", "mig"], "review has z-diff, z-min-variance"), (["--turns", "0"], "x>=1")]
    )
    def test_the_command_refuses_what_it_cannot_ask(self, words, said):
        outcome = CliRunner().invoke(main, ["review", "--python", sys.executable, *words])
        assert outcome.exit_code == 2
        assert said in outcome.stderr


def result(ours, theirs, kind="sampled", seconds=(1.0, 2.0), their_seconds=(4.0, 10.0)) -> Result:
    return Result("mig", "leaky", kind, ours, theirs, seconds, their_seconds)


class TestNumbers:
    def test_turns_alternate_after_one_that_does_not_count(self):
        calls = []

        def contender(name):
            return lambda seed: calls.append(f"{name}{seed}") or Answer({}, {})

        ours, theirs = take_turns(contender("a"), contender("b"), 3)
        assert calls == ["a0", "b0", "a0", "b0", "b1", "a1", "a2", "b2"]
        assert len(ours) == len(theirs) == 3

    def test_the_interval_is_welch_s(self):
        rng = np.random.default_rng(0)
        covered = 0
        for _ in range(300):
            low, high = result(rng.normal(0.5, 0.1, 10).tolist(), rng.normal(0.4, 0.02, 10).tolist()).interval()
            covered += low <= 0.1 <= high
        assert covered >= 288  # 297 are expected

    def test_numbers_that_do_not_vary_have_no_interval(self):
        assert result([1.0, 1.0], [1.0, 1.0]).interval() == (0, 0)
        assert result([0.5], [0.4], "exact").interval() is None

    @pytest.mark.parametrize(
        ("compared", "said"),
        [
            (result([0.5, 0.5], [0.5, 0.5 + 1e-12], "exact"), ["0.5000", "0.5000", "0"]),
            (result([0.5, 0.5], [0.4, 0.4], "fitted"), ["0.5000", "0.4000", "**+0.1000**"]),
            (result([0.5, 0.5], [0.5 - 3e-6] * 2, "exact"), ["0.5000", "0.5000", "**3e-06**"]),
            (result([1.0, 1.0], [1.0, 1.0]), ["1.0000", "1.0000", "0"]),
            (result([None, None], [0.2, 0.2]), ["n/a", "0.2000", "n/a"]),
        ],
    )
    def test_differences_are_said(self, compared, said):
        row = table([compared]).splitlines()[2]
        assert row == f"| mig | leaky | {said[0]} | {said[1]} | {said[2]} | 1.5 | 7 | 4.5 |"

    def test_a_difference_beyond_noise_is_bold(self):
        near = table([result([0.5, 0.6, 0.55], [0.51, 0.59, 0.55])])
        far = table([result([0.5, 0.6, 0.55], [0.1, 0.2, 0.15])])
        assert "**" not in near
        assert "| 0.5500 ± 0.0500 |" in near
        assert "| **+0.40 [" in far

    def test_seconds_stand_once_for_a_question(self):
        first = result([0.5], [0.5], "exact", [1.0], [2.0])
        second = Result("other", "leaky", "exact", [0.5], [0.5], first.seconds, first.their_seconds)
        assert table([first, second]).splitlines()[3].endswith("| 0 | | | |")


class TestPage:
    """docs/peers.md is pasted from the command's output."""

    @staticmethod
    def rows() -> dict[str, set[tuple[str, str]]]:
        """The scores and codes in the table of each peer, in the order of COMPARISONS."""
        sections = PAGE.read_text().split(table([]).splitlines()[0])[1:]
        cells = [[line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")] for text in sections]
        pairs = [{(score.removeprefix("| "), codes) for score, codes in lines} for lines in cells]
        return dict(zip(COMPARISONS, pairs, strict=True))

    @pytest.mark.parametrize(("peer", "comparison"), EVERY, ids=lambda value: getattr(value, "label", value))
    def test_every_comparison_has_its_rows(self, peer, comparison):
        metric, comma, setting = comparison.label.partition(",")
        if metric == "unsupervised":
            metric = "gaussian-total-correlation"
        rows = [(score, codes) for score, codes in self.rows()[peer] if score.endswith(f"{comma}{setting}")]
        for case in comparison.cases:
            assert any(score.partition(",")[0].partition(".")[0] == metric and codes == case for score, codes in rows)
