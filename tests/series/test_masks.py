"""Masks: bands and quality bits that say what is missing, as NumPy reckons them."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, refuses

from pixeltrend.errors import ArgumentError
from pixeltrend.raster.windows import Window

NAN = np.nan


# Mask bands


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("mask_band", [2, "2", "valid"])
def test_mask_band(tmp_path, write_stack, dtype, mask_band):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 100, (3, 9, 7)).astype(dtype)
    mask = rng.integers(0, 3, (3, 9, 7)).astype(dtype)
    both = np.stack([values, mask], axis=1)
    write_stack(tmp_path, both, descriptions=["ndvi", "valid"])
    np.testing.assert_array_equal(
        read(tmp_path, mask_band=mask_band), np.where(mask == 0, NAN, values)
    )
    part = read(tmp_path, Window(2, 3, 4, 2), mask_band=mask_band)
    np.testing.assert_array_equal(part, np.where(mask == 0, NAN, values)[:, 2:6, 3:5])


@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
def test_mask_band_before_the_band(tmp_path, write_stack, interleave):
    rng = np.random.default_rng(1)
    layers = rng.integers(0, 3, (3, 5, 9, 7)).astype(np.int16)
    write_stack(tmp_path, layers, options=[f"INTERLEAVE={interleave}", "TILED=YES"])
    values = read(tmp_path, band=4, mask_band=2)
    np.testing.assert_array_equal(values, np.where(layers[:, 1] == 0, NAN, layers[:, 3]))


# Quality bits


def slow_missing(bits, said):
    """Tell whether a number is missing, by the words of the help, one bit after another."""
    for part in said.split(","):
        places, _, numbers = part.partition("=")
        first, _, last = places.strip().partition("-")
        digits = [bits // 2**place % 2 for place in range(int(first), int(last or first) + 1)]
        if not numbers:
            if any(digits):
                return True
            continue
        number = sum(digit * 2**place for place, digit in enumerate(digits))
        if number in [int(text) for text in numbers.split("|")]:
            return True
    return False


def test_landsat_pixel_quality(tmp_path, write_stack):
    # Landsat Collection 2: 0 fill, 1 dilated cloud, 3 cloud, 4 shadow, 5 snow, 6 clear, 7 water.
    known = {
        1: True,  # fill
        21824: False,  # clear
        21952: False,  # clear, water
        21826: True,  # dilated cloud over land
        22280: True,  # high confidence cloud
        23888: True,  # cloud shadow
        30048: False,  # snow, not asked for
        54596: False,  # cirrus, not asked for
    }
    quality = np.array([list(known)], np.uint16)
    values = np.arange(len(known), dtype=np.uint16)[None]
    layers = np.stack([values, quality])
    write_stack(tmp_path, np.stack([layers] * 2), descriptions=["SR_B4", "QA_PIXEL"])
    found = read(tmp_path, qa_band="QA_PIXEL", qa_bits="0,1,3,4")
    np.testing.assert_array_equal(np.isnan(found), [[list(known.values())]] * 2)


@st.composite
def qa_specifications(draw):
    """What may be given to --qa-bits for 16 bits."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, 15))
        last = draw(st.integers(first, min(15, first + 5)))
        places = str(first) if first == last and draw(st.booleans()) else f"{first}-{last}"
        if draw(st.booleans()):
            numbers = st.lists(st.integers(0, 2 ** (last - first + 1) - 1), min_size=1, max_size=3)
            places += "=" + "|".join(map(str, draw(numbers)))
        parts.append(places)
    return draw(st.sampled_from([",", ", "])).join(parts)


@pytest.fixture(scope="module")
def landsat(tmp_path_factory, write_stack):
    """All 16-bit numbers as quality, once a year as UInt16, Int16, Int32 and Float32."""
    folder = tmp_path_factory.mktemp("landsat")
    quality = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    for kind in ("uint16", "int16", "int32", "float32"):
        layers = np.stack([np.ones_like(quality), quality]).astype(kind)
        write_stack(folder / kind, np.stack([layers] * 2), options=["COMPRESS=LZW"])
    yield folder
    shutil.rmtree(folder)


