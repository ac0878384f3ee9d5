"""The page in a browser: it draws, answers clicks and keys, loads nothing, and runs nothing else.

Skipped where Chromium is not installed.
"""

import io
import time

import numpy as np
import pytest
from browser import browsing, find_chromium
from matplotlib.image import imread
from osgeo import gdal

import pixeltrend
from pixeltrend.raster.places import Point
from pixeltrend.views.colours import MISSING

pytest.importorskip("bokeh", reason="pages need Bokeh")
pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium: apt-get install chromium"
)

HEIGHT, WIDTH = 40, 60
# Seconds in which a browser has drawn, however busy the machine is.
PATIENCE = 60
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1> $$x$$"


@pytest.fixture(scope="module")
def trend(tmp_path_factory, write_stack, make_values):
    """Missing in rows 5 to 14 and columns 40 to 49; the third band has a hostile name."""
    folder = tmp_path_factory.mktemp("series")
    values = make_values(12, HEIGHT, WIDTH, gaps=0.1)
    values[:, 5:15, 40:50] = np.nan
    inputs = write_stack(folder, values, unit=HOSTILE[-20:])
    path = folder / "trend.tif"
    pixeltrend.slope(inputs, path, stats="slope,pvalue,n_valid,rmse", workers=1)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(4).SetDescription(HOSTILE)
    del dataset
    return path


@pytest.fixture(scope="module")
def page(trend):
    path = trend.with_name("page & more.html")
    assert pixeltrend.report(trend, path).exact
    return path


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browsing(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


def text(tab, name):
    return tab.evaluate(f"document.getElementById({name!r}).textContent")


def cells(tab, table):
    """The rows of a table as lists of texts."""
    return tab.evaluate(
        f"[...document.querySelectorAll('#{table} tbody tr')]"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )


def number(cell):
    return None if cell == "missing" else float(cell)


def look(tab):
    """A picture of the map, (rows, columns, 3) of bytes, and where its corner is."""
    box = tab.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])"
        "(document.getElementById('map').getBoundingClientRect())"
    )
    image = (imread(io.BytesIO(tab.picture()))[..., :3] * 255).round().astype(int)
    x, y, width, height = map(round, box)
    return image[y : y + height, x : x + width], (x, y)


