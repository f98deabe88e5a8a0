"""The section on performance: figures beside each other, and no judgement."""

import msgspec
import pytest
from lxml import html

from conformance.model import Measurement
from conformance.report import page
from conformance.report.sections.performance import SECTION, compared, repeated, reuse


def section(report):
    """The words and the tree of the section."""
    tree = html.document_fromstring(page.render(report, [SECTION]).decode("utf-8"))
    (found,) = tree.xpath("//section[@id='performance']")
    return found, " ".join(found.text_content().split())


def with_performance(report, *measurements):
    return msgspec.structs.replace(
        report, run=msgspec.structs.replace(report.run, performance=tuple(measurements))
    )


def measurement(calls=20, tokens=1, retries=None, subject="product", note=""):
    return Measurement(
        subject=subject,
        carrier="http",
        latencies=(),
        calls=calls,
        token_requests=tokens,
        retries=retries,
        note=note,
    )


@pytest.mark.parametrize(
    ("product", "reference", "sentence"),
    [
        (122.0, 15.1, "The product takes 8.1 times as long as the reference."),
        (310.2, 22.0, "The product takes 14 times as long as the reference."),
        (10.0, 22.0, "The reference takes 2.2 times as long as the product."),
        (18.0, 15.1, "The product takes about as long as the reference."),
        (15.1, 18.0, "The product takes about as long as the reference."),
        (0.01, 15.0, ""),
        (0.0, 0.0, ""),
        (1e300, 1e-3, ""),
    ],
)
def test_medians_are_compared_in_words(product, reference, sentence):
    """The longer one is named with the quotient; less than a quarter of difference is about the same."""
    assert compared(product, reference) == sentence


@pytest.mark.parametrize(
    ("calls", "tokens", "told"),
    [
        (20, 1, "1 for 20 calls"),
        (20, 3, "3 for 20 calls"),
        (20, 20, "one for each of 20 calls"),
        (1, 1, "1 for 1 call"),
        (20, 0, "none for 20 calls: one was held from before"),
        (0, 0, "not measured"),
    ],
)
def test_reuse_is_told_in_words(calls, tokens, told):
    """How many tokens a number of calls took."""
    assert reuse(measurement(calls, tokens)) == told


@pytest.mark.parametrize(
    ("retries", "told"), [(None, "not measured"), (0, "none"), (1, "1 request"), (3, "3 requests")]
)
def test_repetitions_are_told_in_words(retries, told):
    """What was not measured is not said to be none."""
    assert repeated(measurement(retries=retries)) == told


def test_product_and_reference_stand_below_each_other(sample):
    """Each kind of call has a row of the product and one of the reference, with the comparison above."""
    tree, words = section(sample.ready())
    assert [row.text_content() for row in tree.xpath(".//tbody/tr/th[@scope='row']")] == [
        "Product",
        "Reference",
    ] * 3
    assert [cell.text_content() for cell in tree.xpath(".//tbody[1]/tr[2]/td")][:3] == [
        "5",
        "310 ms",
        "931 ms",
    ]
    assert [cell.text_content() for cell in tree.xpath(".//tbody[2]/tr[3]/td")][:3] == [
        "10",
        "4.4 ms",
        "13 ms",
    ]
    assert "The product takes 14 times as long as the reference." in words
    told = [[each.text_content() for each in tale.xpath("dd")] for tale in tree.xpath(".//dl/div")]
    assert told == [
        ["Product: one for each of 20 calls", "Reference: 1 for 20 calls"],
        ["Product: none", "Reference: 1 request"],
    ]


def test_bars_are_to_the_scale_of_their_kind(sample):
    """The longest 95th percentile of a kind is the whole width; all else is in proportion to it."""
    tree, _ = section(sample.ready())
    lengths = [
        [float(bar.get("width")) for bar in row.xpath(".//rect")] for row in tree.xpath(".//tbody[1]/tr")[1:]
    ]
    assert lengths == [[100.0, 33.33], [7.09, 2.36]]


def test_nothing_is_judged(sample):
    """No tag, no colour of a verdict and no sign stands in the section, whatever the figures are."""
    tree, words = section(sample.ready())
    assert not tree.xpath(
        ".//*[contains(@class, 'tag') or contains(@class, 'bad') or contains(@class, 'warn')]"
    )
    assert "none of them counts for or against readiness" in words


def test_what_was_not_measured_is_said(sample):
    """Without figures there is one sentence, and no table."""
    tree, words = section(with_performance(sample.ready()))
    assert "Not measured in this run." in words
    assert not tree.xpath(".//table")


def test_what_could_not_be_measured_is_noted(sample):
    """A measurement without figures still tells why."""
    report = with_performance(sample.ready(), measurement(0, 0, note="Measuring was given up: <why>."))
    tree, words = section(report)
    assert "Product: Measuring was given up: <why>." in words
    assert not tree.xpath(".//table")
