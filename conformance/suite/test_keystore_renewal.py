"""Does the product renew a credential with care, and is a replaced one picked up?

The service is a stand-in: the protocol of the real certificate manager is not public.  What is demanded here
is about keys, files and what is believed of an answer.
"""

import base64
import calendar
import re
import stat
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import keys
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from conformance.errors import ImplementationError, NotTestable, OutOfReach
from conformance.model import Subcode
from conformance.protocol.certificates import CertificateError, leaf_facts, read_bundle
from conformance.protocol.keystore import ITERATIONS, integrity_value
from conformance.protocol.keystore.protection import PBE_SHA1_3DES
from conformance.simulators.recipes import MACHINE_1
from conformance.simulators.renewal import LEGAL_NAME
from conformance.simulators.stores import PASSWORD, make_store
from conformance.suite import requirement
from conformance.suite.renewals import (
    ALIAS,
    OTHER_ALIAS,
    PAUSES_S,
    UNUSABLE,
    Renewals,
    decoded,
    leads_to,
    readable,
    usable,
)
from conformance.suite.stores import must_be_credential

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
HOSTILE = (
    "renewal.other_key",
    "renewal.other_abn",
    "renewal.other_name",
    "renewal.personal",
    "renewal.expired",
    "renewal.shorter",
    "renewal.wrong_chain",
    "renewal.wrong_fingerprint",
    "renewal.other_id",
    "renewal.error_element",
    "renewal.empty",
    "renewal.not_xml",
    "renewal.http_500",
    "renewal.half",
    "renewal.never",
)
KEPT = ("id", "credential_type", "name1", "name2", "abn", "person_id")
KEPT_OF_OTHERS = (
    *KEPT,
    "salt",
    "legal_name",
    "serial_number",
    "sha1_fingerprint",
    "public_certificate",
    "protected_private_key",
    "integrity_value",
)


@pytest.fixture(scope="session")
def renewals(iut, bench, tmp_path_factory, keep_evidence):
    """The renewals of the run."""
    made = Renewals(iut, bench, tmp_path_factory.mktemp("renewals"), keep_evidence)
    yield made
    made.close()


@pytest.fixture(scope="session")
def renewed(renewals):
    """A good renewal, watched from outside."""
    return renewals.carry_out("renewal", watched=True)


@pytest.fixture(scope="session")
def renewed_again(renewals, renewed):
    """A second good renewal, of another copy of the store, in which there are extensions."""
    renewed.must_have_worked()
    return renewals.carry_out("renewal-of-a-store-with-extensions", renewals.with_extensions())


@pytest.fixture(scope="session")
def too_late(renewals, renewed):
    """Renewals of a credential that expired yesterday, and of one that the service calls revoked."""
    renewed.must_have_worked()
    now = datetime.now(UTC)
    expired = renewals.authority.machine_credential(
        abn=MACHINE_1.abn,
        name=MACHINE_1.name,
        not_before=now - timedelta(days=731),
        not_after=now - timedelta(days=1),
    )
    return {
        "expired": renewals.carry_out("renewal-of-an-expired-credential", make_store([expired])),
        "revoked": renewals.carry_out("renewal-of-a-revoked-credential", faults=("renewal.revoked",)),
    }


def wrong(message, *, expected="", found="", subcode=Subcode.WRONG_VALUE, where="", advice=""):
    """Return the failure of a check."""
    return ImplementationError(
        message, subcode=subcode, expected=expected, found=found, where=where, advice=advice
    )


