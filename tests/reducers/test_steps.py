"""Steps between times: made-up series whose true steps are known, with many rasters absent."""

import datetime as dt

import cftime
import numpy as np
import pytest

import pixeltrend
from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.calendars import count_months
from pixeltrend.reducers.steps import steps
from pixeltrend.times.dates import decimal_year, decimal_year_of_cftime

FIRST = 1985


def month(number, day=1):
    return decimal_year(FIRST + number // 12, number % 12 + 1, day)


def last_day(number):
    following = dt.date(FIRST + (number + 1) // 12, (number + 1) % 12 + 1, 1)
    date = following - dt.timedelta(days=1)
    return decimal_year(date.year, date.month, date.day)


def in_calendar(calendar, day=1):
    def time(number):
        date = cftime.datetime(FIRST + number // 12, number % 12 + 1, day, calendar=calendar)
        return decimal_year_of_cftime(date)

    return time


def mid_month(number):
    first, following = (
        cftime.datetime(FIRST + k // 12, k % 12 + 1, 1, calendar="noleap")
        for k in (number, number + 1)
    )
    return decimal_year_of_cftime(first + (following - first) / 2)


def decad(number):
    return month(number // 3, 1 + 10 * (number % 3))


def composite(days, in_a_year, first=1):
    return lambda k: decimal_year(FIRST + k // in_a_year, doy=first + days * (k % in_a_year))


def revisit(number):
    date = dt.date(FIRST, 1, 7) + dt.timedelta(days=16 * number)
    return decimal_year(date.year, date.month, date.day)


SERIES = {
    "first of month": month,
    "fifteenth": lambda k: month(k, 15),
    "last of month": last_day,
    "four decimals": lambda k: round(month(k), 4),
    "k/12": lambda k: FIRST + k / 12,
    "(k + 1/2)/12": lambda k: FIRST + (k + 0.5) / 12,
    "k/12, two decimals": lambda k: round(FIRST + k / 12, 2),
    "(k + 1/2)/12, two decimals": lambda k: round(FIRST + (k + 0.5) / 12, 2),
    "noleap": in_calendar("noleap"),
    "360_day": in_calendar("360_day"),
    "360_day, 16th": in_calendar("360_day", 16),
    "middle of month": mid_month,
    "decads": decad,
    "half months": lambda k: month(k // 2, 1 + 15 * (k % 2)),
    "MODIS, 16 days": composite(16, 23),
    "MODIS Aqua": composite(16, 23, 9),
    "MODIS, 8 days": composite(8, 46),
    "every 16 days": revisit,
    "years": lambda k: float(FIRST + k),
    "every five years": lambda k: float(FIRST + 5 * k),
}


@pytest.mark.parametrize("name", SERIES)
def test_steps_are_right_whatever_is_absent(name):
    rng = np.random.default_rng(list(SERIES).index(name))
    right = 0
    for _ in range(150):
        gaps = rng.integers(1, rng.choice([2, 3, 6, 14, 37]) + 1, rng.integers(7, 30))
        counts = np.concatenate([[0], np.cumsum(gaps)]) + rng.integers(0, 30)
        times = np.array([SERIES[name](int(count)) for count in counts])
        expected = (counts - counts[0]) // np.gcd.reduce(gaps)
        try:
            found = steps(times)
        except ArgumentError as error:
            assert "could be" in str(error)  # noqa: PT017 - refused is right too, but rare
            continue
        np.testing.assert_array_equal(found, expected)
        right += 1
    assert right >= 140


@pytest.mark.parametrize("spread", [1, 20, 80])
def test_years_with_their_day_are_years(spread):
    rng = np.random.default_rng(spread)
    for middle in (10, 190, 350):
        for _ in range(100):
            years = np.cumsum(rng.integers(1, 5, 15))
            doy = middle + rng.integers(-spread, spread + 1, 15)
            dates = [
                dt.date(FIRST + int(y), 1, 1) + dt.timedelta(days=int(d))
                for y, d in zip(years, doy, strict=True)
            ]
            times = np.array([decimal_year(d.year, d.month, d.day) for d in dates])
            np.testing.assert_array_equal(
                steps(times), (years - years[0]) // np.gcd.reduce(np.diff(years))
            )


def test_days_without_any_rule_are_refused():
    rng = np.random.default_rng(4)
    for _ in range(200):
        days = np.cumsum(rng.integers(11, 300, 20))
        dates = [dt.date(FIRST, 1, 1) + dt.timedelta(days=int(day)) for day in days]
        times = np.array([decimal_year(d.year, d.month, d.day) for d in dates])
        with pytest.raises(ArgumentError, match=r"not a whole number of steps|could be"):
            steps(times)


def test_what_could_be_months_or_years_is_refused():
    times = np.array([decimal_year(2000 + k, 7 + k % 2) for k in range(9)])
    with pytest.raises(ArgumentError, match="could be 13 or 1 steps"):
        steps(times)


def test_one_time_of_several_values_is_refused():
    with pytest.raises(ArgumentError, match="2001 is the time of several values"):
        steps(np.array([2000.0, 2001.0, 2001.0]))


@pytest.mark.parametrize("correction", ["hamed-rao", "yue-wang", "pre-whitening"])
def test_absent_months_are_as_months_of_nan(correction):
    rng = np.random.default_rng(8)
    times = np.array([month(number) for number in range(60)])
    values = rng.standard_normal((60, 20)).cumsum(axis=0)
    absent = np.r_[5:17, 30, 40:43]
    values[absent] = np.nan
    options = {"method": "mann-kendall", "stats": "s,var_s,z,pvalue", "correction": correction}
    with_nan = pixeltrend.reduce(times, values, **options)
    without = pixeltrend.reduce(np.delete(times, absent), np.delete(values, absent, 0), **options)
    for name, array in with_nan.items():
        np.testing.assert_array_equal(without[name], array, err_msg=name)


MONTHLY = [name for name, time in SERIES.items() if 0.99 < 12 * (time(12) - time(0)) / 12 < 1.01]


@pytest.mark.parametrize("name", MONTHLY)
def test_a_month_is_that_of_the_date(name):
    times = np.array([SERIES[name](number) for number in range(240)])
    assert (count_months(times) == 12 * FIRST + np.arange(240)).all()
