"""Zones: parts of pixels known from geometry, means with NumPy, their trend with SciPy."""

import csv
import importlib.util
import io
import json
import math

import numpy as np
import pytest
import scipy.stats
from osgeo import gdal, ogr, osr

import pixeltrend
from pixeltrend.errors import ArgumentError, InputError
from pixeltrend.raster.area import pixel_areas
from pixeltrend.raster.grid import Grid
from pixeltrend.views import bands, polygons, zones
from pixeltrend.views.table import table

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()

# Pixels of 30 m from here, as the stacks of the tests have them.
LEFT, TOP = 578_000.0, 2_330_000.0
UTM, DEGREES = 32648, 4326
TIMES = np.arange(2000.0, 2012.0)


@pytest.fixture(params=["exact", "centres"])
def is_exact(request, monkeypatch):
    if request.param == "centres":
        monkeypatch.setattr(polygons, "is_exact", lambda: False)
    elif importlib.util.find_spec("exactextract") is None:
        pytest.skip("exactextract is not installed")
    return request.param == "exact"


@pytest.fixture
def inputs(tmp_path, write_stack, make_values):
    return write_stack(tmp_path / "in", make_values(12, 20, 30, gaps=0.1))


@pytest.fixture
def trend(inputs, tmp_path):
    path = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, path, stats="slope,pvalue", workers=1)
    return path


def write_polygons(path, shapes, code=UTM, layers=("zones",)):
    """Write rings of (x, y) by name, of several layers the same."""
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(code)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    dataset = gdal.GetDriverByName("GPKG").Create(str(path), 0, 0, 0, gdal.GDT_Unknown)
    for name in layers:
        layer = dataset.CreateLayer(name, crs, ogr.wkbUnknown)
        layer.CreateField(ogr.FieldDefn("NAME", ogr.OFTString))
        for label, ring in shapes:
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetField("NAME", label)
            corners = ", ".join(f"{x!r} {y!r}" for x, y in [*ring, ring[0]])
            wkt = f"POLYGON (({corners}))" if len(ring) > 1 else f"POINT ({corners.split(',')[0]})"
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
            layer.CreateFeature(feature)
    return path


def box(top, left, bottom, right):
    """A rectangle from row and column to row and column, with fractions."""
    x, y = (LEFT + 30 * left, LEFT + 30 * right), (TOP - 30 * top, TOP - 30 * bottom)
    return [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]


def parts_of(top, left, bottom, right, shape, *, exact):
    """How much of each pixel a rectangle covers, or whether it holds its centre."""
    sides = []
    for low, high, count in ((top, bottom, shape[0]), (left, right, shape[1])):
        edges = np.arange(count + 1.0)
        if exact:
            sides.append(np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, 1))
        else:
            centres = edges[:-1] + 0.5
            sides.append(((centres > low) & (centres < high)).astype(float))
    return np.outer(*sides)


def stack_of(inputs, read_raster):
    return np.array([read_raster(path) for path in inputs], np.float64)


def means_of(stack, weights):
    valid = ~np.isnan(stack)
    sums = (np.where(valid, stack, 0) * weights).sum(axis=(1, 2))
    return sums / (valid * weights).sum(axis=(1, 2))


BOXES = {"a": (2.25, 3.5, 9.75, 11.25), "b": (9.75, 0.0, 20.0, 30.0), "out": (-9, 25.6, 4.3, 99)}


def test_polygons_count_the_parts_that_they_cover(
    inputs, trend, tmp_path, read_raster, is_exact, monkeypatch
):
    path = write_polygons(tmp_path / "z.gpkg", [(n, box(*edges)) for n, edges in BOXES.items()])
    found = table(trend, zones=str(path), by="NAME")
    stack, slope = stack_of(inputs, read_raster), read_raster(trend)
    assert [zone.name for zone in found.zones] == ["a", "b", "out"]
    for zone, edges in zip(found.zones, BOXES.values(), strict=True):
        parts = parts_of(*edges, slope.shape, exact=is_exact)
        pixels = {row.name: row.pixels for row in zone.classes}
        assert sum(pixels.values()) == pytest.approx(parts.sum(), rel=1e-6)
        rising = sum(n for name, n in pixels.items() if "increase" in name)
        assert rising == pytest.approx(parts[slope > 0].sum(), rel=1e-6)
        areas = [row.area for row in zone.classes]
        assert areas == pytest.approx([900 * row.pixels for row in zone.classes])
        means = means_of(stack, parts)
        assert zone.means == pytest.approx(means, rel=1e-6)
        line = scipy.stats.linregress(TIMES, means)
        half = scipy.stats.t.ppf(0.975, 10) * line.stderr
        assert zone.trend["slope"] == pytest.approx(line.slope, rel=1e-4)
        assert zone.trend["slope_upper"] - zone.trend["slope"] == pytest.approx(half, rel=1e-4)
        assert zone.trend["pvalue"] == pytest.approx(line.pvalue, rel=1e-3)
        valid = (~np.isnan(stack) * parts).sum(axis=(1, 2))
        assert zone.least_valid == pytest.approx(valid.min() / parts.sum(), rel=1e-5)
    assert found.times == tuple(TIMES)
    assert found.notes == (() if is_exact else (polygons.CENTRES,))
    for window in (1, 37):
        monkeypatch.setattr(zones, "_WINDOW_VALUES", 12 * window)
        monkeypatch.setattr(bands, "_WINDOW_PIXELS", window)
        again = table(trend, zones=str(path), by="NAME")
        for zone, other in zip(found.zones, again.zones, strict=True):
            assert zone.means == pytest.approx(other.means, rel=1e-6)
            assert [row.pixels for row in zone.classes] == pytest.approx(
                [row.pixels for row in other.classes], rel=1e-6
            )


