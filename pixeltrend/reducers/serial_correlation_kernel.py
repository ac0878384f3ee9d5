"""Compiled kernels for serial correlation: autocorrelation at true lags, ranks, AR(1) variance."""

from __future__ import annotations

import numpy as np

from pixeltrend.reducers.lanes import LANES, compiled, inner, load

# What is left of a perfect line: rounding errors, in parts of the largest value.
ROUNDING = 1e-15


# From the last one on.
_ARCSINE = (
    0.03187962140081284, -0.016187392271599134, 0.019513468251252167, 0.0065293020047365695,
    0.012170138592391726, 0.01388484282640208, 0.01735977964134998, 0.022371749733164054,
    0.03038195969768514, 0.044642856805998936, 0.07500000000385201, 0.16666666666664942, 1.0,
)  # fmt: skip
_MOST = 0.95  # a larger autocorrelation leaves nothing to test with
_FEWEST_INDEPENDENT = 3.0  # values that a test needs


@inner
def unbiased(r, n):
    """Return r_1 of n residuals of a line less its bias, and the number of independent values.

    Such an r_1 is too small by (2 + 4 r) / n; see `serial_correlation.correct`.
    """
    less = (n * r + 2.0) / max(n - 4.0, 1.0)
    less = 0.0 if less < 0.0 else less
    less = _MOST if less > _MOST else less
    n_eff = n * (1.0 - less) / (1.0 + less)
    return less, _FEWEST_INDEPENDENT if n_eff < _FEWEST_INDEPENDENT else n_eff


@inner
def _subtract(x, y, line, first_x, first_y, largest, left):
    """Subtract a line through the first value; leave the largest value and the largest residual."""
    first_x[:] = np.nan
    first_y[:] = np.nan
    largest[:] = 0.0
    left[:] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            v = y[i, k]
            first_x[k] = x[i] if v == v and first_y[k] != first_y[k] else first_x[k]
            first_y[k] = v if first_y[k] != first_y[k] else first_y[k]
            largest[k] = abs(v) if abs(v) > largest[k] else largest[k]
            y[i, k] = v - first_y[k] - line[k] * (x[i] - first_x[k])
            left[k] = abs(y[i, k]) if abs(y[i, k]) > left[k] else left[k]


@compiled
def residuals(x, values, slope, out):
    """Fill `out`, (N, P), with the values less a line through the first of them, (P,) slopes.

    All are 0 where nothing but rounding errors is left.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    line = np.empty(LANES)
    work = np.empty((4, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        line[:] = 0.0
        for k in range(width):
            line[k] = slope[first + k]
        _subtract(x, y, line, work[0], work[1], work[2], work[3])
        for i in range(count):
            for k in range(width):
                negligible = work[3, k] <= ROUNDING * work[2, k] and y[i, k] == y[i, k]
                out[i, first + k] = 0.0 if negligible else y[i, k]


@inner
def _arcsine(x):
    """Return the arcsine of 0 to 1/2: a polynomial through Chebyshev's points, exact to 3e-16."""
    square = x * x
    total = 0.0
    for coefficient in _ARCSINE:
        total = total * square + coefficient
    return x * total


@inner
def _rank_weights(y, a, n):
    """Fill `a` with 2 i - n - 1 for the i-th of the `n` values of a lane, 0 where none is."""
    n[:] = 0.0
    for i in range(y.shape[0]):
        for k in range(LANES):
            n[k] += 1.0 if y[i, k] == y[i, k] else 0.0
            a[i, k] = 2.0 * n[k]
    for i in range(y.shape[0]):
        for k in range(LANES):
            a[i, k] = a[i, k] - n[k] - 1.0 if y[i, k] == y[i, k] else 0.0


@inner
def _products(position, a, out):
    """Fill `out`, (steps, LANES), with the sums of a_i a_j by the steps between i and j.

    Whole numbers, exact in any order.
    """
    count = position.shape[0]
    out[:] = 0.0
    for i in range(count - 1):
        for j in range(i + 1, count):
            step = position[j] - position[i]
            for k in range(LANES):
                out[step, k] += a[i, k] * a[j, k]
    for i in range(count):
        for k in range(LANES):
            out[0, k] += a[i, k] * a[i, k]


@inner
def _residual_r1(x, position, y, line, n, work, r):
    """Fill `r` with r_1 of the values less a line; NaN where only rounding is left.

    Leaves the residuals less their mean in `y`, 0 where a value is missing.
    """
    first_x, first_y, largest, left = work[0], work[1], work[2], work[3]
    mean, squares, products, pairs = work[4], work[5], work[6], work[7]
    _subtract(x, y, line, first_x, first_y, largest, left)
    work[4:] = 0.0
    for i in range(x.shape[0]):
        for k in range(LANES):
            mean[k] += y[i, k] if y[i, k] == y[i, k] else 0.0
    for k in range(LANES):
        mean[k] /= n[k]
    for i in range(x.shape[0]):
        near = i > 0 and position[i] == position[i - 1] + 1
        for k in range(LANES):
            y[i, k] -= mean[k]
            squares[k] += y[i, k] * y[i, k] if y[i, k] == y[i, k] else 0.0
            product = y[i, k] * y[i - 1, k] if near else np.nan
            products[k] += product if product == product else 0.0
            pairs[k] += 1.0 if product == product else 0.0
    for k in range(LANES):
        some = left[k] > ROUNDING * largest[k]
        r[k] = products[k] / squares[k] * (n[k] / (pairs[k] + 1.0)) if some else np.nan


