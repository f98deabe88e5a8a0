"""Implementations that always say the same pass nothing, and secrets are found in every form."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.adapters.contract import Answer, Native, Outcome
from conformance.adapters.session import attach
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.reference.correct import Correct
from conformance.simulators.authority import published_key
from conformance.suite import Budget, cases
from conformance.suite.iut import Iut, Reply
from conformance.suite.stores import Stores, Traces, key_samples, must_be_credential, must_not_tell


class AlwaysRefuses(Correct):
    """Refuses everything, for every reason that may be wanted."""

    def keystore_open(self, path, alias, password, now=None):
        return self.refused("keystore.wrong_password")


class AlwaysAccepts(Correct):
    """Opens everything, stores that are not there included, as the same thing."""

    def keystore_open(self, path, alias, password, now=None):
        value = {"certificate": "MAA=", "abn": "1", "name": "x", "not_after": "", "renewal_due": False}
        return self.ok(value)


class AcceptsEveryFile(AlwaysAccepts):
    """Opens every file that there is as the same thing."""

    def keystore_open(self, path, alias, password, now=None):
        if not Path(path).is_file():
            return self.refused("keystore.missing_file")
        return super().keystore_open(path, alias, password, now)


class SignsWithAnotherKey(Correct):
    """Signs with a key that belongs to no credential."""

    def sign(self, key, data, algorithm):
        return super().sign(published_key("machine-4"), data, algorithm)


class SignsInHex(Correct):
    """Answers hexadecimal digits where base64 is due."""

    def keystore_sign(self, *given, **named):
        return self.ok({"signature": "0xZZ"})


class HasNoClock(Correct):
    """Obeys the machine's clock only."""

    capabilities = tuple(name for name in Correct.capabilities if name != "clock")

    def keystore_open(self, path, alias, password, now=None):
        assert now is None
        return super().keystore_open(path, alias, password)


@pytest.fixture
def stores_of(tmp_path):
    """The stores for an implementation."""
    sessions = []

    def make(kind):
        session = attach("reference", resolve=lambda _: kind())
        session.start()
        sessions.append(session)
        return Stores(Iut(session, Budget()), tmp_path, datetime.now(UTC))

    yield make
    for session in sessions:
        session.close()


NEGATIVE = [case for case in cases("keystore/wrong_password.json", "keystore/expired.json") if case.twin]
POSITIVE = cases("keystore/styles.json", "keystore/selection.json")


@pytest.mark.parametrize("case", NEGATIVE, ids=lambda case: case.id)
def test_refusing_everything_passes_no_refusal(stores_of, case):
    """The healthy twin is refused too, so the refusal proves nothing."""
    with pytest.raises(NotTestable, match="twin"):
        stores_of(AlwaysRefuses).must_meet(case)


@pytest.mark.parametrize("case", POSITIVE, ids=lambda case: case.id)
def test_accepting_everything_passes_no_opening(stores_of, case):
    """What opens a store that is not there has shown nothing by opening one that is."""
    with pytest.raises(NotTestable, match="plainly wrong"):
        stores_of(AlwaysAccepts).must_meet(case)


@pytest.mark.parametrize("case", POSITIVE, ids=lambda case: case.id)
def test_what_opens_must_be_the_credential(stores_of, case):
    """What opens must be the credential that was asked for."""
    with pytest.raises(ImplementationError) as caught:
        stores_of(AcceptsEveryFile).must_meet(case)
    assert caught.value.subcode is Subcode.WRONG_VALUE


@pytest.mark.parametrize("case", cases("keystore/boundaries.json"), ids=lambda case: case.id)
def test_boundaries_can_be_met_without_a_clock(stores_of, case):
    """The dates move away from the present by as much as it takes."""
    stores_of(HasNoClock).must_meet(case)


def test_a_store_lies_alone_under_a_name_that_tells_nothing(stores_of):
    """Neither the file's name nor its neighbours give the answer away."""
    stores = stores_of(Correct)
    path = stores.file({"deviation": "expired"}).path
    assert path.name == "keystore.xml"
    assert [each.name for each in path.parent.iterdir()] == ["keystore.xml"]
    assert "expired" not in str(path.relative_to(path.parents[1]))
    assert stores.file({"deviation": "expired"}).path == path
    assert stores.file({}).path != path


