import pytest

from bench.row import Row, Verdict
from bench.targets import TARGETS

# At least 0.8 of a bare Flask route.
AT_LEAST = "warm-8"
# At most 5 µs.
AT_MOST = "choice"
WITHOUT = "bare-8"


@pytest.mark.parametrize(
    ("key", "figure", "error", "verdict"),
    [
        (AT_LEAST, 0.80, 0, Verdict.MET),
        (AT_LEAST, 0.79, 0, Verdict.MISSED),
        (AT_LEAST, 0.79, 0.01, Verdict.MET),
        (AT_LEAST, 0.77, 0.01, Verdict.MISSED),
        (AT_LEAST, 9.00, 0, Verdict.MET),
        (AT_MOST, 5.0, 0, Verdict.MET),
        (AT_MOST, 5.1, 0, Verdict.MISSED),
        (AT_MOST, 5.1, 0.1, Verdict.MET),
        (AT_MOST, 5.3, 0.1, Verdict.MISSED),
        (WITHOUT, 0.0, 0, Verdict.MET),
    ],
)
def test_target_is_missed_by_more_than_two_standard_errors_alone(
    key: str, figure: float, error: float, verdict: Verdict
) -> None:
    assert Row(key, figure, error).verdict == verdict


@pytest.mark.parametrize("control", [0.949, 1.051, 1.12])
@pytest.mark.parametrize("figure", [0.1, 1.3])
def test_run_whose_control_is_off_says_nothing(figure: float, control: float) -> None:
    row = Row(AT_LEAST, figure, 0.01, control)

    assert row.verdict == Verdict.SAYS_NOTHING
    assert str(row).endswith(f"says nothing: control {control:.3f}")


@pytest.mark.parametrize("control", [0.95, 1.0, 1.05])
def test_run_whose_control_holds_is_judged(control: float) -> None:
    assert Row(AT_LEAST, 0.5, 0.01, control).verdict == Verdict.MISSED
    assert Row(AT_LEAST, 0.9, 0.01, control).verdict == Verdict.MET


def test_line_has_the_figure_its_error_and_its_target() -> None:
    line = " ".join(str(Row(AT_MOST, 7.25, 0.5, size=10_329, note="once")).split())

    assert line == "choice of the target on 10,329 tags 7.25 ± 0.50 µs ≤ 5 µs MISSED; once"


@pytest.mark.parametrize("key", TARGETS)
def test_no_target_has_two_senses(key: str) -> None:
    target = TARGETS[key]

    assert target.least is None or target.most is None
