"""The methods paragraph: what it says is true for exactly the options used."""

import pytest

from pixeltrend.raster.provenance import Provenance, options_text
from pixeltrend.views.methods_text import methods_text


def text_of(method="ols", **options):
    facts = Provenance(
        method, (2001.0, 2002.0, 2004.0), ("a.tif", "b.tif", "c.tif"), (1,), options_text(options)
    )
    return methods_text(facts, "1.2.3")


@pytest.mark.parametrize(
    ("options", "said", "unsaid", "cited"),
    [
        (
            {},
            ["by least squares", "3 rasters, from 2001 to 2004", "pixeltrend 1.2.3"],
            ["p-value", "Limits", "composite", "read with"],
            ["Draper"],
        ),
        (
            {"stats": "slope,pvalue"},
            ["Student's t with n - 2 degrees"],
            ["n_eff", "adjusted"],
            ["Draper"],
        ),
        (
            {"stats": "slope,pvalue", "correction": "ar1"},
            ["n_eff - 2 degrees"],
            ["n - 2 degrees"],
            ["Draper", "Kendall, M. G. (1954)", "Marriott", "Santer"],
        ),
        (
            {"stats": "slope,pvalue", "steps": "2003"},
            ["level of its own for groups of rasters (divided at 2003)", "n - groups - 1"],
            [],
            ["Draper"],
        ),
        (
            {"method": "gls", "stats": "slope,pvalue"},
            ["generalized least squares"],
            ["by least squares"],
            ["Ives", "Pinheiro"],
        ),
        (
            {"method": "theil-sen"},
            ["all pairs of values, over time"],
            ["Mann-Kendall"],
            ["Sen", "Theil"],
        ),
        (
            {"method": "theil-sen", "stats": "slope,pvalue", "fdr": "by"},
            ["Mann-Kendall", "exact for up to 33", "under any dependence"],
            ["Student"],
            ["Benjamini, Y. and Yekutieli", "Kendall, M. G. (1970)", "Mann", "Sen", "Theil"],
        ),
        (
            {"method": "mann-kendall", "alternative": "increasing"},
            ["one-sided, increasing"],
            ["two-sided", "slope"],
            ["Kendall, M. G. (1970)", "Mann"],
        ),
        (
            {"method": "mann-kendall", "correction": "hamed-rao"},
            ["from three lags"],
            ["exact"],
            ["Hamed", "Kendall, M. G. (1970)", "Mann", "Rao"],
        ),
        (
            {"method": "mann-kendall", "correction": "hamed-rao", "lags": "5"},
            ["from 5 lags"],
            ["three"],
            ["Hamed", "Kendall, M. G. (1970)", "Mann"],
        ),
        (
            {"method": "theil-sen", "stats": "slope,pvalue", "season": "month"},
            ["pairs of values of one season", "same season (month)", "covariances"],
            ["exact"],
            [
                "Hirsch, R. M. and Slack",
                "Hirsch, R. M., Slack",
                "Kendall, M. G. (1970)",
                "Mann",
                "Sen",
                "Theil",
            ],
        ),
        (
            {"stats": "slope", "composite": "p90", "months": "6-8", "min_scenes": "3"},
            ["the percentile 90 of the values in months 6-8 of each year", "fewer than 3 values"],
            [],
            ["Draper"],
        ),
        (
            {"valid_range": "0.0,1.0", "scale": "0.0001"},
            ["read with scale=0.0001, valid_range=0.0,1.0"],
            [],
            ["Draper"],
        ),
        ({"stats": "class", "alpha": "0.01"}, ["p <= 0.01"], ["adjusted"], ["Draper"]),
        (
            {"stats": "slope,slope_lower", "per": "decade", "confidence": "0.9"},
            ["per decade", "confidence of 0.9"],
            ["p-values"],
            ["Draper"],
        ),
    ],
    ids=[
        "bare",
        "pvalue",
        "ar1",
        "steps",
        "gls",
        "theil-sen",
        "by",
        "one-sided",
        "hamed-rao",
        "lags",
        "season",
        "composite",
        "inputs",
        "class",
        "limits",
    ],
)
def test_says_what_was_done_and_nothing_else(options, said, unsaid, cited):
    text = text_of(**options)
    paragraph = " ".join(text.sentences)
    for words in said:
        assert words in paragraph
    for words in unsaid:
        assert words not in paragraph
    assert len(text.references) == len(cited)
    for reference, name in zip(text.references, cited, strict=True):
        assert reference.startswith(name)


def test_a_function_is_named_and_nothing_is_claimed_of_it():
    text = text_of("map my.module:function")
    assert "the function my.module:function was computed" in " ".join(text.sentences)
    assert text.references == ()
