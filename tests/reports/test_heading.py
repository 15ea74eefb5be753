"""What was scored, in one sentence."""

from disentangle_bench.reports.heading import UNBROKEN, heading
from disentangle_bench.reports.score_table import title

SUBJECT = {
    "name": "codes.npz",
    "kind": "representation",
    "samples": 5000,
    "train": 4500,
    "codes": [{"name": f"c{number}", "kind": "continuous"} for number in range(6)],
    "factors": [
        {"name": "shape", "kind": "categorical", "classes": 3, "constant": False},
        {"name": "x", "kind": "continuous", "classes": None, "constant": False},
        {"name": "color", "kind": "categorical", "classes": 1, "constant": True},
    ],
}
SAID = (
    "5,000 samples (4,500 train), 6 continuous codes; factors: shape categorical (3), x continuous; "
    "color constant, left out"
)


def said(**changes):
    name, text = heading(SUBJECT | changes)
    return f"{name}: {text}".replace(UNBROKEN, " ")


def test_a_representation():
    assert said() == f"codes.npz: {SAID}"


def test_a_run_names_its_dataset_and_what_went_wrong():
    text = said(name="infogan-mnist seed 3", dataset="mnist", status="ok")
    assert text == f"infogan-mnist seed 3 on mnist: {SAID}"
    assert said(status="collapsed: sigma") == f"codes.npz: {SAID}; collapsed: sigma"
    assert said(status="ok", remark="c3 not learned yet") == f"codes.npz: {SAID}; c3 not learned yet"


def test_what_is_correlated_in_training_is_said():
    assert said(correlated=["x with y (sigma 0.1)", "x with z (sigma 0.4)"]) == (
        f"codes.npz: {SAID}; trained on images in which factors are correlated: x with y (sigma 0.1), "
        "x with z (sigma 0.4)"
    )


def test_codes_are_counted_by_kind():
    codes = [{"name": "c1", "kind": "categorical"}, *SUBJECT["codes"][:2]]
    assert "(4,500 train), 1 categorical and 2 continuous codes; factors" in said(codes=codes)
    assert "(4,500 train), 1 continuous code; factors" in said(codes=codes[1:2])


def test_some_of_the_samples():
    assert said(samples=5000, drawn_from=20000).startswith("codes.npz: 5,000 of 20,000 samples (4,500 train), ")


def test_many_factors_are_counted():
    factors = [{"name": f"f{number}", "kind": "ordinal", "classes": 2, "constant": False} for number in range(9)]
    assert said(factors=factors).endswith("6 continuous codes; factors: 9 ordinal")


def test_without_factors_or_anything():
    assert said(factors=None).endswith("6 continuous codes")
    assert heading({}) == ("subject", "")


def test_lines_do_not_end_within_a_factor():
    lines = title(SUBJECT, 60).plain.splitlines()
    assert " ".join(lines) == f"codes.npz: {SAID}"
    assert max(map(len, lines)) <= 60
    assert [line.split()[-1] for line in lines[:-1]] == ["codes;", "color"]


def test_factors_that_depend_on_each_other():
    dependence = {"of": "shape", "on": "x", "information": 0.5, "share": 0.3142}
    text = said(dependence=dependence, status="collapsed: sigma")
    assert text.endswith(
        "; color constant, left out; factors depend on each other: I(shape; x) = 0.31 of H(shape); collapsed: sigma"
    )


def test_a_factor_that_is_partly_known():
    factors = [{"name": "shape", "kind": "categorical", "classes": 3, "constant": False, "known": 1616}]
    assert said(factors=factors).endswith("factors: shape categorical (3) known in 1,616")
