"""The section of changes and trend says what changed, why, and which failures are new."""

import msgspec
import pytest
from lxml import html

from conformance.model import Change, ChangeKind, Readiness, Status, StoredRun
from conformance.report import SECTIONS, page
from conformance.report.comparison import compare
from conformance.report.sections.changes import ROWS, TITLES

replace = msgspec.structs.replace


def drawn(report):
    page_of = html.document_fromstring(page.render(report, SECTIONS).decode())
    return page_of.get_element_by_id("changes")


def words(element):
    return " ".join(element.text_content().split())


@pytest.fixture
def compared(sample):
    """The failing product against what it was a week before."""
    before, after = sample.conditional(), sample.failing()
    earlier = replace(sample.PRODUCT, version="7.1.0", build="sha256:" + "ab" * 32)
    before = replace(before, run=replace(before.run, started="2026-11-14T09:00:00Z", implementation=earlier))
    return replace(after, changes=compare(before, after))


def stored(day, readiness=Readiness.NOT_READY, **counts):
    return StoredRun(
        started=f"2026-10-{day:02}T09:00:00Z",
        product="Example SMS",
        version="7.0",
        build="",
        profile="usi-cloud",
        kit_version="1.0.0",
        readiness=readiness,
        counts=counts,
    )


def test_without_baseline_and_history_it_says_how_to_have_them(sample):
    """No table and no chart, but the two options."""
    section = drawn(sample.ready())
    assert not section.xpath(".//table|.//figure")
    assert "--baseline DIR" in words(section)
    assert "--history DIR" in words(section)


def test_the_baseline_and_the_number_of_changes_come_first(compared):
    """Which run it was, how it ended, and how many failures are new."""
    lead = words(drawn(compared).find_class("lead")[0])
    assert lead == (
        "Compared with the run of 14 Nov 2026, 09:00 UTC (Example SMS 7.1.0, kit 1.0.0, "
        "READY WITH CONDITIONS): 8 points stand otherwise. 7 failures are new and in the way."
    )


def test_nothing_changed_is_said(sample):
    """The same report again."""
    report = sample.ready()
    section = drawn(replace(report, changes=compare(report, report)))
    assert "no point stands otherwise." in words(section)
    assert not section.xpath(".//table")
    assert [words(each) for each in section.xpath(".//ul/li")] == [
        "The product is the same build.",
        "Kit, catalogue, vectors and profile are the same.",
        "The configuration is the same.",
    ]


def test_each_row_links_its_requirement_and_says_then_and_now(compared):
    """New failures come first; what is waived is said to be."""
    section = drawn(compared)
    rows = [[words(cell) for cell in row.xpath("./th|./td")] for row in section.xpath(".//tbody/tr")]
    assert rows[0] == [
        "USI-CHK-02 refuses_strangers[cyrillic-en]",
        "pass",
        "fail new failure",
        "usi.validate on cyrillic-en is wrong, but it was accepted",
    ]
    assert rows[-1][:3] == ["KS-K12 refuses_tampered[abn]", "pass", "waived"]
    assert section.xpath(".//tbody/tr[1]/th/a/@href") == ["#USI-CHK-02"]


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_every_kind_has_a_heading_and_an_explanation(compared, kind):
    """A reader learns what a kind means where it is used."""
    change = Change(requirement="USI-CHK-01", case="c", kind=kind, after=Status.PASS)
    section = drawn(replace(compared, changes=replace(compared.changes, changes=(change,))))
    title, _, told = TITLES[kind]
    assert words(section.xpath(".//h3")[0]) == f"{title} 1 point"
    assert told in words(section)


def test_a_point_that_the_catalogue_no_longer_has_is_no_link(compared):
    """There is nothing on the page to link to."""
    gone = Change(requirement="OLD-<1>", case="c", kind=ChangeKind.KIT, before=Status.PASS, message="")
    section = drawn(replace(compared, changes=replace(compared.changes, changes=(gone,))))
    assert not section.xpath(".//tbody//a")
    assert [words(cell) for cell in section.xpath(".//tbody/tr/*")] == ["OLD-<1> c", "pass", "no result", ""]


def test_long_lists_are_cut_and_counted(compared):
    """The page stays readable; the file has them all."""
    many = tuple(
        Change(requirement="USI-CHK-01", case=f"c{number}", kind=ChangeKind.MENDED, after=Status.PASS)
        for number in range(ROWS + 3)
    )
    section = drawn(replace(compared, changes=replace(compared.changes, changes=many)))
    assert len(section.xpath(".//tbody/tr")) == ROWS
    assert "and 3 more points in report.json" in words(section)


def test_the_trend_has_a_column_per_run_and_a_table_of_them(compared):
    """This run is the last column and the first row."""
    section = drawn(replace(compared, trend=(stored(1, fail=14, warn=5), stored(8, fail=9, **{"pass": 170}))))
    chart = section.xpath(".//figure//*[@role='img']")[0]
    assert chart.get("aria-label").startswith(
        "3 runs, 1 Oct 2026 to 21 Nov 2026. Points that fail: from 14 to "
    )
    assert len(section.xpath(".//figure//*[local-name()='g']")) == 3
    assert len(section.xpath(".//figure//*[local-name()='rect'][@class='fail']")) == 3
    table = section.xpath(".//details//table")[0]
    assert [words(row)[:11] for row in table.xpath(".//tbody/tr")] == [
        "21 Nov 2026",
        "8 Oct 2026,",
        "1 Oct 2026,",
    ]


def test_hostile_text_is_harmless(compared):
    """What a product or a stored file says of itself is shown, never obeyed."""
    evil = "<script>alert(1)</script>\x1b[31m\u202e"
    run = replace(stored(1, fail=1), product=evil, version=evil, kit_version=evil)
    change = Change(requirement=evil, case=evil, kind=ChangeKind.FLAKY, message=evil, after=Status.FAIL)
    changes = replace(compared.changes, baseline=run, changes=(change,), configuration_differs=(evil,))
    section = drawn(replace(compared, changes=changes, trend=(run,)))
    assert not section.xpath(".//script")
    assert "\x1b" not in section.text_content()
    assert "\u202e" not in section.text_content()