def until(answer):
    """Return the first answer that is true; a busy browser draws when it comes to it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := answer()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def drawn(tab):
    """A picture of the map with its colours, and where its corner is."""
    until(lambda: (look(tab)[0] == MISSING).all(axis=-1).sum() > 100)
    return look(tab)


def centre_of(colour, image):
    """Where, on the whole, the pixels of a colour are."""
    down, across = np.nonzero((image == colour).all(axis=-1))
    assert len(down) > 100
    return across.mean(), down.mean()


def test_nothing_is_loaded_nothing_complains_and_no_name_is_run(tab, page):
    tab.open(page)
    for band in range(4):
        tab.evaluate(
            f"(band => {{ band.value = {band}; band.dispatchEvent(new Event('change')); }})"
            "(document.getElementById('band'))"
        )
    assert text(tab, "band").endswith(HOSTILE)
    assert "Root of the mean" in tab.evaluate("document.querySelectorAll('.legend')[3].textContent")
    assert not tab.evaluate("document.querySelectorAll('.legend')[3].hidden")
    assert tab.requests() == [page.as_uri()]
    assert tab.complaints() == []
    assert tab.evaluate("typeof window.hacked") == "undefined"


def test_an_injected_script_would_not_run(tab, page):
    """The policy of the page refuses what is not ours, even where escaping failed."""
    tab.open(page)
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hacked=1>')")
    tab.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.hacked = 1'}))"
    )
    tab.evaluate("new Promise(done => setTimeout(done, 100))")
    assert tab.evaluate("typeof window.hacked") == "undefined"
    assert tab.requests() == [page.as_uri()]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_map_draws_and_a_click_finds_what_lies_there(tab, page, trend, dark):
    tab.open(page, dark=dark)
    image, (left, top) = drawn(tab)
    x, y = centre_of(MISSING, image)
    tab.click(left + x, top + y)
    row, column = (
        tab.evaluate(f"Number(document.getElementById('{name}').value)")
        for name in ("row", "column")
    )
    assert abs(row + 0.5 - 10) <= 1
    assert abs(column + 0.5 - 45) <= 1
    assert {cells(tab, "written")[0][1], cells(tab, "values")[0][1]} == {"missing"}


def test_a_click_gives_the_numbers_of_pixel(tab, page, trend):
    tab.open(page)
    _, (left, top) = drawn(tab)
    tab.click(left + 300, top + 350)
    place = [
        tab.evaluate(f"Number(document.getElementById('{name}').value)")
        for name in ("row", "column")
    ]
    assert place != [HEIGHT // 2, WIDTH // 2]
    command = text(tab, "command").split()
    assert command[:4] == ["pixeltrend", "pixel", "trend.tif", "--at"]
    [expected] = pixeltrend.pixel(trend, [Point(float(command[4]), float(command[5]))])
    assert [expected.place.row, expected.place.column] == place
    for (name, shown), band in zip(cells(tab, "written"), expected.written, strict=True):
        assert name == band.band
        assert number(shown) == pytest.approx(band.written, rel=1e-8)
    for (date, value, line), point in zip(cells(tab, "values"), expected.values, strict=True):
        assert date == point.date
        assert number(value) == (point.value and pytest.approx(point.value, rel=1e-8))
        assert number(line) == pytest.approx(point.line, rel=1e-8)


def test_it_begins_with_a_pixel_that_has_a_result(tab, tmp_path, write_stack, make_values):
    values = make_values(5, 9, 9)
    values[:, 0:8, 1:7] = np.nan
    trend = tmp_path / "in" / "trend.tif"
    pixeltrend.slope(write_stack(tmp_path / "in", values), trend, workers=1)
    pixeltrend.report(trend, tmp_path / "page.html")
    tab.open(tmp_path / "page.html")
    assert text(tab, "where").startswith("Row 4, column 7:")
    assert cells(tab, "written")[0][1] != "missing"


def test_keys_do_what_the_mouse_does(tab, page):
    tab.open(page)
    tab.evaluate("document.getElementById('map').focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        tab.press(key)
    assert text(tab, "where").startswith(f"Row {HEIGHT // 2 - 1}, column {WIDTH // 2 + 2}")
    before, _ = drawn(tab)
    tab.press("+")
    until(lambda: not np.array_equal(look(tab)[0], before))
    tab.evaluate("document.getElementById('level').focus()")
    tab.press("ArrowLeft")
    assert text(tab, "level-shown") == "0.02"
    assert text(tab, "significant").startswith("pvalue <= 0.02: ")


def test_the_sliders_fade_what_is_not_significant(tab, page):
    tab.open(page)

    def faded():
        colours = tab.evaluate(
            "[...document.querySelectorAll('.legend:not([hidden]) .swatch')]"
            ".map(swatch => getComputedStyle(swatch).backgroundColor)"
        )
        image = look(tab)[0].reshape(-1, 3)
        whole = [tuple(map(int, colour[4:-1].split(","))) for colour in colours[:-1]]
        return sum(int((image == colour).all(axis=1).sum()) for colour in whole)

    def slide(name, value):
        tab.evaluate(
            f"(slider => {{ slider.value = {value}; slider.dispatchEvent(new Event('input')); }})"
            f"(document.getElementById('{name}'))"
        )

    drawn(tab)
    some = until(faded)
    slide("level", 0)
    until(lambda: 0 < faded() < some)
    slide("opacity", 100)
    until(lambda: faded() > some)


@pytest.mark.parametrize("width", [320, 380, 1000])
def test_no_page_is_wider_than_its_window(tab, page, width):
    tab.open(page, width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
