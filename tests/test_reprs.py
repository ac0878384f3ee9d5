"""What a prompt or a notebook shows of results: one line, and the picture of a map."""

import numpy as np

import pixeltrend


def test_results_and_series_take_one_line(tmp_path, stack):
    output = tmp_path / "trend.tif"
    done = pixeltrend.slope(stack, output, workers=1)
    warnings = f"{len(done.warnings)} warnings>"
    assert repr(done) == (
        f"<Summary of {output}: {done.valid_pixels} of 48 pixels have a result, 5 times from 2000 "
        f"to 2004, {warnings}"
    )
    assert repr(pixeltrend.open_series(stack)).startswith(
        "<Series of 5 rasters from 2000 to 2004, 8 x 6 pixels, "
    )
    assert repr(pixeltrend.check(stack)).startswith("<Report on 5 rasters, 8 x 6 pixels, ")
    years = pixeltrend.composite(stack, tmp_path / "years", composite="max")
    assert repr(years).startswith("<CompositeSummary of 5 rasters, ")
    assert "max_2000.tif to " in repr(years)


def test_a_notebook_shows_the_map(tmp_path, write_raster):
    raster = write_raster(tmp_path / "t.tif", np.arange(12.0).reshape(3, 4) - 5)
    shown = pixeltrend.plot_map(raster, width="85mm", dpi=100)
    assert repr(shown) == "<MapSummary: band 1 in 7 classes, 12 of 12 pixels have a value>"
    png, facts = shown._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert facts == {"width": round(85 / 25.4 * 96)}
    assert shown._repr_svg_() is None
    assert [path.name for path in tmp_path.iterdir()] == ["t.tif"]
    written = pixeltrend.plot_map(raster, tmp_path / "map.svg")
    assert written._repr_png_() is None
    assert written._repr_svg_() == (tmp_path / "map.svg").read_text()