def months_later(moment, months):
    """Return the same day and time some calendar months later, or the last day of that month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


@requirement("KS-R01")
@pytest.mark.parametrize(("days", "due"), [(-4, False), (4, True)], ids=["before", "after"])
def test_opens_the_window_as_the_official_reader_does(renewals, iut, days, due):
    """Fourteen calendar months before its end a credential is due for renewal, and not much earlier."""
    now = datetime.now(UTC).replace(microsecond=0)
    ends = months_later(now - timedelta(days=days), 14)
    credential = renewals.authority.machine_credential(
        abn=MACHINE_1.abn, name=MACHINE_1.name, not_before=now - timedelta(days=300), not_after=ends
    )
    path = renewals.place(f"due-{days}", make_store([credential]))
    reply = iut.keystore_open(str(path), ALIAS, PASSWORD, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    told = must_be_credential(reply, credential)["renewal_due"]
    if told is None:
        raise NotTestable("the product does not tell whether renewal is due", expected="true or false")
    if told is not due:
        raise wrong(
            "the window for renewal is not that of the official reader",
            expected=f"{str(due).lower()} for a certificate that ends on {ends:%d %B %Y}",
            found=str(told).lower(),
            where="renewal_due",
        )


@requirement("KS-R02")
def test_stores_what_was_issued(renewed):
    """The store holds the new certificate, and everything in the entry that follows from it."""
    value = renewed.cite().reply.must_be_ok()
    entry, issued = renewed.entry(), renewed.certificate
    if decoded(value["certificate"]) != issued:
        raise wrong("the certificate that is told is not the one that was issued", where="certificate")
    facts = leaf_facts(issued)
    for name, found, expected in (
        ("serialNumber", entry.serial_number, str(issued.serial_number)),
        ("sha1fingerprint", entry.sha1_fingerprint.hex(), facts.sha1.hex()),
        ("integrityValue", _hex(entry.integrity_value), _hex(integrity_value(entry, renewed.store().salt))),
    ):
        if found != expected:
            raise wrong(
                f"{name} does not follow from the new credential", expected=expected, found=found, where=name
            )
    try:
        first = read_bundle(entry.public_certificate)[0]
    except CertificateError as error:
        raise wrong("the stored certificates cannot be read", found=error.message) from error
    if first != issued:
        raise wrong(
            "the new certificate is not the first one of the stored bundle",
            expected=issued.subject.rfc4514_string(),
            found=first.subject.rfc4514_string(),
            where="publicCertificate",
            advice="the official reader takes the first certificate for the credential's",
        )
    for name, text, moment in (
        ("notBefore", entry.not_before, issued.not_valid_before_utc),
        ("notAfter", entry.not_after, issued.not_valid_after_utc),
    ):
        if not _says(text, moment):
            raise wrong(
                f"{name} is not that of the new certificate",
                expected=f"{moment:%Y-%m-%dT%H:%M:%S}, in UTC or as the published stores label it",
                found=text,
                where=name,
            )


@requirement("KS-R02")
def test_changes_nothing_else(renewals, renewed):
    """Who it belongs to stays, and so does every other credential."""
    renewed.must_have_worked()
    before, after = readable(renewed.before), renewed.store()
    if after.salt != before.salt:
        raise wrong("the salt of the store was changed", where="salt")
    entry, old = renewed.entry(), before.credential(ALIAS)
    _must_be_kept(old, entry, KEPT)
    if entry.legal_name not in (old.legal_name, LEGAL_NAME):
        raise wrong(
            "legalName is neither the old one nor that of the answer",
            expected=f"{old.legal_name} or {LEGAL_NAME}",
            found=entry.legal_name,
        )
    found = {each.id: each for each in after.credentials}
    if found.keys() != {each.id for each in before.credentials}:
        raise wrong(
            "the renewed store holds other credentials than before",
            expected=", ".join(each.id for each in before.credentials),
            found=", ".join(found),
        )
    _must_be_kept(before.credential(OTHER_ALIAS), found[OTHER_ALIAS], KEPT_OF_OTHERS)


@requirement("KS-R02")
def test_uses_the_new_credential_at_once(renewed, iut):
    """The product itself opens the store with the old password, and signs with the new key."""
    renewed.must_have_worked()
    path, now = str(renewed.path), present()
    value = iut.keystore_open(path, ALIAS, PASSWORD, now).must_be_ok()
    if decoded(value["certificate"]) != renewed.certificate:
        raise wrong("the product still opens the old certificate", where="certificate")
    _must_sign_for(renewed.certificate, iut, path, now)


@requirement("KS-R03")
def test_replaces_the_store_in_one_step(renewed):
    """Whoever looks at the store during the renewal finds the old one or the new one, whole."""
    renewed.must_have_worked()
    seen = renewed.seen
    if seen.linked is not None and seen.linked != renewed.before:
        raise wrong(
            "the store was written in place: a second name of the old file shows the new content",
            expected="a new file that takes the old one's name",
            found=f"the old file, {len(seen.linked)} bytes long now",
            advice="write a file beside it, flush it to the disk, and rename it over the old one",
        )
    if seen.when_asked != renewed.before:
        raise wrong(
            "the store was touched before there was anything to put in its place",
            expected="the old store while the service is being asked",
            found="no file" if seen.when_asked is None else f"{len(seen.when_asked)} other bytes",
        )
    torn = seen.contents - {renewed.before, renewed.after}
    if seen.missing or torn:
        raise wrong(
            "for a moment there was no whole store",
            expected="the old one or the new one at every moment",
            found=f"{seen.missing} times no file, {len(torn)} broken contents",
        )


@requirement("KS-R03")
def test_keeps_the_access_rights(renewed):
    """Nobody may read the new store, or any file beside it, who could not read the old one."""
    renewed.must_have_worked()
    old, new = map(stat.S_IMODE, renewed.mode)
    if new != old:
        raise wrong("the renewed store has other access rights", expected=oct(old), found=oct(new))
    for name, mode in renewed.modes.items():
        if stat.S_IMODE(mode) & ~old & 0o066:
            raise wrong(
                "a file beside the store may be read by more people than the store",
                expected=oct(old),
                found=f"{oct(stat.S_IMODE(mode))} of {name}",
                subcode=Subcode.STATE_LEAK,
            )


@requirement("KS-R03")
def test_survives_a_sudden_end(renewals, renewed):
    """A product that the kit can kill is killed during the renewal: the store opens as old or as new.

    Inside the kit's own process there is nothing to kill: what the watched renewal left must open.
    """
    renewed.must_have_worked()
    if renewals.iut.session.carrier == "http":
        raise OutOfReach(
            "this harness is not started by the kit, so it could not be killed during a renewal",
            advice="kill it yourself during a renewal, several times; the store must open as old or as new",
        )
    if renewals.iut.session.carrier != "process":
        usable(renewed.after, ALIAS)
        return
    for number, pause_s in enumerate((None, *PAUSES_S)):
        left, session = renewals.kill(f"killed-{number}", pause_s)
        where = "before the answer" if pause_s is None else f"{pause_s * 1000:g} ms after the answer"
        if not left:
            raise wrong(f"killed {where}, the product leaves no store", expected="the old one or the new one")
        found = usable(left, ALIAS)
        answer = session.call(
            "keystore.open",
            {
                "path": renewals.parameters(renewals.place(f"left-{number}", left))["path"],
                "alias": ALIAS,
                "password": PASSWORD,
            },
        )
        if answer.outcome != "ok" or decoded(answer.value["certificate"]) != found:
            raise wrong(
                f"killed {where}, the product does not open what it left",
                expected="the credential that is in the store",
                found=answer.message or answer.outcome,
            )


@requirement("KS-R04")
@pytest.mark.parametrize("fault", HOSTILE, ids=[name.partition(".")[2] for name in HOSTILE])
def test_keeps_the_old_credential(renewals, renewed, iut, fault):
    """What is not the renewal that was asked for is not believed, and the store stays as it was."""
    renewed.must_have_worked()
    attempt = renewals.carry_out(f"renewal-{fault.partition('.')[2]}", faults=(fault,)).cite()
    attempt.request()
    attempt.reply.must_be_refused(*UNUSABLE)
    attempt.must_be_untouched()
    reply = iut.keystore_open(str(attempt.path), ALIAS, PASSWORD, present())
    must_be_credential(reply, renewals.credential)


@requirement("KS-R05")
def test_asks_for_a_strong_key(renewed):
    """The new key has 2048 bits or more, and nothing is signed with less than SHA-256."""
    renewed.request().must_satisfy(
        "renewal.key_size", "renewal.csr_digest", "renewal.digest", "renewal.key_reused"
    )


@requirement("KS-R05")
def test_makes_a_key_for_every_renewal(renewed, renewed_again):
    """Two renewals ask for certificates of two keys."""
    keys_asked = [each.request().facts.public_key for each in (renewed, renewed_again)]
    if None in keys_asked:
        raise NotTestable("a request holds no RSA key", expected="two requests, each with a key")
    if keys_asked[0] == keys_asked[1]:
        raise wrong(
            "two renewals asked for a certificate of the same key",
            expected="a fresh key pair each time",
            found="one modulus in both requests",
        )


@requirement("KS-R06")
@pytest.mark.parametrize("aliases", [(ALIAS, ALIAS), (ALIAS, OTHER_ALIAS)], ids=["one", "two"])
def test_loses_no_key(renewals, renewed, aliases):
    """Two processes renew in one store at once: each renewal that is reported is in the file.

    Where the kit cannot run the product twice at once, the renewals follow one another.
    """
    renewed.must_have_worked()
    name = f"renewals-at-once-{'one' if len(set(aliases)) == 1 else 'two'}"
    path, replies, issued = renewals.race(name, aliases)
    done = [reply for reply in replies if reply.answer.outcome == "ok"]
    for reply in replies:
        if reply not in done:
            reply.must_be_refused(*UNUSABLE)
    if not done:
        raise wrong(
            "of two renewals at once none succeeded",
            expected="one at least",
            found=replies[0].described(),
            subcode=Subcode.REJECTED_VALID,
        )
    left = path.read_bytes() if path.is_file() else b""
    found = {alias: usable(left, alias) for alias in (ALIAS, OTHER_ALIAS)}
    for alias, reply in zip(aliases, replies, strict=True):
        if reply not in done:
            continue
        certificate = decoded(reply.answer.value["certificate"])
        if certificate is None or not leads_to(certificate, issued, found[alias]):
            raise wrong(
                "a renewal was reported as done, and its key is lost",
                expected="the certificate that was told, in the store",
                found=f"serial number {found[alias].serial_number}",
                where=alias,
                advice="keep other processes away from reading the store until the new one is in place",
            )


@requirement("KS-R07")
@pytest.mark.parametrize("why", ["expired", "revoked"])
def test_renews_nothing_at_its_end(too_late, why):
    """The old certificate has expired, or the service says that it was revoked: it is not renewed."""
    attempt = too_late[why].cite()
    attempt.reply.must_be_refused(*UNUSABLE, "token.revoked")
    attempt.must_be_untouched()


@requirement("KS-R08")
def test_picks_up_a_replaced_store(renewals, iut):
    """A new credential of the same name takes the old one's place under the same path."""
    now = datetime.now(UTC)
    issue = renewals.authority.machine_credential
    holder = {"abn": MACHINE_1.abn, "name": MACHINE_1.name}
    old = issue(**holder, key="machine-1", moment=now - timedelta(days=700))
    new = issue(**holder, key="machine-3", moment=now - timedelta(hours=1))
    path = renewals.place("replaced", make_store([old]), file="keystore-new.xml")
    must_be_credential(iut.keystore_open(str(path), ALIAS, PASSWORD, present()), old)
    path.rename(path.with_name("keystore-old.xml"))
    path.write_bytes(make_store([new]))
    value = iut.keystore_open(str(path), ALIAS, PASSWORD, present()).must_be_ok()
    if decoded(value["certificate"]) != new.certificate:
        raise wrong(
            "the product does not notice that the store was replaced",
            expected="the certificate that is in the file now",
            found="the one of before",
            advice="look at the file again, or at its time and size, whenever a credential is wanted",
        )
    _must_sign_for(new.certificate, iut, str(path), present())


