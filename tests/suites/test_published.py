"""What may not be published is taken out of texts."""

import pytest

from disentangle_bench.suites.published import rounded, without_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could not read /home/me/codes/seed-1.npz: no such file.", "Could not read seed-1.npz: no such file."),
        ("'/tmp/a/b' is not a run, ~/runs/x.h5 neither", "'b' is not a run, x.h5 neither"),
        ("see https://example.org/a/b and runs/bench/smoke", "see https://example.org/a/b and runs/bench/smoke"),
        ("either/or, 3/4, mutual-information/fresh.c1, /tmp", "either/or, 3/4, mutual-information/fresh.c1, /tmp"),
    ],
)
def test_a_file_is_named_by_its_last_part(text, expected):
    assert without_paths(text) == expected


def test_logs_have_five_significant_digits():
    assert rounded({"step": 123456, "L_I": {"c1": 1.23456789, "c2": -1.23456e-7}, "status": "ok"}) == {
        "step": 123456,
        "L_I": {"c1": 1.2346, "c2": -1.2346e-7},
        "status": "ok",
    }
