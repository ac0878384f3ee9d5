"""Times out of tables, as people and spreadsheets write them."""

from __future__ import annotations

import csv
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixeltrend.errors import InputError
from pixeltrend.times.dates import decimal_year
from pixeltrend.times.tables import times_from_table

NAMES = ["a.tif", "b.tif"]
TIMES = [1995, decimal_year(1996, 7, 15)]


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "times.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "a.tif,1995\nb.tif,1996-07-15\n",
        "a.tif;1995\nb.tif;1996-07-15",
        "a.tif\t1995\nb.tif\t1996-07-15\n",
        "b.tif,1996-07-15\na.tif,1995\nc.tif,1997\n",
        "file,time\na.tif,1995\nb.tif,1996-07-15\n",
        '"file","time"\n"a.tif","1995"\n"b.tif","1996-07-15"\n',
        "# made by hand\n\na.tif, 1995\n   \n# later\nb.tif , 19960715\n",
        "# with a head\nfile,time\na,1995\nb,1996/07/15\n",
        b"\xef\xbb\xbfa.tif,1995\r\nb.tif,1996-07-15\r\n",
        b"a.tif\t1995\rb.tif\t1996-07-15\r",
        "a.tif;1995;;\nb.tif;1996-07-15;;\n",
        "data/a.tif,1995\n/elsewhere/b.tif,1996-07-15T10:30:00Z\n",
        "..\\data\\a.tif,1995\nD:\\data\\b,1996-07-15 10:30\n",
    ],
)
def test_tables(table, text):
    assert times_from_table(table(text), NAMES) == TIMES
    assert times_from_table(str(table(text)), NAMES[::-1]) == TIMES[::-1]


def test_a_decimal_comma_in_a_table_of_semicolons(table):
    assert times_from_table(table("a.tif;1995,0\nb.tif;1996,5"), NAMES) == [1995, 1996.5]


def test_a_name_with_a_comma(table):
    assert times_from_table(table('"a, b.tif",1995'), ["x/a, b.tif"]) == [1995]


@pytest.mark.parametrize(
    "text",
    [
        "1/a.tif,1995\n2/a.tif,1996\n",
        "x/1/a,1995\nx/2/a,1996\n",
        "a.tif,1997\nx/1/a.tif,1995\n2/a.tif,1996\n",
        "1/a.tif,1997\nx/1/a.tif,1995\nx/2/a.tif,1996\n",
    ],
)
def test_one_name_in_two_folders(table, text):
    assert times_from_table(table(text), ["x/1/a.tif", "x/2/a.tif"]) == [1995, 1996]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.tif,1995\n", "times.csv: no line for b.tif; add one, such as b.tif,1995-07-15"),
        ("", "times.csv: no line for a.tif; add one, such as a.tif,1995-07-15"),
        ("a.tiff,1995\nb.tif,1996", "times.csv: no line for a.tif; add one"),
        ("A.tif,1995\nb.tif,1996", "times.csv: no line for a.tif; add one"),
        (
            "a.tif,1995\n\na,1995\nb.tif,1996",
            "times.csv, line 3: a gives a.tif a time, and so does line 1 with a.tif; leave one",
        ),
        ("1/a.tif,1995\n2/a.tif,1996\nb.tif,1997", "times.csv, line 2: 2/a.tif gives a.tif a"),
        ("file,time\na.tif,1995-02-30", "times.csv, line 2: '1995-02-30' is not a day of the"),
        ("a.tif,1995\nb.tif,soon", "times.csv, line 2: 'soon' is not a time; write 1995, 1995-07,"),
        ("a.tif,15.07.1995", "times.csv, line 1: '15.07.1995' is not a time; write 1995, 1995-07,"),
        ("file,time\nname,when\na.tif,1995", "times.csv, line 2: 'when' is not a time; write 1995"),
        ("a.tif,1995\nb.tif", "times.csv, line 2: 'b.tif' is not a file and a time; write FILE,"),
        ("a.tif,1995\nb.tif;1996", "times.csv, line 2: 'b.tif;1996' is not a file and a time;"),
        ("a.tif,1995,7", "times.csv, line 1: 'a.tif,1995,7' is not a file and a time; write FIL"),
        (",1995", "times.csv, line 1: ',1995' is not a file and a time; write FILE,TIME"),
        ('"a.tif,1995', "times.csv, line 1: '\"a.tif,1995' is not a file and a time; write FILE"),
        (b"\xff\xfea\x00", "times.csv: is not a text file in UTF-8; save it as CSV UTF-8"),
    ],
)
def test_tables_that_are_refused(table, text, said):
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        times_from_table(table(text), NAMES)
    assert "\n" not in str(refused.value)


def test_a_line_that_could_be_two_inputs_is_refused(table):
    said = r"line 1: a.tif could be 1/a.tif or 2/a.tif; give each its own line, with its folder"
    with pytest.raises(InputError, match=said):
        times_from_table(table("a.tif,1995"), ["1/a.tif", "2/a.tif"])


def test_no_table(tmp_path):
    with pytest.raises(InputError, match=r"times\.csv: No such file"):
        times_from_table(tmp_path / "times.csv", NAMES)
    with pytest.raises(InputError, match="directory"):
        times_from_table(tmp_path, NAMES)


files = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="/\\"), min_size=1, max_size=9
)


@given(
    st.dictionaries(files, st.dates(), min_size=1, max_size=8),
    st.sampled_from(",;\t"),
    st.sampled_from(["%04Y-%m-%d", "%04Y%m%d"]),
    st.booleans(),
)
def test_what_the_csv_module_writes_is_read(dates, delimiter, form, headed):
    names = [f"/data/{name}.tif" for name in dates]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "times.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writerows([("file", "time")] if headed else [])
            writer.writerows(
                (name, f"{date.year:04}" + date.strftime(form[4:]))
                for name, date in zip(names, dates.values(), strict=True)
            )
        expected = [decimal_year(date.year, date.month, date.day) for date in dates.values()]
        assert times_from_table(path, names) == expected
