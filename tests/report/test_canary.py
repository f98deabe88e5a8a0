"""Secrets are taken out of records, and a file that still holds one is not written."""

import base64
import random

import msgspec
import pytest

from conformance import report as reports
from conformance.errors import KitError
from conformance.model import Level, Message, Result, Status
from conformance.report import canary, summary
from conformance.report.canary import Guard

PASSWORD = "Kq7+vRz2/LmX9_tB4wYd"
KEY = random.Random(7).randbytes(32)
GUARD = Guard({"the password of the keystore": PASSWORD, "a proof key": KEY})


def result(**texts):
    return Result(
        requirement="STS-P15", case="tells_no_secret", status=Status.FAIL, level=Level.MUST, **texts
    )


def test_a_record_without_secrets_comes_back_itself():
    """Nothing is copied where there is nothing to do."""
    clean = result(message="refused", actual="no")
    assert GUARD.cleaned(clean) is clean


def test_a_secret_in_its_plain_form_is_replaced_where_it_stands():
    """The rest of the text stays, because it is evidence."""
    found = GUARD.cleaned(result(actual=f"open('store.xml', '{PASSWORD}') failed"))
    assert found.actual == "open('store.xml', '[removed: the password of the keystore]') failed"
    told = base64.b64encode(KEY).decode()
    assert GUARD.cleaned(result(actual=f"key {told}!")).actual == "key [removed: a proof key]!"


def test_a_secret_in_another_form_takes_its_text_with_it():
    """Nobody knows where it begins and ends."""
    hidden = base64.b64encode(b"xy" + PASSWORD.encode()).decode()
    found = GUARD.cleaned(result(message="kept", actual=f"Basic {hidden}"))
    assert found.actual == "[removed, for it held the password of the keystore in base64]"
    assert found.message == "kept"


def test_a_whole_report_is_cleaned(sample):
    """Transcripts, headers and findings as well as results, whatever the depth."""
    report = sample.failing()
    message = Message(
        at_ms=1, sender="a", receiver="b", summary="s", size=3, body=PASSWORD, headers=(("X-Key", PASSWORD),)
    )
    first = msgspec.structs.replace(report.evidence[0], messages=(message,))
    leaking = msgspec.structs.replace(report, evidence=(first, *report.evidence[1:]))
    found = GUARD.cleaned(leaking)
    assert found.evidence[0].messages[0].headers == (("X-Key", "[removed: the password of the keystore]"),)
    assert GUARD.find(msgspec.json.encode(found)) is None
    assert found.evidence[1:] == report.evidence[1:]
    assert found.verdict == report.verdict


@pytest.mark.parametrize(
    "secret",
    ["short", b"\0" * 32, b"abcabcabcabcabcabc", 7, "", "certificate", "Password1!", b"tiny"],
)
def test_what_cannot_be_told_from_other_text_is_passed_over(secret):
    """A short word, zeros, a word of the kit's own texts: an accusation is never a guess."""
    guard = Guard({"it": secret})
    assert guard.secrets == {}
    assert guard.find(b"\0" * 64 + b"Password1! certificate short abcabcabcabcabcabc tiny 7") is None


def test_a_password_that_is_a_date_leaves_the_dates(sample):
    """The report can still be read; whether it may be written is for the scan to say."""
    report = sample.failing()
    day = report.run.finished[:10]
    cleaned = Guard({"the password": day}).cleaned(report)
    assert cleaned.run.finished == report.run.finished
    assert cleaned.verdict.readiness is report.verdict.readiness


def test_secrets_can_be_learnt_later():
    """A run comes to know them one by one."""
    guard = Guard()
    text = result(actual=PASSWORD)
    assert guard.cleaned(text) is text
    guard.learn({"the password": PASSWORD})
    assert guard.cleaned(text).actual == "[removed: the password]"


def test_a_lone_half_of_a_pair_stops_nothing():
    """A harness's own escapes can make a text that no UTF-8 holds."""
    assert GUARD.cleaned(result(actual=f"\ud800{PASSWORD}")).actual.endswith(
        "[removed: the password of the keystore]"
    )


def test_a_form_that_holds_a_secret_is_not_written(sample, tmp_path, monkeypatch):
    """It is the kit's mistake: the file is removed and named, the others stay, and there is no manifest."""
    (tmp_path / "summary.md").write_bytes(b"of an earlier run")
    monkeypatch.setattr(summary, "render", lambda _: f"the key is {KEY.hex()}".encode())
    with pytest.raises(KitError) as caught:
        reports.write(sample.ready(), tmp_path, secrets=GUARD)
    assert caught.value.exit_code == 5
    assert "summary.md: a proof key, in hex" in caught.value.found
    assert KEY.hex() not in str(caught.value)
    assert not (tmp_path / "summary.md").exists()
    assert (tmp_path / "report.json").is_file()
    assert not (tmp_path / "manifest.json").exists()


def test_the_kits_own_words_are_known():
    """They are read from what is installed."""
    assert b"of the kit's own store, and published" in canary._shipped()
