"""How often each test finds a trend that is not there: the documentation's table, run again."""

import re
from pathlib import Path

import numpy as np
import pytest
import size

DOCS = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text()
SERIES = 600
# Cells to run again: gaps, number of values, which of AR(1) 0, 0.2, 0.4 and 0.6.
CELLS = [
    ("complete", 20, 3),
    ("20 % missing", 30, 2),
    ("ten years missing in the middle", 40, 0),
    ("as Landsat: 60, 25, 5 % missing in each third", 40, 1),
]


def printed(head, test, column):
    """Return the numbers of a cell of the table in the documentation with this head."""
    table = DOCS[DOCS.index(f"| {head} |") :].split("\n\n")[0]
    (row,) = re.findall(rf"^\| {re.escape(test.name)} \|(.*)\|$", table, re.MULTILINE)
    return [float(number) for number in row.split("|")[column].split("/")]


def close(found, documented):
    """Return whether two per cents differ by no more than chance: five standard errors."""
    share = np.clip(documented, 1, 99)
    return abs(found - documented) < 5 * np.sqrt(
        share * (100 - share) * (1 / SERIES + 1 / size.SERIES)
    )


@pytest.mark.parametrize("test", size.TESTS, ids=lambda test: test.name)
def test_sizes_and_power_are_those_of_the_documentation(test):
    for gaps, count, noise in CELLS:
        head = f"{gaps}: AR(1) of 0 / 0.2 / 0.4 / 0.6"
        documented = printed(head, test, size.COUNTS.index(count))[noise]
        found = size.size(test, count, (size.NOISE[noise],), gaps, SERIES)
        assert close(found, documented), (gaps, count, found, documented)
    documented = printed("power: complete / 20 % / middle / Landsat", test, 1)[0]
    assert close(size.power(test, 30, "complete", SERIES), documented)
    documented = printed("AR(2) of 0.5 and 0.2", test, 2)[0]
    assert close(size.size(test, 40, (0.5, 0.2), "complete", SERIES), documented)


def test_ar1_keeps_its_level_at_all_gaps():
    (test,) = [test for test in size.TESTS if test.name == "ar1"]
    for gaps in size.GAPS:
        for column in range(len(size.COUNTS)):
            documented = printed(f"{gaps}: AR(1) of 0 / 0.2 / 0.4 / 0.6", test, column)
            assert max(documented) < 7.5, (gaps, column)


@pytest.mark.parametrize("test", size.STEPPED, ids=lambda test: test.name)
def test_sizes_with_a_known_step_are_those_of_the_documentation(test):
    documented = printed("a step of 0.5 / 1 sd; the same in AR(1) noise of 0.4", test, 1)
    for column, (memory, step) in enumerate((r, s) for r in size.STEP_NOISE for s in size.STEPS):
        found = size.stepped(test, 30, step, memory, SERIES)
        assert close(found, documented[column]), (memory, step, found)
        if "steps" in test.options and memory == 0:
            assert 3.5 < documented[column] < 6.5  # its level is kept