@requirement("KS-R10")
def test_asks_in_the_documented_form(renewed):
    """The request has the parts of the exchange that is documented, each signed by the right key."""
    renewed.request().must_satisfy(
        "renewal.not_a_request",
        "renewal.qualified",
        "renewal.credential_type",
        "renewal.id",
        "renewal.not_signed",
        "renewal.attributes",
        "renewal.message_digest",
        "renewal.signature",
        "renewal.chain",
        "renewal.signer_unknown",
        "renewal.signer_expired",
        "renewal.not_a_csr",
        "renewal.proof",
        "renewal.subject",
        "renewal.abn",
    )


@requirement("KS-R11")
def test_keeps_the_old_store(renewed):
    """A copy of the old store is kept beside the new one."""
    renewed.must_have_worked()
    if renewed.before not in renewed.beside.values():
        raise wrong(
            "no copy of the old store was kept",
            expected="a file beside the store, for instance keystore-old.xml, with the old content",
            found=", ".join(renewed.beside) or "no other file in the folder",
        )


@requirement("KS-R12")
@pytest.mark.parametrize("why", ["expired", "revoked"])
def test_tells_what_helps(too_late, why):
    """The message says that a new credential is to be made in RAM, under the same name."""
    attempt = too_late[why].cite()
    attempt.reply.must_be_refused(*UNUSABLE, "token.revoked")
    native = attempt.reply.answer.native
    told = native.text.lower() if native else ""
    words = re.findall(r"\w+", told)
    if "name" not in words or not ("ram" in words or "relationship authorisation manager" in told):
        raise wrong(
            f"the message about {'an expired' if why == 'expired' else 'a revoked'} credential does not help",
            expected="that a new credential of the same name is made in RAM",
            found=native.text if native else "no text",
        )


