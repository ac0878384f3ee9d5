"""Every product of the table is read as its line says, and the documentation shows the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixeltrend.times.dates import parse_time
from pixeltrend.times.names import times_from_names
from pixeltrend.times.products import PRODUCTS, acquisition_time, products_table

INPUTS = Path(__file__).parents[2] / "docs" / "inputs.md"


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_an_example_is_read_as_its_line_says(product):
    expected = parse_time(product.time)
    for name in (product.example, f"/data/2001/{product.example}", f"x_{product.example}"):
        assert times_from_names([name]) == [expected]


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("VHP.G04.C07.NC.P1990001.SM.SMN.tif", "1990-001"),
        ("VHP.G04.C07.P2012052.VH.VCI.tif", "2012-358"),
        ("CLC2000_V18_5.tif", "2000"),
        ("U2018_CLC2018_V2020_20u1.tif", "2018"),
        ("U2006_CHA0006_00_V2020_20u1_CLC.tif", None),
        ("F101992.v4b_web.stable_lights.avg_vis.tif", "1992"),
        ("PKU_GIMMS_NDVI_V1.2_19820701.tif", "1982-07-01"),
        ("geo00aug15a.n14-VI3g", "2000-08-01"),
        ("A2003001.L3m_DAY_CHL_chlor_a_4km.nc", "2003"),
        ("grids_germany_seasonal_air_temp_mean_199014.asc.gz", "1990-06-01"),
        ("grids_germany_seasonal_air_temp_mean_199016.asc.gz", "1989-12-01"),
        ("grids_germany_monthly_air_temp_mean_199003.asc.gz", "1990-03-01"),
        ("chirps-v2.0.1981.01.3.cog", "1981-01-21"),
        ("VHP.G04.C07.P1981060.SM.SMN.tif", None),
        ("ndvi_1995.tif", None),
    ],
)
def test_other_ids(name, time):
    assert acquisition_time(name) == (None if time is None else parse_time(time))


def test_the_documentation_shows_the_table():
    assert products_table() in INPUTS.read_text()
