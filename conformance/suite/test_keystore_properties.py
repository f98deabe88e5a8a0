"""What holds of every store, every id, every damage and every zone, not only of those written down.

Each check draws its examples through the run's budget; a counter-example is shrunk to the smallest store that
shows it, and told in words.
"""

import base64
import functools
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import strategies as st

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol import keystore
from conformance.protocol.abn import complete
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import (
    GENERATIONS,
    PASSWORD,
    certified,
    make_large_store,
    seal,
)
from conformance.strategies import (
    StorePlan,
    Tape,
    aliases,
    byte_changes,
    holders,
    legal_names,
    mutate_bytes,
    mutate_store,
    near_aliases,
    passwords,
    salts,
    seconds_beside,
    spellings,
    store_plans,
    tapes,
)
from conformance.suite import cases, for_all, requirement
from conformance.suite.iut import Iut
from conformance.suite.stores import must_be_credential

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"
OTHER = f"ABRD:{MACHINE_2.abn}_{MACHINE_2.name}"
DATA = bytes(range(256))
ZONES = ("Australia/Sydney", "Australia/Perth", "UTC", "Pacific/Kiritimati")
CROWD = 1000
LIMIT_S = 5.0


@pytest.fixture(scope="module")
def pair(stores):
    """A healthy store with two credentials, both of which the implementation opens."""
    file = stores.file({"base": "pair"})
    for alias in (ALIAS, OTHER):
        stores.iut.keystore_open(str(file.path), alias, PASSWORD, stores.now).must_be_ok(as_twin=True)
    stores.iut.prove_discerning("keystore.open")
    return file


@pytest.fixture(scope="module")
def signs_right(stores, pair):
    """Whether what the implementation signs verifies at all; if not, signatures show no damage."""
    credential = pair.prepared.credentials[ALIAS]
    reply = signed(stores, pair.path, credential)
    return reply.answer.outcome is Outcome.OK and verifies(reply, credential)


# --- every legal store opens ----------------------------------------------------------------------


@contextmanager
def told_with(example):
    """Say in a finding which example it is about."""
    try:
        yield
    except ImplementationError as miss:
        miss.where = "; ".join(filter(None, (miss.where, str(example))))
        raise


def opened(stores, plan):
    """Have the credential of a plan opened."""
    made = plan.made(stores.authority)
    reply = stores.iut.keystore_open(str(stores.written(made.data)), plan.alias, plan.password, stores.now)
    return reply, made.credentials[plan.alias]


def must_open(stores, plan):
    """Demand that the credential of a plan is opened, and is that credential."""
    with told_with(plan):
        must_be_credential(*opened(stores, plan))


def is_opened(stores, plan):
    """Tell whether the credential of a plan is opened, and is that credential."""
    try:
        must_open(stores, plan)
    except ImplementationError:
        return False
    return True


@requirement("KS-P13")
@for_all(plan=store_plans())
def test_opens_every_combination(stores, iut, plan):
    """What is read when it comes alone is read when it comes together."""
    opened(stores, StorePlan())[0].must_be_ok(as_twin=True)
    try:
        must_open(stores, plan)
    except ImplementationError:
        # A store that already fails for one thing in it is another requirement's finding.
        parts = list(plan.parts())
        if len(parts) > 1 and all(is_opened(stores, part) for part in parts):
            raise


@requirement("KS-P02")
@for_all(spelling=spellings())
def test_opens_every_ordinary_spelling(stores, iut, spelling):
    """Everything that editors, transfers and writers change makes no difference together either."""
    must_open(stores, StorePlan(spelling=spelling))


@requirement("KS-P03")
@for_all(spelling=spellings(ordinary=False, unusual=True))
def test_opens_every_unusual_spelling(stores, iut, spelling):
    """The rest of what XML allows makes no difference together either."""
    must_open(stores, StorePlan(spelling=spelling))


@requirement("KS-P14")
@for_all(salt=salts())
def test_opens_under_any_salt(stores, iut, salt):
    """A salt has as many bytes as it has."""
    must_open(stores, StorePlan(salt=salt))


@requirement("KS-K05")
@for_all(password=passwords())
def test_opens_under_any_password(stores, iut, password):
    """A password is taken as it was set, whatever it means elsewhere."""
    must_open(stores, StorePlan(password=password))