@requirement("KS-R13")
def test_keeps_extensions(renewed_again):
    """What other makers have put into the store is still there."""
    renewed_again.must_have_worked()
    before, after = readable(renewed_again.before), renewed_again.store()
    for where, old, new in (
        ("storeExtensions", before.extensions, after.extensions),
        ("credentialExtensions", before.credential(ALIAS).extensions, renewed_again.entry().extensions),
    ):
        if old != new:
            raise wrong(
                f"{where} was not kept",
                expected=old.decode(),
                found=new.decode() or "nothing",
                where=where,
            )


@requirement("KS-K14")
def test_writes_keys_that_every_reader_opens(renewed):
    """The new key is protected in the one way that the official reader knows."""
    renewed.must_have_worked()
    entry = renewed.entry()
    try:
        info = keys.EncryptedPrivateKeyInfo.load(entry.protected_private_key, strict=True)
        algorithm = info["encryption_algorithm"]
        found = algorithm["algorithm"].dotted
        if found != PBE_SHA1_3DES:
            raise wrong("the key is encrypted in another way", expected=PBE_SHA1_3DES, found=found)
        rounds, salt = algorithm["parameters"]["iterations"].native, algorithm["parameters"]["salt"].native
    except ValueError as error:
        raise wrong("the key is not an EncryptedPrivateKeyInfo", found=str(error)) from error
    if rounds != ITERATIONS:
        raise wrong("the key has another number of rounds", expected=str(ITERATIONS), found=str(rounds))
    right = renewed.store().salt if entry.salt is None else entry.salt
    if salt != right:
        raise wrong(
            "the key's salt is not the credential's",
            expected=right.hex(),
            found=salt.hex(),
            where="credentialSalt",
            advice="readers take the one or the other, so both must be the same",
        )


def present():
    """Return the present moment as the contract wants it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _hex(value):
    return "" if value is None else value.hex()


def _says(text, moment):
    """Whether a date text means a moment, or is its UTC clock time under another zone's label."""
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    instant = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    whole = moment.replace(microsecond=0)
    return whole in (instant.replace(microsecond=0), told.replace(tzinfo=UTC, microsecond=0))


def _must_be_kept(old, new, attributes):
    for attribute in attributes:
        if getattr(old, attribute) != getattr(new, attribute):
            raise wrong(
                f"{attribute.replace('_', ' ')} was changed by a renewal",
                expected=str(getattr(old, attribute))[:200],
                found=str(getattr(new, attribute))[:200],
                where=old.id,
            )


def _must_sign_for(certificate: x509.Certificate, iut, path, now):
    data = b"signed after the change"
    value = iut.keystore_sign(
        path, ALIAS, PASSWORD, base64.b64encode(data).decode(), RSA_SHA256, now
    ).must_be_ok()
    try:
        signature = base64.b64decode(value["signature"], validate=True)
        certificate.public_key().verify(signature, data, PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, TypeError) as error:
        raise wrong("the signature is not that of the new key", where="signature") from error
