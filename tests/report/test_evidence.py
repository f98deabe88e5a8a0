"""The transcripts on the page: what is shown of them, and in what order room is given."""

import base64

import msgspec
from lxml import html

from conformance.model import Evidence
from conformance.report import SECTIONS, page
from conformance.report.ledger import open_ledger
from conformance.report.sections import evidence
from conformance.report.sections.evidence import SECTION


def text_of(element):
    return " ".join(element.text_content().split())


def drawn(report):
    tree = html.document_fromstring(page.render(report, SECTIONS).decode("utf-8"))
    return tree.get_element_by_id("evidence")


def view(report):
    return SECTION.view(open_ledger(report))


def replaced(report, identifier, number, **changes):
    """Return ``report`` with one message of one transcript changed."""
    found = []
    for each in report.evidence:
        messages = list(each.messages)
        if each.id == identifier:
            messages[number] = msgspec.structs.replace(messages[number], **changes)
        found.append(msgspec.structs.replace(each, messages=tuple(messages)))
    return msgspec.structs.replace(report, evidence=tuple(found))


def test_shows_the_bytes_behind_a_digest(sample):
    """Where a digest differs, the bytes that were digested stand beside the finding as a hex dump."""
    report = sample.failing()
    finding = msgspec.structs.replace(
        report.evidence[0].messages[0].findings[0],
        octets=base64.b64encode(b'<u:Timestamp xmlns:u="x">').decode("ascii"),
    )
    section = drawn(replaced(report, "token-cloud", 0, findings=(finding,)))
    (dump,) = section.xpath(".//li[contains(., 'the signature method')]/details/pre[@class='hex']")
    assert dump.text.splitlines()[0] == (
        "0000  3c 75 3a 54 69 6d 65 73  74 61 6d 70 20 78 6d 6c  <u:Timestamp xml"
    )
    assert text_of(dump.getparent().find("summary")) == "The 25 bytes that were digested"


def test_charts_of_one_shape_are_drawn_once(sample):
    """Seven hundred scenarios that differ in words alone have one drawing."""
    shown = view(sample.large(700, 700))
    assert len(shown.scenarios) == 700
    assert len(shown.drawings) == 1


def test_silent_scenarios_are_one_list(sample):
    """A scenario in which nothing was sent is a line, not an empty box, and can be linked to all the same."""
    report = sample.failing()
    quiet = Evidence(id="quiet", title="verify the reporting code INDIV", messages=(), note="asked nobody")
    section = drawn(msgspec.structs.replace(report, evidence=(*report.evidence, quiet)))
    (line,) = section.xpath(".//*[@id='evidence-quiet']")
    assert (line.tag, text_of(line)) == ("li", "verify the reporting code INDIV asked nobody")
    assert "1 more scenario, without a message" in text_of(section)


def test_room_goes_to_what_a_miss_rests_on(sample, monkeypatch):
    """Where not every message fits on the page, those behind a miss are; the others are in their files."""
    monkeypatch.setattr(evidence, "ROOM", 1)
    report = sample.failing()
    shown = {each.evidence.id: each for each in view(report).scenarios}
    assert shown["token-cloud"].lines[0].body is not None
    assert shown["two-tenants"].lines[4].body is None
    assert "evidence/two-tenants.json" in text_of(drawn(report))


def test_can_be_chosen_by_what_rests_on_them(sample):
    """With a miss or an error among them the transcripts have a filter; without one there is none."""
    assert drawn(sample.failing()).xpath(".//fieldset//input/@id") == ["e-all", "e-cited", "e-err"]
    assert not drawn(sample.ready()).xpath(".//fieldset")
