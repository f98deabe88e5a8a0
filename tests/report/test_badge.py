"""The badge says what the verdict says, until when, and nothing that sounds like a certificate."""

import json

import msgspec
import pytest
from lxml import etree

from conformance.model import Readiness
from conformance.report import badge

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("name", "message", "failed"),
    [
        ("ready", "ready to apply until 20 May 2027", False),
        ("conditional", "ready to apply, with conditions until 20 May 2027", False),
        ("failing", "not ready", True),
        ("incomplete", "incomplete", True),
    ],
)
def test_says_the_verdict(sample, name, message, failed):
    """The endpoint has what shields.io asks of one, and the verdict in words."""
    endpoint = json.loads(badge.render_endpoint(sample.ALL[name]()))
    assert endpoint["schemaVersion"] == 1
    assert (endpoint["label"], endpoint["message"]) == ("EVTE usi-cloud", message)
    assert endpoint["isError"] is failed


def test_image_says_the_same(report):
    """The image is well-formed, loads nothing, and has the words of the endpoint for who cannot see it."""
    root = etree.fromstring(badge.render(report))
    endpoint = json.loads(badge.render_endpoint(report))
    assert [text.text for text in root.iter(f"{SVG}text")] == [endpoint["label"], endpoint["message"]]
    assert root.get("role") == "img"
    assert endpoint["message"] in root.get("aria-label")
    assert root.get("aria-label") == root.findtext(f"{SVG}title")
    assert not list(root.iter(f"{SVG}script", f"{SVG}image", f"{SVG}use", f"{SVG}style"))
    assert b"href" not in badge.render(report)


def test_words_are_inside(report):
    """Each text begins and ends inside its own half of the image."""
    root = etree.fromstring(badge.render(report))
    first, second = root.iter(f"{SVG}text")
    border, whole = int(root.findall(f".//{SVG}g/{SVG}rect")[1].get("x")), int(root.get("width"))
    assert 0 < int(first.get("x")) + int(first.get("textLength")) < border
    assert border < int(second.get("x"))
    assert int(second.get("x")) + int(second.get("textLength")) < whole


def test_is_no_certificate(sample):
    """Who points at the badge reads what it does not mean."""
    root = etree.fromstring(badge.render(sample.ready()))
    assert root.findtext(f"{SVG}title") == (
        "EVTE reference implementation 1.0.0: ready to apply until 20 May 2027, profile usi-cloud; "
        "by the EVTE conformance kit, which certifies nothing"
    )


def test_every_verdict_has_words_and_colour(sample):
    """No verdict is without a badge, and each has a colour of its own."""
    report = sample.ready()
    drawn = {
        json.loads(
            badge.render_endpoint(
                msgspec.structs.replace(
                    report, verdict=msgspec.structs.replace(report.verdict, readiness=readiness)
                )
            )
        )["color"]
        for readiness in Readiness
    }
    assert len(drawn) == 4
