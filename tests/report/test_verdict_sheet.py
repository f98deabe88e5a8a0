"""Page one answers which product, which version, ready or not, what is missing, and until when."""

import msgspec
import pytest
from lxml import html

from conformance.model import KillScore, Registration
from conformance.report import SECTIONS, page
from conformance.report.sections.verdict import LEAST, LINES, _shares


def drawn(report):
    tree = html.document_fromstring(page.render(report, SECTIONS).decode("utf-8"))
    return tree.get_element_by_id("verdict")


def text_of(element):
    return " ".join(element.text_content().split())


def facts(sheet):
    return {text_of(each.find("dt")): text_of(each.find("dd")) for each in sheet.xpath(".//dl/div")}


def lists(sheet):
    return {
        text_of(heading): [text_of(line) for line in heading.getnext()]
        for heading in sheet.xpath(".//div[@class='notes']//h3")
        if heading.getnext().tag == "ul"
    }


def with_run(report, **changes):
    return msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, **changes))


def test_names_product_and_vendor(sample):
    """Who made the product and whom to ask is on the sheet as the plan states it."""
    told = facts(drawn(sample.crowded()))
    assert told["Vendor"] == (
        "The Example Software and Educational Administration Company of Sydney Pty Ltd, ABN 11000002568"
    )
    assert told["Contact"].startswith("Maria-Magdalena Featherstonehaugh-Cholmondeley, +61 2 5550 0123, ")


@pytest.mark.parametrize(
    ("product", "version", "told"),
    [
        ("Example SMS", "7.2.0", "Example SMS 7.2.0"),
        ("Example SMS", "7.3", "Example SMS 7.3; its version in its own words is 7.2.0"),
        ("Example Suite", "7.2.0", "Example Suite 7.2.0; it calls itself Example SMS 7.2.0"),
        ("", "", "Example SMS 7.2.0"),
    ],
    ids=["alike", "another-version", "another-name", "unstated"],
)
def test_says_where_plan_and_product_differ(sample, product, version, told):
    """A product that calls itself otherwise than its application does is not taken for it in silence."""
    registration = Registration(product=product, version=version)
    report = with_run(sample.ready(), implementation=sample.PRODUCT, registration=registration)
    assert facts(drawn(report))["Product"] == told


def test_every_open_attestation_is_named(sample):
    """Fourteen open questions are fourteen lines, each a link, and a no is told from what is merely open."""
    (asked,) = drawn(sample.crowded()).xpath(".//div[@class='asked']")
    assert text_of(asked.find("h3")) == "Open attestations: 14 of 14"
    assert asked.xpath(".//li//a/@href") == [f"#ATT-LNG-{number:02}" for number in range(1, 15)]
    assert [text_of(tag) for tag in asked.xpath(".//li/span[contains(@class, 'tag')]")] == ["no"]


def test_broken_waivers_come_first_then_those_that_end_soon(sample):
    """What is wrong with a waiver matters most, and one that ends soon more than one that does not."""
    lines = lists(drawn(sample.crowded()))["Waivers"]
    assert lines[0] == (
        "waiver waiver for KS-K02: expired on 2026-11-20; mend the failure or have it admitted anew"
    )
    assert lines[-1] == "and 5 more"
    report = sample.crowded()
    verdict = msgspec.structs.replace(report.verdict, waiver_errors=())
    lines = lists(drawn(msgspec.structs.replace(report, verdict=verdict)))["Waivers"]
    assert lines[0].startswith("ends soon, 30 Nov 2026 KS-K05 ")
    assert lines[1].startswith("until 30 Jan 2027 KS-K02 ")


def test_says_how_sharp_the_kit_is(sample):
    """The kill score is on the sheet; one of another kit or catalogue says so."""
    assert facts(drawn(sample.ready()))["How sharp the kit is"] == "not measured yet"
    report = sample.crowded()
    score = report.kill_score
    told = "112 of 114 known mistakes caught, 0 false alarms"
    for changes, expected in (
        ({}, told),
        ({"kit_version": "0.9"}, f"{told} (kit 0.9)"),
        ({"catalogue_digest": "sha256:00"}, f"{told} (with another catalogue)"),
    ):
        other = msgspec.structs.replace(report, kill_score=msgspec.structs.replace(score, **changes))
        assert isinstance(other.kill_score, KillScore)
        assert facts(drawn(other))["How sharp the kit is"] == expected


def test_says_how_to_check_it(sample):
    """The sheet has the command that verifies the report, and the one that runs all of it again."""
    told = facts(drawn(sample.failing()))
    assert told["Check it"].startswith("evte verify DIR")
    assert told["Run it again"] == (
        'evte run --iut "cmd:dotnet run --project harness" --profile usi-cloud --seed 7 --out DIR'
    )


def test_a_part_of_a_profile_says_so(sample):
    """The report of one shard cannot be taken for the whole."""
    assert facts(drawn(with_run(sample.ready(), shard="2/4")))["Run"].endswith(", part 2/4 of the profile")


@pytest.mark.parametrize(
    ("wanted", "room", "shares"),
    [
        ([1, 1], 14, [1, 1]),
        ([20], 14, [14]),
        ([15], 14, [15]),
        ([20, 30, 40, 50], 10, [4, 2, 2, 2]),
        ([2, 30], 10, [2, 8]),
        ([30, 3], 10, [8, 3]),
        ([0, 5], 14, [0, 5]),
    ],
)
def test_lists_share_the_page(wanted, room, shares):
    """A short list leaves its room to the others, the first one has most, and each has a few lines."""
    assert _shares(wanted, room) == shares


def test_crowded_lists_keep_to_their_room(sample):
    """However much there is to say, the lists keep to their lines, and say what they leave out."""
    told = lists(drawn(sample.crowded()))
    lines = sum(len(each) for each in told.values())
    left_out = sum(each[-1].endswith(" more") for each in told.values())
    assert lines - left_out <= LINES + len(told)
    assert all(len(each) >= LEAST for each in told.values())
