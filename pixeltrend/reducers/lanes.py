"""What the compiled kernels share: their settings, and the lanes that pixels are worked on in.

The lanes of the processor's vectors are pixels: 64 of them are worked on together, and every inner
loop runs over these lanes with the same operations for each, in the same order, so that a pixel's
numbers do not depend on its neighbours. A missing value is NaN, which no comparison counts. Kernels
have no input, no output and no checks.

A loop over the lanes becomes vectors only where the compiler knows, or can see quickly at run time,
that the arrays it writes are not those it reads: it writes one or two, and reads a few.

Numba looks only at a kernel's own file to see whether its machine code on disk is still valid:
whoever changes this file, or one that a kernel imports functions of, must touch the kernels too.

Compiling a kernel for the first time takes as long as its source has statements and branches, and
some time for each function and for each form of `np.empty`, `np.full`, `min` and `max` in it. So
kernels take one form, ``np.empty((rows, LANES))``, and functions that Python never calls are
`inner`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numba import njit

LANES = 64
AHEAD = 4  # rows that one step of a loop over many rows takes

_settings: Any = partial(njit, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
# What Python calls: its machine code is kept on disk, with that of the functions that it calls.
compiled: Any = partial(_settings, cache=True)
# What only kernels call.
inner: Any = partial(_settings, no_cpython_wrapper=True)


@inner
def load(values, first, y):
    """Copy the pixels from `first` on into the lanes; return how many lanes have a pixel."""
    width = values.shape[1] - first
    width = width if width < LANES else LANES
    for i in range(values.shape[0]):
        for k in range(width):
            y[i, k] = values[i, first + k]
        for k in range(width, LANES):
            y[i, k] = np.nan
    return width
