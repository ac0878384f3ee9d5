"""Notes below a legend: no sentence that is untrue of the pixels."""

import numpy as np
import pytest

from pixeltrend.views.classes import classify
from pixeltrend.views.kinds import Kind
from pixeltrend.views.notes import notes_on_classes
from pixeltrend.views.options import ClassOptions

EVEN = np.linspace(1, 2, 1000)


def notes(values, kind=Kind.TREND, *, taken=None, **options):
    values = np.array(values, dtype=float)
    sample = values if taken is None else taken
    classes = classify(sample, kind, ClassOptions(**options))
    return notes_on_classes(classes, classes.counts(values), sampled=taken is not None)


@pytest.mark.parametrize(
    ("values", "how"),
    [
        (EVEN, "All classes hold equally many pixels."),
        (EVEN[:999], "All classes hold equally many pixels, give or take one."),
        ([0.25, 0.25], "All pixels have the same value."),
        (EVEN - 1.33, "Quintiles; zero divides the one that it lies in."),
        (EVEN - 1.401, "Quintiles, but for the limit at zero."),
        ([*(EVEN - 1.5), *np.zeros(100)], "Quintiles, but zeros have a class of their own."),
        (
            [*np.full(600, 1), *EVEN[:400]],
            "Many pixels share a value, so classes hold different numbers of pixels. 5 were asked "
            "for.",
        ),
    ],
    ids=["even", "but one", "same", "divided", "moved", "zeros", "ties"],
)
def test_how_quantiles_were_found(values, how):
    assert notes(values)[0] == how


def test_limits_of_a_sample_are_said_to_be_that():
    assert notes(EVEN, taken=EVEN[:500])[0] == "Quintiles of a sample of the pixels."


def test_one_class_of_different_values_is_not_one_value():
    assert "same value" not in notes([0.11, 0.5, 1.0], Kind.COUNT)[0]


def test_other_ways_say_what_they_are():
    assert notes(EVEN, scheme="equal")[0] == "All classes are equally wide."
    assert notes(EVEN - 1.5, symmetric=True)[0].startswith("Equal steps to both sides of zero")
    assert notes(EVEN - 1.5, limits="-0.1,0.1") == (
        "",
        "White: zero lies in the class. Darker: farther from zero.",
    )
    assert notes([0.1, 0.9], Kind.PVALUE) == ("", "Darker: more significant.")


def test_white_is_zero_where_zeros_have_a_class():
    assert notes([*(EVEN - 1.5), *np.zeros(100)])[1].startswith("White: exactly zero. ")