@settings(max_examples=40)
@given(said=qa_specifications(), kind=st.sampled_from(["uint16", "int16", "int32", "float32"]))
def test_any_quality_bits(landsat, said, kind):
    found = np.isnan(read(landsat / kind, qa_band=2, qa_bits=said)).reshape(2, -1)
    some = [*range(0, 2**16, 251), 2**15, 2**16 - 1, 0, 1]
    expected = [slow_missing(bits, said) for bits in some]
    np.testing.assert_array_equal(found[:, some], [expected] * 2)


@pytest.mark.parametrize("bits", ["31", "30-31=2", "0"])
def test_the_highest_of_32_bits(tmp_path, write_stack, bits):
    quality = np.array([[0, 1, 2**31, 2**31 + 1, 2**30, 2**32 - 1]], np.uint32)
    layers = np.stack([np.ones_like(quality), quality])
    write_stack(tmp_path, np.stack([layers] * 2))
    found = np.isnan(read(tmp_path, qa_band=2, qa_bits=bits))
    expected = [slow_missing(int(number), bits) for number in quality[0]]
    np.testing.assert_array_equal(found, [[expected]] * 2)


def test_quality_that_is_missing_itself_vouches_for_nothing(tmp_path, write_stack):
    quality = np.array([[0, np.nan, 8, np.inf]], np.float32)
    write_stack(tmp_path, np.stack([np.stack([np.ones_like(quality), quality])] * 2))
    found = np.isnan(read(tmp_path, qa_band=2, qa_bits="3"))
    np.testing.assert_array_equal(found, [[[False, True, True, True]]] * 2)


@pytest.mark.parametrize("bits", ["", "x", "-1", "32", "4-1", "1-", "1;2", "8-9=4", "3=2", "1,,2"])
def test_quality_bits_that_are_none(landsat, run_cli, tmp_path, bits):
    with pytest.raises(ArgumentError, match="qa_bits"):
        read(landsat / "uint16", qa_band=2, qa_bits=bits)
    done = run_cli("slope", landsat / "uint16", "-o", "t.tif", "--qa-band", 2, "--qa-bits", bits)
    refuses(done, 2)
    assert os.listdir(tmp_path) == []


def test_everything_at_once(tmp_path, write_stack, run_cli, read_raster):
    rng = np.random.default_rng(5)
    values = rng.integers(-3000, 11000, (3, 20, 20)).astype(np.int16)
    mask = rng.integers(0, 2, (3, 20, 20)).astype(np.int16)
    quality = rng.integers(0, 64, (3, 20, 20)).astype(np.int16)
    values[rng.random(values.shape) < 0.1] = -28672
    layers = np.stack([quality, values, mask], axis=1)
    write_stack(tmp_path / "in", layers, nodata=-9999, descriptions=["qa", "ndvi", "mask"])
    expected = values * 0.0001 + 0.1
    expected[(values < -2000) | (values > 10000)] = NAN
    expected[mask == 0] = NAN
    expected[(quality & 1 == 1) | (quality >> 2 & 3 == 2)] = NAN
    typed = ["--band", "ndvi", "--mask-band", "mask", "--qa-band", "qa", "--qa-bits", "0,2-3=2"]
    typed += ["--valid-range", -2000, 10000, "--scale", 0.0001, "--offset", 0.1]
    typed += ["--nodata", -28672]
    done = run_cli("slope", "in", "-o", "t.tif", *typed, "--stats", "n_valid,intercept", "-q")
    assert (done.returncode, done.stdout) == (0, "")
    counted = np.isfinite(expected).sum(axis=0)
    np.testing.assert_array_equal(read_raster(tmp_path / "t.tif"), counted)
    options = {"band": "ndvi", "mask_band": "mask", "qa_band": "qa", "qa_bits": "0,2-3=2"}
    options |= {"valid_range": (-2000, 10000), "scale": 1e-4, "offset": 0.1, "nodata": -28672}
    np.testing.assert_allclose(read(tmp_path / "in", **options), expected, rtol=1e-12)
