"""What holds of every page, and what certain pages must say."""

import itertools
import re
import time

import msgspec
import pytest
from lxml import html

from conformance.model import Status
from conformance.report import SECTIONS, page


def text_of(element):
    return " ".join(element.text_content().split())


@pytest.fixture
def draw(sample):
    def drawn(name):
        return html.document_fromstring(page.render(sample.ALL[name](), SECTIONS).decode("utf-8"))

    return drawn


def test_has_one_first_heading(tree):
    """A page has exactly one h1."""
    assert len(tree.xpath("//h1")) == 1


def test_headings_descend_one_step_at_a_time(tree):
    """No heading is more than one level below the one before it."""
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3|//h4")]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_sections_stand_in_their_order(tree):
    """The sections of the page are those of the ordered list."""
    assert [section.get("id") for section in tree.xpath("//main/section")] == [
        "verdict",
        "mend",
        "capabilities",
        "requirements",
        "gaps",
        "performance",
        "evidence",
        "changes",
        "registration",
        "admissions",
        "environment",
        "doubts",
    ]


def test_loads_nothing(tree):
    """Nothing on the page is fetched: each link stays on it, and nothing has a source."""
    assert not tree.xpath(
        "//@src|//@srcset|//@action|//@poster|//@background|//script|//iframe|//object|//embed"
    )
    targets = {target for target in tree.xpath("//@href") if not target.startswith("#")}
    assert targets == {"data:,"}
    style = "".join(tree.xpath("//style/text()|//@style"))
    assert "url(" not in style
    assert "@import" not in style


def test_forbids_what_it_does_not_need(tree):
    """The page's own policy lets a browser load nothing and run nothing."""
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy


def test_has_no_handler(tree):
    """No element has an event handler."""
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]


def test_links_lead_somewhere(tree):
    """Each link within the page has its place, and no two places have the same name."""
    places = tree.xpath("//@id")
    assert len(places) == len(set(places))
    assert {target[1:] for target in tree.xpath("//@href") if target.startswith("#")} <= set(places)


def test_has_landmarks(tree):
    """The page has a banner, a named navigation, a main part and a footer, and a way past the first two."""
    for landmark in ("header", "nav", "main", "footer"):
        assert len(tree.xpath(f"//{landmark}")) == 1, landmark
    assert tree.xpath("//nav/@aria-label") == ["Contents"]
    assert tree.xpath("//body/a[1]")[0].get("href") == "#verdict"


def test_names_what_it_draws(tree):
    """Each drawing and each region has a name for those who do not see it."""
    for element in tree.xpath("//*[@role='img' or @role='region']"):
        assert element.get("aria-label"), html.tostring(element)[:200]
    assert all(sign.get("aria-hidden") for sign in tree.xpath("//svg[not(@role)]"))


def test_scopes_table_headers(tree):
    """Each header cell says what it is the header of."""
    assert {cell.get("scope") for cell in tree.xpath("//th")} <= {"col", "row", "rowgroup"}


def test_says_the_verdict_first(tree, report):
    """The verdict's word and the beginning of its sentence open the main part."""
    (sheet,) = tree.xpath("//main/section[1]//div[contains(@class, 'verdict')]")
    assert text_of(sheet).startswith(report.verdict.readiness.value.capitalize())
    if report.verdict.sentence.isprintable():
        assert report.verdict.sentence in text_of(sheet)


def test_says_what_ready_means(tree):
    """Every sheet says that ready is not certified."""
    (sheet,) = tree.xpath("//main/section[1]")
    assert "Ready means ready to apply, not certified." in text_of(sheet)


def test_gives_each_requirement_a_row(tree, report):
    """Each requirement of the report has one row that can be linked to."""
    rows = tree.xpath("//section[@id='requirements']//tbody/tr/@id")
    assert set(rows) >= {requirement.id for requirement in report.requirements}