@requirement("KS-I07")
@for_all(legal_name=legal_names())
def test_opens_under_any_legal_name(stores, iut, legal_name):
    """A legal name may be in any script and hold what XML must escape."""
    must_open(stores, StorePlan(legal_name=legal_name))


@requirement("KS-C01")
@for_all(
    held=st.lists(holders(), min_size=1, max_size=4, unique_by=lambda each: each.name),
    place=st.integers(0, 3),
)
def test_opens_any_credential_of_any_store(stores, iut, held, place):
    """Blanks, quotes and ampersands are part of an id, and its place in the store is none."""
    # One key and one salt for all, so that nothing but the holders makes a difference.
    alike = tuple(replace(holder, key="machine-1") for holder in held)
    must_open(stores, StorePlan(holders=alike, chosen=place % len(held), salt=bytes(range(1, 21))))


# --- an id selects its credential or none ---------------------------------------------------------


def must_select_nothing(stores, pair, alias):
    """Demand that an id that is in no store opens nothing."""
    reply = stores.iut.keystore_open(str(pair.path), alias, PASSWORD, stores.now)
    if reply.must_be_answered():
        raise ImplementationError(
            f"the id {alias!r} is in no store, and a credential was opened for it",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="a refusal: no credential of that id",
            found=reply.described(),
            advice="compare ids in code, as they are",
        )


@requirement("KS-X07")
@for_all(alias=aliases(ALIAS, OTHER))
def test_opens_nothing_for_any_other_text(stores, iut, pair, alias):
    """Quotes, expressions, paths, control characters: no text but an id selects a credential."""
    must_select_nothing(stores, pair, alias)


@requirement("KS-C02")
@for_all(alias=near_aliases(ALIAS, but=(OTHER,)))
def test_opens_nothing_for_a_near_miss(stores, iut, pair, alias):
    """A character more, less, other, or one that only looks the same, makes another id."""
    must_select_nothing(stores, pair, alias)


# --- any bytes end in an answer -------------------------------------------------------------------


@requirement("KS-P05")
@for_all(
    data=st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(str.encode),
        st.builds(
            lambda version, encoding, rest: (
                b'<?xml version="%s" encoding="%s"?>' % (version, encoding) + rest
            ),
            st.sampled_from([b"1.0", b"1.1", b"2.0", b"x"]),
            st.sampled_from(
                [b"UTF-8", b"UTF-16", b"UTF-7", b"latin-1", b"IBM037", b"Shift_JIS", b"no-such-encoding", b""]
            ),
            st.sampled_from([b"", b"<a/>", b"<credentialStore/>", b"<a>\xff</a>", b"<a></b>", b"\0" * 8]),
        ),
    )
)
def test_refuses_any_bytes_that_are_no_store(stores, iut, pair, data):
    """Whatever a file holds, a sentence comes back."""
    reply = iut.keystore_open(str(stores.written(data)), ALIAS, PASSWORD, stores.now)
    with told_with(f"a file of the bytes {data[:200]!r}"):
        if reply.must_be_answered():
            raise ImplementationError(
                "a credential was opened in a file that is no store",
                subcode=Subcode.ACCEPTED_INVALID,
                expected="a refusal: not a credential store",
                found=reply.described(),
            )


@requirement("KS-P05")
@for_all(places=st.floats(0, 0.9999))
def test_refuses_a_store_cut_off_anywhere(stores, iut, pair, places):
    """Wherever a store ends too early, it is refused in words."""
    whole = pair.prepared.data.rstrip()
    data = whole[: int(places * len(whole))]
    reply = iut.keystore_open(str(stores.written(data)), ALIAS, PASSWORD, stores.now)
    with told_with(f"the first {len(data)} of {len(whole)} bytes"):
        if reply.must_be_answered():
            raise ImplementationError(
                "a store that was cut off was opened",
                subcode=Subcode.ACCEPTED_INVALID,
                expected="a refusal: not a credential store, or a damaged one",
                found=reply.described(),
            )


# --- damage never gives another credential --------------------------------------------------------


