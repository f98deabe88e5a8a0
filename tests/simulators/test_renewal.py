"""The simulated renewal service."""

from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature

from conformance.protocol import renewal
from conformance.protocol.certificates import leaf_facts
from conformance.simulators.authority import Authority, published_key
from conformance.simulators.faults import FAULTS
from conformance.simulators.http import Request
from conformance.simulators.renewal import LEGAL_NAME, PATH, RenewalService

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AUTHORITY = Authority(NOW)
OLD = AUTHORITY.machine_credential(abn="11000002568", name="EVTECampus153")
KEY = published_key("machine-3")
SIGNED = renewal.sign(
    renewal.certification_request(KEY, abn=OLD.abn, name=OLD.name), key=OLD.key, chain=OLD.chain, now=NOW
)
BODY = renewal.build_request(alias=OLD.alias, signed=SIGNED)


def ask(*faults, body=BODY, path=PATH, method="POST"):
    """Return service and answer."""
    service = RenewalService(AUTHORITY, clock=lambda: NOW, faults=faults)
    request = Request(method, path, "", (), body, "TLSv1.3", False, NOW)
    return service, service.handle(request)


def test_issues_for_the_key_that_was_sent():
    """The certificate is the holder's, for the new key, by the same authority, and lasts longer."""
    service, answer = ask()
    read = renewal.read_response(answer.body)
    leaf, sub, root = read.certificates
    facts = leaf_facts(leaf)
    assert leaf.public_key() == KEY.public_key()
    assert (facts.abn, facts.name, facts.dn_qualifier) == ("11000002568", "EVTECampus153", "ABR")
    assert (sub, root) == (AUTHORITY.sub, AUTHORITY.root)
    leaf.verify_directly_issued_by(sub)
    assert leaf.not_valid_after_utc > OLD.certificate.not_valid_after_utc
    assert (read.legal_name, read.fingerprint) == (LEGAL_NAME, facts.sha1)
    assert [issued.certificate for issued in service.issued] == [leaf]
    assert service.exchanges[0].judgement.accepted


def test_the_same_request_gives_the_same_bytes():
    """Serial numbers are derived."""
    assert ask()[1].body == ask()[1].body


def wrong(fault):
    """Return what is wrong with the answer under a fault: the first of the things that a client compares."""
    _, answer = ask(f"renewal.{fault}")
    if answer.status != 200:
        return f"status {answer.status}"
    if answer.delivery is not None:
        return "delivery"
    try:
        read = renewal.read_response(answer.body)
    except renewal.RefusedError as error:
        return f"error {error.error_id}"
    except renewal.AnswerError:
        return "unreadable"
    leaf = read.certificates[0]
    facts = leaf_facts(leaf)
    try:
        leaf.verify_directly_issued_by(AUTHORITY.sub)
    except InvalidSignature:
        return "issuer"
    checks = {
        "alias": read.alias == OLD.alias,
        "key": leaf.public_key() == KEY.public_key(),
        "abn": facts.abn == OLD.abn,
        "name": facts.name == OLD.name,
        "kind": facts.dn_qualifier == "ABR",
        "expired": leaf.not_valid_after_utc > NOW,
        "not longer": leaf.not_valid_after_utc > OLD.certificate.not_valid_after_utc,
        "fingerprint": read.fingerprint == facts.sha1,
    }
    return ", ".join(name for name, holds in checks.items() if not holds)


WRONG = {
    "other_key": "key",
    "other_abn": "abn",
    "other_name": "name",
    "personal": "kind",
    "expired": "expired, not longer",
    "shorter": "not longer",
    "wrong_chain": "issuer",
    "wrong_fingerprint": "fingerprint",
    "other_id": "alias",
    "error_element": "error 1",
    "revoked": "error 2",
    "empty": "unreadable",
    "not_xml": "unreadable",
    "http_500": "status 500",
    "half": "delivery",
    "never": "delivery",
}


@pytest.mark.parametrize("fault", WRONG)
def test_each_fault_is_one_thing_wrong(fault):
    """Under a fault that thing is wrong, and everything else is right."""
    assert wrong(fault) == WRONG[fault]


def test_every_fault_of_the_service_is_known_here():
    """No fault is offered that nobody has looked at."""
    assert {f"renewal.{name}" for name in WRONG} == {name for name in FAULTS if name.startswith("renewal.")}


def test_refuses_what_was_not_signed_by_the_old_key():
    """Without proof nothing is issued."""
    signed = renewal.sign(
        renewal.certification_request(KEY, abn=OLD.abn, name=OLD.name), key=KEY, chain=OLD.chain, now=NOW
    )
    service, answer = ask(body=renewal.build_request(alias=OLD.alias, signed=signed))
    with pytest.raises(renewal.RefusedError, match="error"):
        renewal.read_response(answer.body)
    assert service.issued == []


def test_there_is_nothing_elsewhere():
    """Another path or method is answered with 404, and recorded."""
    service, answer = ask(path="/")
    assert answer.status == 404
    assert ask(method="GET")[1].status == 404
    assert service.exchanges[0].facts is None