def test_polygons_of_one_name_are_one_zone_and_count_a_pixel_once(trend, tmp_path, is_exact):
    rings = [("a", box(0, 0, 4, 4)), ("b", box(8, 8, 9, 9)), ("a", box(2, 2, 6, 6))]
    path = write_polygons(tmp_path / "z.gpkg", rings)
    found = table(trend, zones=str(path), by="NAME", means=False)
    sums = {zone.name: sum(row.pixels for row in zone.classes) for zone in found.zones}
    assert sums == {"a": pytest.approx(28), "b": pytest.approx(1)}
    assert (found.method, found.times, found.zones[0].trend) == ("", (), None)
    numbered = table(trend, zones=str(path), means=False)
    assert [zone.name for zone in numbered.zones] == ["1", "2", "3"]


def test_polygons_in_another_crs_are_brought_to_the_raster(trend, tmp_path, is_exact):
    ours, theirs = osr.SpatialReference(), osr.SpatialReference()
    for crs, code in ((ours, UTM), (theirs, DEGREES)):
        crs.ImportFromEPSG(code)
        crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    change = osr.CoordinateTransformation(ours, theirs)
    ring = [change.TransformPoint(x, y)[:2] for x, y in box(3, 4, 7, 9)]
    path = write_polygons(tmp_path / "z.gpkg", [("a", ring)], DEGREES)
    [zone] = table(trend, zones=str(path), by="NAME", means=False).zones
    assert sum(row.pixels for row in zone.classes) == pytest.approx(20, rel=1e-4)


def test_the_rows_of_a_geographic_grid_weigh_as_much_as_they_cover(
    tmp_path, write_stack, make_values, read_raster, is_exact
):
    where = {"geotransform": (10.0, 1.0, 0.0, 40.0, 0.0, 2.0), "crs": "EPSG:4326"}  # south up
    inputs = write_stack(tmp_path / "in", make_values(12, 20, 30), **where)
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, trend, stats="slope,pvalue", workers=1)
    ring = [(12.0, 50.0), (30.0, 50.0), (30.0, 76.5), (12.0, 76.5)]
    path = write_polygons(tmp_path / "z.gpkg", [("north", ring)], DEGREES)
    found = table(trend, zones=str(path), by="NAME")
    dataset = gdal.Open(str(trend))
    areas = pixel_areas(Grid.of(dataset)).of_rows[:, None]
    parts = parts_of(5.0, 2.0, 18.25, 20.0, (20, 30), exact=is_exact)
    assert found.zones[0].means == pytest.approx(
        means_of(stack_of(inputs, read_raster), parts * areas), rel=1e-6
    )
    total = sum(row.area for row in found.zones[0].classes)
    assert total == pytest.approx((parts * areas).sum(), rel=1e-6)


def test_a_raster_of_zones(inputs, trend, tmp_path, write_raster, read_raster):
    cover = np.random.default_rng(3).integers(0, 5, (20, 30)).astype(np.uint8)
    path = write_raster(tmp_path / "cover.tif", cover, nodata=0)
    found = table(trend, zones=str(path))
    stack = stack_of(inputs, read_raster)
    assert [zone.name for zone in found.zones] == ["1", "2", "3", "4"]
    for code, zone in enumerate(found.zones, 1):
        assert sum(row.pixels for row in zone.classes) == (cover == code).sum()
        means = means_of(stack, cover == code)
        assert zone.means == pytest.approx(means, rel=1e-12)
        line = scipy.stats.linregress(TIMES, means)
        assert zone.trend["slope"] == pytest.approx(line.slope, rel=1e-6)
        assert zone.trend["pvalue"] == pytest.approx(line.pvalue, rel=1e-6)
    assert found.notes == ()


