"""Composites of arrays: equal to xarray's resample and to NumPy's percentiles, with any gaps."""

import datetime as dt
import itertools
import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from strategies import cuts, wide_series

from pixeltrend.errors import ArgumentError
from pixeltrend.reducers.composite import Composite, Values, combine
from pixeltrend.reducers.composite_options import CompositeOptions
from pixeltrend.reducers.methods import make_reducer
from pixeltrend.reducers.options import StatsOptions
from pixeltrend.reducers.periods import chosen, periods, same_times
from pixeltrend.times.dates import decimal_year

# How xarray calls what a period begins with, and how many years later ours is named.
RESAMPLE = {
    "year": ({"every": "year"}, "YS", 0),
    "month": ({"every": "month"}, "MS", None),
    "season": ({"every": "season"}, "QS-DEC", None),
    "water year": ({"every": "water-year"}, "YS-OCT", 1),
    "from July": ({"every": "water-year", "year_starts": 7}, "YS-JUL", 1),
    "from January": ({"every": "water-year", "year_starts": 1}, "YS", 0),
}
STATISTICS = ("max", "min", "mean", "median", "sum", "count", "p90", "p5")


def years_of(dates):
    return np.array([decimal_year(date.year, date.month, date.day) for date in dates])


def monthly(count=240):
    return [dt.date(2001 + n // 12, n % 12 + 1, 1) for n in range(count)]


def scenes(seed, count=300):
    """Days in eleven years, of which none is there twice."""
    rng = np.random.default_rng(seed)
    days = rng.choice(4018, count, replace=False)
    return [dt.date(1999, 6, 15) + dt.timedelta(days=int(day)) for day in sorted(days)]


def gappy(count, pixels, seed, gaps=0.3):
    rng = np.random.default_rng(seed)
    values = rng.normal(0.4, 0.2, (count, pixels)).round(3)
    values[rng.random(values.shape) < gaps] = np.nan
    values[:, 0] = np.nan
    return values


def resampled(dates, values, statistic, rule):
    array = xr.DataArray(values, {"time": np.array(dates, "datetime64[ns]")}, ("time", "pixel"))
    groups = array.resample(time=rule)
    if statistic.startswith("p"):
        result = groups.quantile(int(statistic[1:]) / 100, dim="time")
    elif statistic == "sum":
        result = groups.sum(min_count=1)
    elif statistic == "count":
        return groups.count()
    else:
        result = getattr(groups, statistic)()
    return result.transpose("time", "pixel")


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("name", RESAMPLE)
@pytest.mark.parametrize("dates", [monthly(), scenes(1)], ids=["240 months", "scenes"])
@pytest.mark.filterwarnings("ignore:All-NaN|Mean of empty|invalid value")
def test_composites_are_xarray_s(dates, name, statistic):
    options, rule, later = RESAMPLE[name]
    values = gappy(len(dates), 7, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pixels without a value
        expected = resampled(dates, values, statistic, rule)
    reducer = Composite(Values(0), CompositeOptions(composite=statistic, **options))
    times, composites, _ = reducer.compose(years_of(dates), values)
    starts = [dt.date.fromisoformat(str(day)[:10]) for day in expected.time.values]
    if later is None:
        named = years_of(starts)
    else:
        named = np.array([start.year + later for start in starts], dtype=float)
    there = np.isin(named, times)  # a period without any scene is not there
    assert np.isnan(expected.values[~there]).all() or statistic == "count"
    np.testing.assert_array_equal(times, named[there])
    np.testing.assert_allclose(composites, expected.values[there], rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"months": "6-9"}, lambda day: (day.year, 6 <= day.month <= 9)),
        ({"months": "7"}, lambda day: (day.year, day.month == 7)),
        ({"months": "11-2"}, lambda day: (day.year + (day.month > 10), not 3 <= day.month <= 10)),
        ({"days": "152-273"}, lambda day: (day.year, 152 <= day.timetuple().tm_yday <= 273)),
        (
            {"days": "305-59"},
            lambda day: (
                day.year + (day.timetuple().tm_yday >= 305),
                not 59 < day.timetuple().tm_yday < 305,
            ),
        ),
        (
            {"every": "water-year", "months": "11-2"},
            lambda day: (day.year + (day.month > 9), not 3 <= day.month <= 10),
        ),
        (
            {"every": "water-year", "days": "1-59"},
            lambda day: (day.year, day.timetuple().tm_yday <= 59),
        ),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_months_and_days(options, taken):
    dates = scenes(2, 1500)
    times, made = years_of(dates), CompositeOptions(composite="count", **options)
    expected = {}
    for day in dates:
        year, is_taken = taken(day)
        expected[year] = expected.get(year, 0) + is_taken
    kept = chosen(times, made)
    assert kept.tolist() == [taken(day)[1] for day in dates]
    found = periods(times[kept], made)
    counts = dict(zip(found.times.tolist(), np.diff(found.bounds).tolist(), strict=True))
    assert counts == {year: count for year, count in expected.items() if count}


@pytest.mark.parametrize("statistic", [f"p{part}" for part in (1, 10, 37, 50, 63, 75, 99)])
def test_percentiles_are_numpy_s_to_the_last_bit(statistic):
    values = gappy(41, 300, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the pixel without a value
        expected = np.nanpercentile(values, int(statistic[1:]), axis=0)
    composite, _ = combine(values, same_times(np.zeros(41)), statistic, 1)
    np.testing.assert_array_equal(composite[0], expected)


def test_first_and_last_are_those_that_are_not_missing():
    values = np.array([[np.nan, 1, np.nan], [2, 3, np.nan], [4, np.nan, np.nan], [5, 6, 7]])
    of = same_times(np.array([2000.0, 2000, 2000, 2001]))
    first, last = (combine(values, of, name, 1)[0] for name in ("first", "last"))
    np.testing.assert_array_equal(first, [[2, 1, np.nan], [5, 6, 7]])
    np.testing.assert_array_equal(last, [[4, 3, np.nan], [5, 6, 7]])


def test_a_period_with_few_scenes_is_a_gap():
    """Two years of three scenes; the pixels have 3 and 3, 3 and 1, 0 and 0 values."""
    nan = np.nan
    values = np.array([[1, 1, nan], [2, 2, nan], [3, 3, nan], [4, 4, nan], [5, nan, nan]])
    values = np.vstack([values, [6, nan, nan]])
    times = np.array([2000.0, 2000.2, 2000.4, 2001.0, 2001.2, 2001.4])
    made = CompositeOptions(composite="max", min_scenes=2)
    _, composites, n_scenes = Composite(Values(2), made).compose(times, values)
    np.testing.assert_array_equal(composites, [[3, 3, nan], [6, nan, nan]])
    np.testing.assert_array_equal(n_scenes, [3, 3, nan])
    made = CompositeOptions(composite="sum", min_scenes=0)
    _, sums, n_scenes = Composite(Values(2), made).compose(times, values)
    np.testing.assert_array_equal(sums, [[6, 6, 0], [15, 4, 0]])
    np.testing.assert_array_equal(n_scenes, [3, 2, 0])


@given(
    series=wide_series(),
    statistic=st.sampled_from([*STATISTICS, "first", "last"]),
    data=st.data(),
)
def test_a_pixel_is_its_own_in_any_chunk(series, statistic, data):
    """To the last bit, the sign of a zero among them, whatever its neighbours are."""
    times, values = series
    values[np.abs(values) < 0.3 * np.nanmax(np.abs(values), initial=0)] *= (
        0.0  # zeros of both signs
    )
    of = same_times(np.floor(times))
    whole, n_scenes = combine(values, of, statistic, 1)
    borders = [0, *data.draw(cuts(values.shape[1])), values.shape[1]]
    parts = [
        combine(np.ascontiguousarray(values[:, start:stop]), of, statistic, 1)
        for start, stop in itertools.pairwise(borders)
    ]
    joined = np.concatenate([part for part, _ in parts], axis=1)
    assert joined.tobytes() == whole.tobytes()
    assert np.concatenate([n for _, n in parts]).tobytes() == n_scenes.tobytes()


@given(series=wide_series(), statistic=st.sampled_from(STATISTICS), least=st.integers(1, 3))
def test_composites_of_any_series(series, statistic, least):
    """Against a loop over pixels and years, in NumPy's words."""
    times, values = series
    values = values[:, :5].astype(np.float64)
    of = same_times(np.floor(times))
    composites, n_scenes = combine(values, of, statistic, least)
    words = {name: getattr(np, name) for name in ("max", "min", "mean", "median", "sum")} | {
        "count": len,
        "p90": lambda v: np.percentile(v, 90),
        "p5": lambda v: np.percentile(v, 5),
    }
    for pixel in range(values.shape[1]):
        numbers = []
        for row, year in enumerate(of.times):
            scenes_of_year = values[np.floor(times) == year, pixel]
            valid = scenes_of_year[~np.isnan(scenes_of_year)]
            if len(valid) < least:
                assert np.isnan(composites[row, pixel])
                continue
            numbers.append(len(valid))
            expected = words[statistic](valid)
            tolerance = 1e-14 * np.abs(valid).max() * len(valid)
            assert composites[row, pixel] == pytest.approx(expected, rel=0, abs=tolerance)
        assert n_scenes[pixel] == (
            pytest.approx(np.mean(numbers)) if numbers else pytest.approx(np.nan, nan_ok=True)
        )


def test_a_trend_of_composites_is_that_of_their_series():
    dates = monthly()
    values = gappy(240, 50, 6).astype(np.float32)
    inner = make_reducer(StatsOptions(method="theil-sen", stats="slope,pvalue"))
    made = Composite(inner, CompositeOptions(composite="max"))
    by_hand = np.fmax.reduce(values.reshape(20, 12, 50), axis=1)
    block = made.reduce(years_of(dates), values)
    expected = inner.reduce(np.arange(2001.0, 2021), by_hand)
    np.testing.assert_array_equal(block[:2], expected)
    assert [info.name for info in made.bands] == ["slope", "pvalue", "n_scenes"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"composite": "maximum"}, "did you mean max?"),
        ({"composite": "p0"}, "percentile from p1 to p99"),
        ({"composite": "p100"}, "percentile from p1 to p99"),
        ({"every": "month"}, "every: needs composite"),
        ({"months": "6-9"}, "months: needs composite"),
        ({"composite": "max", "every": "week"}, "is not one of year, month, season, water-year"),
        ({"composite": "max", "months": "6-13"}, "expected FIRST-LAST, out of 1 to 12"),
        ({"composite": "max", "months": "June"}, "expected FIRST-LAST"),
        ({"composite": "max", "days": "0-10"}, "out of 1 to 366"),
        ({"composite": "max", "months": "6", "days": "152-181"}, "give only one of them"),
        ({"composite": "max", "year_starts": 10}, "only every water-year"),
        ({"composite": "max", "every": "water-year", "year_starts": 13}, "1 to 12"),
        ({"composite": "max", "min_scenes": -1}, "must not be negative"),
        ({"composite": "max", "every": "water-year", "months": "8-11"}, "cut in two"),
        ({"composite": "max", "every": "water-year", "months": "11-10"}, "cut in two"),
        ({"composite": "max", "every": "water-year", "days": "200-300"}, "cut in two"),
    ],
)
def test_options_that_make_no_sense(options, text):
    with pytest.raises(ArgumentError, match=text.replace("?", r"\?")):
        CompositeOptions(**options)


@pytest.mark.parametrize("months", ["10-12", "10-9", "11-2", "3-9"])
def test_a_water_year_holds_what_it_does_not_cut(months):
    assert CompositeOptions(composite="max", every="water-year", months=months).month_range