@compiled
def ar1_test(x, position, values, slope, out):
    """Fill `out`, (3, P), with r_1, n_eff, and the variance of S in AR(1) noise over the usual one.

    `x`, (N,), are the times of the values, (N, P), `position`, (N,), their steps, and `slope`,
    (P,), those of the lines that leave the noise. r_1 is less its bias, and NaN where nothing is
    left; ranks of values k steps apart correlate by rho = 6 / pi asin(r^k / 2). With a_i = 2 i - n
    - 1 for the i-th of n values, the ratio is the sum over i and j of a_i a_j rho(i, j) over the
    sum of a_i^2. The products are summed up by the steps between i and j, for all pixels without
    a gap once, so that there is one arcsine for each number of steps.
    """
    count, pixels = values.shape
    steps = position[count - 1] - position[0] + 1
    y = np.empty((count, LANES))
    a = np.empty((count, LANES))
    line = np.empty(LANES)
    n = np.empty(LANES)
    r = np.empty(LANES)
    power = np.empty(LANES)
    total = np.empty(LANES)
    result = np.empty((2, LANES))
    work = np.empty((8, LANES))
    complete = np.empty((steps, LANES))
    gaps = np.empty((steps, LANES))
    y[:] = 0.0
    _rank_weights(y, a, n)
    _products(position, a, complete)
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        line[:] = 0.0
        for k in range(width):
            line[k] = slope[first + k]
        _rank_weights(y, a, n)
        products = complete
        if n[:width].min() < count:
            _products(position, a, gaps)
            products = gaps
        _residual_r1(x, position, y, line, n, work, r)
        for k in range(LANES):
            less, n_eff = unbiased(r[k], n[k])
            result[0, k] = less
            result[1, k] = n_eff
            power[k] = 0.5 * less if r[k] == r[k] else 0.0
            r[k] = power[k] * 2.0
            total[k] = 0.0
        for step in range(1, steps):
            for k in range(LANES):
                total[k] += products[step, k] * _arcsine(power[k])
                power[k] *= r[k]
        for k in range(width):
            out[0, first + k] = result[0, k]
            out[1, first + k] = result[1, k]
            out[2, first + k] = 1.0 + 12.0 / np.pi * total[k] / products[0, k]


@compiled
def residual_ranks(x, values, slope, out):
    """Fill `out`, (N, P), with the ranks, from 1, of the values less a line; ties share their mean.

    Two residuals are compared by comparing the slope between their values with that of the line,
    (P,): the pair that the median slope comes from ties, whatever rounding does to residuals.
    """
    count, pixels = values.shape
    y = np.empty((count, LANES))
    line = np.empty(LANES)
    rank = np.empty((count, LANES))
    for first in range(0, pixels, LANES):
        width = load(values, first, y)
        line[:] = 0.0
        rank[:] = 1.0
        for k in range(width):
            line[k] = slope[first + k]
        for i in range(count - 1):
            for j in range(i + 1, count):
                run = x[j] - x[i]
                for k in range(LANES):
                    between = (y[j, k] - y[i, k]) / run
                    half = 0.5 if between == line[k] else 0.0
                    rank[j, k] += 1.0 if between > line[k] else half
                    rank[i, k] += 1.0 if between < line[k] else half
        for i in range(count):
            for k in range(width):
                out[i, first + k] = rank[i, k] if y[i, k] == y[i, k] else np.nan


@compiled
def autocorrelation(series, lags, out):
    """Fill `out`, (2, lags, P), with the products and the number of pairs at lags 1 to `lags`.

    `series`, (N, P), has one row for each step of time and NaN where a value is missing. A product
    is that of two deviations from the mean, summed over the pairs that are a lag apart, over the
    sum of the squared deviations.
    """
    count, pixels = series.shape
    y = np.empty((count, LANES))
    valid = np.empty((count, LANES))
    n = np.empty(LANES)
    mean = np.empty(LANES)
    squares = np.empty(LANES)
    products = np.empty(LANES)
    pairs = np.empty(LANES)
    for first in range(0, pixels, LANES):
        width = load(series, first, y)
        n[:] = 0.0
        mean[:] = 0.0
        squares[:] = 0.0
        for i in range(count):
            for k in range(LANES):
                valid[i, k] = 1.0 if y[i, k] == y[i, k] else 0.0
                n[k] += valid[i, k]
                mean[k] += y[i, k] if y[i, k] == y[i, k] else 0.0
        for i in range(count):
            for k in range(LANES):
                y[i, k] = y[i, k] - mean[k] / n[k] if valid[i, k] > 0.0 else 0.0
                squares[k] += y[i, k] * y[i, k]
        for lag in range(1, lags + 1):
            products[:] = 0.0
            pairs[:] = 0.0
            for i in range(count - lag):
                for k in range(LANES):
                    products[k] += y[i, k] * y[i + lag, k]
                    pairs[k] += valid[i, k] * valid[i + lag, k]
            for k in range(width):
                out[0, lag - 1, first + k] = products[k] / squares[k]
                out[1, lag - 1, first + k] = pairs[k]