def test_a_raster_of_zones_on_another_grid(trend, tmp_path, write_raster):
    cover = np.repeat([[7, 9]], 10, axis=0).repeat(10, axis=1).astype(np.int16)
    where = (LEFT + 10, 45.0, 0.0, TOP + 45, 0.0, -90.0)
    path = write_raster(tmp_path / "cover.tif", cover, geotransform=where)
    found = table(trend, zones=str(path), means=False)
    columns = np.arange(30) * 30 + 15
    inside = (columns > 10) & (columns < 10 + 900)
    west = (inside & (columns < 10 + 450)).sum()
    sums = {zone.name: sum(row.pixels for row in zone.classes) for zone in found.zones}
    assert sums == {"7": 20 * west, "9": 20 * (inside.sum() - west)}
    assert found.notes == (
        f"{path}: lies on another grid; each pixel is of the zone at its centre",
    )


@pytest.mark.parametrize(
    "options",
    [
        {"method": "theil-sen", "stats": "slope,pvalue", "correction": "ar1", "confidence": 0.9},
        {"method": "mann-kendall"},
        {"method": "gls", "stats": "slope,pvalue", "per": "decade"},
        {"stats": "class", "fdr": "bh", "stable": 0.5},
        {"stats": "slope,pvalue", "steps": "2006"},
    ],
    ids=["theil-sen", "mann-kendall", "gls", "class", "steps"],
)
def test_the_method_is_that_of_the_result(inputs, tmp_path, write_raster, options):
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(inputs, trend, workers=1, **options)
    path = write_raster(tmp_path / "cover.tif", np.ones((20, 30), np.uint8))
    [zone] = table(trend, zones=str(path)).zones
    method = options.get("method", "ols")
    kept = {n: v for n, v in options.items() if n in {"correction", "confidence", "per", "steps"}}
    expected = pixeltrend.reduce(TIMES, zone.means, method=method, stats="all", **kept)
    assert {"pvalue", "n_valid"} < zone.trend.keys()
    assert zone.trend == {name: expected[name].item() for name in zone.trend}


def test_composites_are_made_before_means(tmp_path, write_raster):
    rng = np.random.default_rng(2)
    scenes = rng.normal(size=(5, 3, 4, 6)).astype(np.float32)
    scenes[rng.random(scenes.shape) < 0.3] = np.nan
    for year, months in enumerate(scenes, 2000):
        for month, layer in zip((5, 7, 9), months, strict=True):
            write_raster(tmp_path / "in" / f"ndvi_{year}-{month:02}.tif", layer)
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(tmp_path / "in", trend, composite="max", stats="slope,pvalue", workers=1)
    path = write_raster(tmp_path / "cover.tif", np.ones((4, 6), np.uint8))
    found = table(trend, zones=path)
    highest = np.fmax.reduce(scenes.astype(np.float64), axis=1)
    means = np.nanmean(highest, axis=(1, 2))
    assert found.times == (2000, 2001, 2002, 2003, 2004)
    assert found.zones[0].means == pytest.approx(means, rel=1e-12)
    line = scipy.stats.linregress(found.times, means)
    assert found.zones[0].trend["pvalue"] == pytest.approx(line.pvalue, rel=1e-6)
    assert found.zones[0].trend.keys() == {
        "slope",
        "slope_lower",
        "slope_upper",
        "pvalue",
        "n_valid",
    }


def test_a_result_of_a_function(inputs, tmp_path, write_raster, run_cli):
    (tmp_path / "mine.py").write_text("def top(pairs):\n    return pairs[:, 1].max()\n")
    write_raster(tmp_path / "cover.tif", np.ones((20, 30), np.uint8))
    run_cli("map", "mine.py:top", "in/*.tif", "-o", "top.tif", "--update", "--bands", "slope")
    done = run_cli("table", "top.tif", "--zones", "cover.tif", "--json")
    [zone] = json.loads(done.stdout)["zones"]
    assert zone["trend"] == {"slope": max(zone["means"])}