def test_the_right_credential_passes(stores_of):
    """The reference's own answer is what is demanded."""
    stores = stores_of(Correct)
    (case, *_) = cases("keystore/styles.json")
    (credential,) = stores.file_of(case).prepared.credentials.values()
    assert must_be_credential(stores.open(case), credential)["abn"] == "11000002568"


def touched(path):
    path.write_bytes(b"other")


def neighboured(path):
    (path.parent / "key.pem").write_bytes(b"")


def removed(path):
    path.unlink()


@pytest.mark.parametrize("deed", [touched, neighboured, removed])
def test_a_file_that_was_not_left_alone_is_noticed(stores_of, deed):
    """Content, neighbours, existence."""
    file = stores_of(Correct).copy({}, "copy")
    before = Traces.of(file.path)
    file.must_be_untouched(before)
    deed(file.path)
    with pytest.raises(ImplementationError) as caught:
        file.must_be_untouched(before)
    assert caught.value.subcode is Subcode.STATE_LEAK


SIGNED = [case for case in cases("keystore/signing.json") if not case.twin]


@pytest.mark.parametrize("kind", [SignsWithAnotherKey, SignsInHex])
@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case.id)
def test_a_signature_must_verify(stores_of, case, kind):
    """What is signed must verify under the leaf of the credential that was asked for."""
    with pytest.raises(ImplementationError, match="does not verify") as caught:
        stores_of(kind).must_meet(case)
    assert caught.value.subcode is Subcode.WRONG_VALUE


@pytest.mark.parametrize("case", cases("keystore/signing.json"), ids=lambda case: case.id)
def test_signing_is_asked_for_where_the_vector_says_so(stores_of, case):
    """The answer that comes back is that to the vector's own method."""
    reply = stores_of(Correct).must_meet(case)
    assert (reply.method, reply.answer.outcome) == (
        "keystore.sign",
        Outcome.OK if case.expect.status == "ok" else Outcome.REJECTED,
    )


SECRET = 'Pa"ss-wörd/1'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"open(path, '{SECRET}') failed",
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
        "Pa%22ss-w%C3%B6rd%2F1",
        SECRET[::-1],
    ],
)
@pytest.mark.parametrize("place", ["code", "text", "message", "value"])
def test_a_secret_is_found_wherever_and_however_it_stands(text, place):
    """And the finding does not repeat it."""
    answer = {
        "code": Answer(outcome=Outcome.REJECTED, native=Native(code=text)),
        "text": Answer(outcome=Outcome.REJECTED, native=Native(text=text)),
        "message": Answer(outcome=Outcome.ERROR, message=text),
        "value": Answer(outcome=Outcome.OK, value={"certificate": [text]}),
    }[place]
    reply = Reply(answer, "keystore.open", "the credential", None)
    with pytest.raises(ImplementationError) as caught:
        must_not_tell(reply, {"the password": SECRET})
    assert caught.value.subcode is Subcode.SECRET_LEAK
    assert SECRET not in str(caught.value)


def test_what_tells_nothing_passes():
    """An ordinary refusal."""
    answer = Answer(outcome=Outcome.REJECTED, native=Native(code="4400", text="The password is wrong."))
    must_not_tell(Reply(answer, "keystore.open", "the credential", None), {"the password": SECRET})


def test_a_told_key_is_found(stores_of):
    """In PEM, and as the digits of a prime."""
    stores = stores_of(Correct)
    (credential,) = stores.file({}).prepared.credentials.values()
    numbers = credential.key.private_numbers()
    samples = key_samples(credential)
    der = credential.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for told in (base64.b64encode(der).decode(), f"{numbers.p:x}"):
        answer = Answer(outcome=Outcome.ERROR, message=told)
        with pytest.raises(ImplementationError):
            must_not_tell(Reply(answer, "keystore.open", "the credential", None), samples)