def must_not_be_another(stores, data, credential, change, *, signs_right):
    """Demand that a changed store opens nothing, or exactly the credential that was there before.

    Args:
        stores: of the run.
        data: the changed file.
        credential: the one that the id belonged to.
        change: what was done, in words.
        signs_right: whether signatures are looked at.
    """
    path, alias = str(stores.written(data)), credential.alias
    reply = stores.iut.keystore_open(path, alias, PASSWORD, stores.now)
    with told_with(change):
        if not reply.must_be_answered():
            return
        leaf = credential.certificate.public_bytes(Encoding.DER)
        if _decoded(reply.answer.value["certificate"]) != leaf:
            raise ImplementationError(
                "a changed store was opened, and its certificate is not the one that was issued",
                subcode=Subcode.ACCEPTED_INVALID,
                expected="a refusal, or the certificate as it was",
                found=reply.described(),
                advice="check integrity value, fingerprint and signatures before anything is used",
            )
        answer = signed(stores, path, credential)
        if answer.must_be_answered() and signs_right and not verifies(answer, credential):
            raise ImplementationError(
                "a changed store was opened, and what its key signs does not verify under the certificate",
                subcode=Subcode.ACCEPTED_INVALID,
                expected="a refusal, or the key as it was",
                found="a signature that verifies under nothing",
                advice="see that the key is the certificate's, and that its numbers fit, before it signs",
            )


def signed(stores, path, credential):
    """Have a credential sign."""
    data = base64.b64encode(DATA).decode()
    return stores.iut.keystore_sign(str(path), credential.alias, PASSWORD, data, RSA_SHA256, stores.now)