def test_text_csv_and_json_say_the_same(trend, tmp_path, write_raster, run_cli):
    cover = np.repeat(np.array([[1, 2, 3]], np.uint8), 10, axis=1).repeat(20, axis=0)
    write_raster(tmp_path / "cover.tif", cover)
    command = ["table", "in/trend.tif", "--zones", "cover.tif"]
    text = run_cli(*command).stdout
    rows = list(csv.DictReader(io.StringIO(run_cli(*command, "--csv").stdout)))
    data = json.loads(run_cli(*command, "--json").stdout)
    for row, zone in zip(rows, data["zones"], strict=True):
        assert row["zone"] == zone["name"]
        assert float(row["mean: slope"]) == zone["trend"]["slope"]
        assert float(row["mean: least_valid"]) == zone["least_valid"]
        for of_class in zone["classes"]:
            assert float(row[f"area_m2: {of_class['name']}"]) == of_class["area"]
        [line] = [line for line in text.splitlines() if line.startswith(f"{zone['name']}  ")]
        assert f"{zone['trend']['pvalue']:.4g}" in line


def test_inputs_that_have_moved_or_changed(inputs, tmp_path, write_raster, run_cli):
    pixeltrend.slope(inputs, tmp_path / "trend.tif", stats="slope,pvalue", workers=1)
    write_raster(tmp_path / "cover.tif", np.ones((20, 30), np.uint8))
    command = ["table", "trend.tif", "--zones", "cover.tif"]
    done = run_cli(*command)
    assert (done.returncode, done.stdout) == (3, "")
    assert "(--no-means does without)" in done.stderr
    assert done.stderr.endswith("if they have moved, name them after trend.tif\n")
    assert run_cli(*command, "--no-means").returncode == 0
    done = run_cli("table", "trend.tif", "in/*.tif", "--zones", "cover.tif")
    assert (done.returncode, done.stderr) == (0, "")
    pixeltrend.slope(inputs, tmp_path / "trend.tif", stats="slope", workers=1, update=True)
    write_raster(inputs[0], np.ones((20, 30), np.float32))
    done = run_cli(*command)
    assert done.returncode == 0
    assert f"Warning: since trend.tif was made: {inputs[0]} has changed" in done.stderr


def test_a_zone_without_values_has_no_trend(tmp_path, write_stack, write_raster):
    layer = np.arange(20.0).reshape(4, 5)
    layer[0] = math.nan
    inputs = write_stack(tmp_path / "in", [layer, layer * 2, layer * 3])
    pixeltrend.slope(inputs, tmp_path / "in" / "trend.tif", stats="slope,pvalue", workers=1)
    cover = np.ones((4, 5), np.uint8)
    cover[0] = 5
    path = write_raster(tmp_path / "cover.tif", cover)
    one, five = table(tmp_path / "in" / "trend.tif", zones=str(path)).zones
    assert one.least_valid == 1
    assert (five.means, five.least_valid) == ((None,) * 3, None)
    assert five.trend["slope"] is None
    assert [row.share for row in five.classes] == [None] * 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "NAMES"}, r"no field 'NAMES'; it has NAME; did you mean NAME\?"),
        ({"layer": "none"}, r"no layer 'none'; it has zones"),
    ],
    ids=["field", "layer"],
)
def test_what_polygons_do_not_have_is_refused(trend, tmp_path, options, message):
    path = write_polygons(tmp_path / "z.gpkg", [("a", box(0, 0, 2, 2))])
    with pytest.raises(InputError, match=message):
        table(trend, zones=str(path), **options)


def test_files_without_zones_are_refused(trend, tmp_path, write_raster):
    two = write_polygons(tmp_path / "two.gpkg", [("a", box(0, 0, 2, 2))], layers=("one", "two"))
    with pytest.raises(InputError, match="has the layers one, two; say which with --layer"):
        table(trend, zones=str(two))
    assert len(table(trend, zones=str(two), layer="two", means=False).zones) == 1
    points = write_polygons(tmp_path / "points.gpkg", [("a", [(LEFT, TOP)])])
    with pytest.raises(InputError, match=r"polygon 1 \(a\): is a POINT, which has no area"):
        table(trend, zones=str(points), by="NAME")
    parts = write_raster(tmp_path / "parts.tif", np.full((20, 30), 0.5, np.float32))
    with pytest.raises(InputError, match="its numbers are not whole, so they are not zones"):
        table(trend, zones=str(parts), means=False)
    with pytest.raises(InputError, match="has no polygons, and so no fields and layers"):
        table(trend, zones=str(parts), by="NAME")
    with pytest.raises(InputError, match="No such file"):
        table(trend, zones=str(tmp_path / "none.gpkg"))
    bare = write_raster(tmp_path / "bare.tif", np.ones((2, 3), np.uint8), crs="")
    with pytest.raises(InputError, match="and one has no CRS"):
        table(trend, zones=str(bare))
    with pytest.raises(ArgumentError, match="by: needs zones"):
        table(trend, by="NAME")
