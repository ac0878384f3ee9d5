"""Hatching: stripes over the pixels of a map that do not meet a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PERIOD, _WIDTH = 3.2, 0.55  # points, across the stripes
_DARK, _LIGHT = np.uint8(45), np.uint8(235)
_OPACITY = 215
_MIDDLE = 110  # luminance: on darker colours, stripes are light


def hatches(
    hatched: NDArray[np.bool_], colours: NDArray[np.uint8], shape: tuple[int, int], dpi: float
) -> NDArray[np.uint8]:
    """Return stripes, rising to the right, as an image in the dots of the picture.

    Parameters
    ----------
    hatched
        Which pixels have stripes, (rows, columns).
    colours
        Red, green and blue of the pixels, (rows, columns, 3): stripes are seen on each.
    shape
        Rows and columns of the image.
    dpi
        Dots per inch.

    Returns
    -------
    image
        (*shape, 4): red, green, blue, opacity.
    """
    rows, columns = (
        (np.arange(dots) * pixels // dots)
        for dots, pixels in zip(shape, hatched.shape, strict=True)
    )
    period = max(3, round(_PERIOD * dpi / 72 * 2**0.5))
    width = max(1, round(_WIDTH * dpi / 72 * 2**0.5))
    down, across = np.ogrid[: shape[0], : shape[1]]
    stripes = (down + across) % period < width
    luminance = colours @ np.array([0.299, 0.587, 0.114])
    dark = np.where(luminance[..., np.newaxis] > _MIDDLE, _DARK, _LIGHT)
    image = np.empty((*shape, 4), np.uint8)
    image[..., :3] = dark[np.ix_(rows, columns)]
    image[..., 3] = np.where(stripes & hatched[np.ix_(rows, columns)], _OPACITY, 0)
    return image