def verifies(reply, credential):
    """Tell whether a signature verifies under a credential's certificate."""
    try:
        credential.certificate.public_key().verify(
            _decoded(reply.answer.value["signature"]), DATA, PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    return True


def _decoded(text):
    try:
        return base64.b64decode("".join(str(text).split()), validate=True)
    except ValueError:
        return b""


def rewritten(pair, change):
    """Return the file of a pair whose first credential was changed."""
    store = keystore.read(pair.prepared.data)
    first, *others = store.credentials
    return keystore.write(replace(store, credentials=(change(first), *others)))


@requirement("KS-I09")
@for_all(change=byte_changes("public_certificate"))
def test_uses_no_certificate_with_a_changed_byte(stores, iut, pair, signs_right, change):
    """One byte of the certificates was changed, and nothing else."""
    must_not_be_another(
        stores,
        rewritten(pair, change.of),
        pair.prepared.credentials[ALIAS],
        repr(change),
        signs_right=signs_right,
    )


@requirement("KS-I03")
@for_all(change=byte_changes("protected_private_key", "salt", "integrity_value", "sha1_fingerprint"))
def test_uses_no_credential_with_a_changed_byte(stores, iut, pair, signs_right, change):
    """One byte of key, salt, integrity value or fingerprint was changed, and nothing else."""
    must_not_be_another(
        stores,
        rewritten(pair, change.of),
        pair.prepared.credentials[ALIAS],
        repr(change),
        signs_right=signs_right,
    )


@requirement("KS-I11")
@for_all(change=byte_changes("public_certificate", "protected_private_key", "salt", "sha1_fingerprint"))
def test_takes_no_integrity_value_for_a_proof(stores, iut, pair, signs_right, change):
    """One byte was changed, and the integrity value computed anew, as anyone can."""
    data = rewritten(pair, lambda credential: seal(change.of(credential)))
    must_not_be_another(
        stores, data, pair.prepared.credentials[ALIAS], f"{change!r}, sealed again", signs_right=signs_right
    )


@requirement("KS-B03")
@for_all(kind=st.sampled_from(["file", "values", "sealed values"]), tape=tapes())
def test_withstands_damaged_stores(stores, iut, pair, signs_right, kind, tape):
    """Bytes, elements, base64 and ASN.1 are changed, doubled, swapped and left out."""
    pick = Tape(tape)
    if kind == "file":
        data = mutate_bytes(pair.prepared.data, pick)
    elif kind == "values":
        data = rewritten(pair, lambda credential: mutate_store(credential, pick))
    else:
        data = rewritten(pair, lambda credential: seal(mutate_store(credential, pick)))
    must_not_be_another(
        stores,
        data,
        pair.prepared.credentials[ALIAS],
        f"a store changed in its {kind}, decisions {tape}",
        signs_right=signs_right,
    )


# --- time -----------------------------------------------------------------------------------------


@requirement("KS-D01")
@for_all(boundary=st.sampled_from(["not_before", "not_after"]), beside=seconds_beside())
def test_minds_every_second(stores, iut, boundary, beside):
    """Before, at and behind either end, however far, the certificate in UTC decides."""
    if not iut.has_clock and abs(beside) < 120:
        return  # the moment of the answer is not known to the second
    end = stores.moment - timedelta(seconds=beside)
    if boundary == "not_before":
        dates = {"not_before": end, "not_after": end + timedelta(days=730)}
    else:
        dates = {"not_before": end - timedelta(days=730), "not_after": end}
    credential = stores.authority.machine_credential(abn=MACHINE_1.abn, name=MACHINE_1.name, **dates)
    store = keystore.read(stores.file({"generation": "rewritten"}).prepared.data)
    issued = certified(credential.chain, GENERATIONS["rewritten"], credential.signer)
    entry = seal(replace(store.credentials[0], **issued))
    data = keystore.write(replace(store, credentials=(entry,)))
    reply = iut.keystore_open(str(stores.written(data)), ALIAS, PASSWORD, stores.now)
    with told_with(f"{abs(beside)} s {'before' if beside < 0 else 'behind'} {boundary}"):
        if (beside < 0) == (boundary == "not_before") and beside:
            expired = boundary == "not_after"
            reply.must_be_refused("keystore.expired" if expired else "keystore.not_yet_valid")
        else:
            must_be_credential(reply, credential)


@requirement("KS-D06")
@pytest.mark.parametrize("zone", ZONES)
def test_answers_alike_in_every_zone(stores, iut, zone):
    """The zone of the host changes no answer about a credential's validity."""
    iut.prove_discerning("keystore.open")
    asked = cases("keystore/time_zones.json")
    here = {case.id: stores.open(case) for case in asked}
    next(here[case.id] for case in asked if case.expect.status == "ok").must_be_ok(as_twin=True)
    for reply in here.values():
        reply.must_be_answered()
    with iut.in_zone(zone) as there:
        for case in asked:
            found = there.keystore_open(
                str(stores.file_of(case).path), case.input["alias"], case.input["password"], stores.now
            )
            before = here[case.id].answer
            if (found.answer.outcome, found.answer.reason) != (before.outcome, before.reason):
                raise ImplementationError(
                    f"{case.id} is answered otherwise where the time zone is {zone}",
                    subcode=Subcode.NONDETERMINISTIC,
                    expected=f"as in the zone of this host: {here[case.id].described()}",
                    found=found.described(),
                    where=f"TZ={zone}",
                    advice="compare moments in UTC, never local clock times",
                )


# --- size -----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def crowded(day):
    """Return a store of a thousand credentials, and the last of them; made once, since it takes a while."""
    authority = Authority(day)
    crowd = [
        authority.machine_credential(
            abn=complete(f"{number:09}"), name=f"EVTECampus{number}", key="machine-3"
        )
        for number in range(1, CROWD)
    ]
    last = authority.machine_credential(abn=MACHINE_1.abn, name=MACHINE_1.name)
    return make_large_store([*crowd, last]), last


@requirement("KS-B02")
def test_copes_with_a_thousand_credentials(stores, iut):
    """A store of a thousand credentials is listed and opened in seconds."""
    iut.prove_discerning("keystore.open")
    data, last = crowded(stores.moment.replace(hour=0, minute=0, second=0))
    path = str(stores.written(data))
    hurried = Iut(iut.session, replace(iut.budget, deadline_s=LIMIT_S + 1))
    hurried.ledger = iut.ledger
    listing = hurried.keystore_list(path)
    _must_be_swift(listing, "listing a thousand credentials")
    if listing.must_be_answered() and len(listing.answer.value["aliases"]) != CROWD:
        raise ImplementationError(
            "the list of a large store is not complete, or holds more",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{CROWD} ids",
            found=f"{len(listing.answer.value['aliases'])} ids",
        )
    reply = hurried.keystore_open(path, ALIAS, PASSWORD, stores.now)
    _must_be_swift(reply, "opening the last of a thousand credentials")
    must_be_credential(reply, last)


def _must_be_swift(reply, deed):
    took_s = reply.answer.duration_ms / 1000
    if reply.answer.outcome is Outcome.HANG or took_s > LIMIT_S:
        raise ImplementationError(
            f"{deed} is slow",
            subcode=Subcode.SLOW,
            expected=f"less than {LIMIT_S:g} s",
            found=f"{took_s:.1f} s"
            if reply.answer.outcome is not Outcome.HANG
            else f"no answer in {took_s:.0f} s",
            advice="read the file once, and decrypt the one key that was asked for",
        )