def test_filters_know_every_row(tree):
    """Each choice of a filter is one that the style sheet knows, and takes in at least one row."""
    style = "".join(tree.xpath("//style/text()"))
    rows = tree.xpath("//section[@id='requirements']//tbody/tr")
    values = {
        "f": lambda row: row.get("class"),
        "l": lambda row: row.get("data-l"),
        "c": lambda row: row.get("data-c"),
    }
    for choice in tree.xpath("//form[@class='filters']//input/@id"):
        kind, _, value = choice.partition("-")
        if value == "all":
            continue
        assert f"#requirements:has(#{choice}:checked)" in style
        if kind in values:
            assert value in {values[kind](row) for row in rows}
        else:
            assert tree.get_element_by_id(f"requirements-{value}") is not None


def test_is_drawn_alike(report, drawn):
    """The same report gives the same bytes."""
    assert page.render(report, SECTIONS) == drawn


def test_holds_no_unseen_character(drawn):
    """Controls, direction overrides and zero-width characters never reach the page."""
    unseen = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
    assert not re.search(unseen, drawn.decode("utf-8"))


def test_ready_page_has_nothing_to_mend(draw):
    """A product that passes everything is told so, with the end of validity."""
    tree = draw("ready")
    assert "Nothing. Every point of the profile" in text_of(tree.get_element_by_id("mend"))
    assert "20 May 2027" in text_of(tree.get_element_by_id("verdict"))
    assert not tree.xpath("//article")


def test_page_one_identifies_the_product(draw):
    """The sheet names product, version, digest, profile, kit and seed."""
    sheet = text_of(draw("failing").get_element_by_id("verdict"))
    for fact in (
        "Example SMS 7.1.9; its version in its own words is 7.2.0",
        "sha256:9c41d07b5a1e4f0c86e2b7d91f35aa027c64e9b8130fd2c5768f4a92b1d3e07b",
        "usi-cloud 2026.1",
        "evte-conformance 1.0.0, seed 7",
        "21 Nov 2026, 10:42 UTC, 48 s",
        "synthetic, made by the kit",
        "How sharp the kit isnot measured yet",
        "evte verify DIR",
    ):
        assert fact in sheet


def test_mends_the_gravest_first(draw):
    """What cannot be waived comes first, then other MUSTs, then what is waived or a SHOULD."""
    cards = draw("failing").xpath("//article/@id")
    assert cards[0] == "mend-STS-P06"
    assert set(cards[1:4]) == {"mend-USI-CHK-02", "mend-STS-R11", "mend-USI-VER-02"}
    assert cards[4:] == ["mend-KS-K12", "mend-KS-K15", "mend-STS-P12"]


def test_card_has_all_it_takes(draw):
    """A card shows requirement, source, both answers with marks, cause, remedy, command and evidence."""
    card = draw("failing").get_element_by_id("mend-STS-R11")
    told = text_of(card)
    for part in (
        "The request is signed with rsa-sha256",
        "MAS-ST service definition, v1.3, algorithm suite",
        "An unpatched Metro, or a suite name",
        "In C#: Set AlgorithmSuite = Basic256Sha256",
        "evte run --iut 'cmd:dotnet run --project harness' --profile usi-cloud --only",
        "A token on behalf of another organisation",
    ):
        assert part in told
    assert [mark.text for mark in card.xpath(".//ins")] == ["1", "4", "-more", "sha256"]
    assert [mark.text for mark in card.xpath(".//mark")] == ["0", "9", "sha1"]


def test_example_is_taken_apart(draw):
    """A request line is shown as method and parameters, a letter that passes for another one explained."""
    card = draw("failing").get_element_by_id("mend-USI-CHK-02")
    (call,) = card.xpath(".//dl[@class='call']")
    assert [text_of(part) for part in call] == ["usi.validate", "usi", '"BNGH7C75F\u041d⟨U+041D⟩"']
    assert call.xpath(".//span/@title") == ["U+041D CYRILLIC CAPITAL LETTER EN"]


def test_incomplete_page_says_what_is_open(draw):
    """A broken harness is named before anything else, and what is open is counted."""
    mend = text_of(draw("incomplete").get_element_by_id("mend"))
    assert mend.startswith("What to mend first The harness comes first")
    assert "echo the id of the request, and answer each request once" in mend
    assert "the run ended before them" in mend


def test_nothing_not_tested_reads_as_passed(draw):
    """In a run that never began no requirement has a passing mark."""
    tree = draw("empty")
    assert not tree.xpath("//section[@id='requirements']//tr[contains(@class, 'ok')]")
    assert "did not introduce itself" in text_of(tree.get_element_by_id("verdict"))


OPERATIONS = ("usi.call.BulkVerifyUSI", "usi.call.CreateUSI", "usi.call.GetCountries")


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (OPERATIONS, "all 4"),
        (OPERATIONS[1:2], "VerifyUSI, CreateUSI; the other 2 are declared absent"),
        ((), "VerifyUSI; the other 3 are declared absent"),
    ],
    ids=["all", "one-more", "verification-only"],
)
def test_the_sheet_tells_which_operations_are_offered(sample, offered, told):
    """Whoever reads the first page only must not take a product for more than it offers."""
    report = sample.ready()
    run = msgspec.structs.replace(
        report.run,
        profile=msgspec.structs.replace(report.run.profile, may_be_absent=("keystore.renew", *OPERATIONS)),
        implementation=msgspec.structs.replace(
            report.run.implementation, capabilities=("usi.call", *offered)
        ),
    )
    drawn = page.render(msgspec.structs.replace(report, run=run), SECTIONS)
    sheet = text_of(html.document_fromstring(drawn.decode("utf-8")).get_element_by_id("verdict"))
    assert sheet.partition("Operations of the registry")[2].strip().startswith(told)


def test_what_does_not_apply_is_told_once_per_reason(sample):
    """A hundred points that are absent for one reason are one line, on the sheet and among the gaps."""
    report = sample.ready()
    absent = {"status": Status.NOT_APPLICABLE, "message": "CreateUSI is declared absent"}
    chosen = [each.requirement for each in report.run.results if each.requirement.startswith("USI-")]
    results = tuple(
        msgspec.structs.replace(each, **absent) if each.requirement in chosen else each
        for each in report.run.results
    )
    run = msgspec.structs.replace(report.run, results=results)
    drawn = page.render(msgspec.structs.replace(report, run=run), SECTIONS)
    tree = html.document_fromstring(drawn.decode("utf-8"))
    told = f"{len(chosen)} points of {len(set(chosen))} requirements: CreateUSI is declared absent"
    assert told in text_of(tree.get_element_by_id("verdict"))
    assert text_of(tree.get_element_by_id("gaps")).count("CreateUSI is declared absent") == 1


def test_waiver_is_shown_with_its_end(draw):
    """A waived failure is a condition, shown with owner, reason and expiry."""
    tree = draw("failing")
    assert "waived" in text_of(tree.get_element_by_id("KS-K12"))
    sheet = text_of(tree.get_element_by_id("verdict"))
    assert "until 30 Jan 2027" in sheet
    assert "j.doe@example.com" in sheet


def test_chart_marks_the_wrong_message(draw):
    """The sequence chart and the message show the same finding."""
    inside = draw("failing").get_element_by_id("evidence-token-cloud")
    assert [text_of(text) for text in inside.xpath(".//svg/text[@class='e']")] == ["RequestSecurityToken"]
    assert [text_of(text) for text in inside.xpath(".//svg/text[@class='b']")] == ["1"]
    (drawing,) = inside.xpath(".//svg[@class='seq']/use/@href")
    assert len(inside.getroottree().xpath(f"//*[@id='{drawing[1:]}']/g[@class='err']")) == 1
    marked = inside.xpath(".//pre//mark")
    assert [mark.text for mark in marked] == ["http://www.w3.org/2000/09/xmldsig#rsa-sha1"]


def test_hostile_text_stays_text(draw):
    """A stranger's markup makes no element, and his megabyte stays out."""
    tree = draw("hostile")
    assert not tree.xpath("//script")
    assert "</script><script>alert(1)</script>⟨ESC⟩[31mred⟨NUL⟩" in text_of(tree)
    assert len(html.tostring(tree)) < 300_000


def test_large_run_is_small_and_quick(sample):
    """Five thousand results and 700 transcripts give a page under 5 MB, in seconds on a slow machine.

    `benchmarks/report.py` measures it: half a second.
    """
    report = sample.large(5_000, 700)
    began = time.process_time()
    drawn = page.render(report, SECTIONS)
    assert len(drawn) < 5_000_000
    assert time.process_time() - began < 3
