"""Does the product open the right credential, only when it may, and without telling or changing anything?"""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import PASSWORD
from conformance.suite import requirement, vectors
from conformance.suite.stores import Stores, Traces, key_samples, must_be_credential, must_not_tell

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"


@pytest.fixture(scope="session")
def stores(iut, tmp_path_factory):
    """The stores of the run."""
    return Stores(iut, tmp_path_factory.mktemp("stores"), datetime.now(UTC))


# --- the file -------------------------------------------------------------------------------------


@requirement("KS-P01")
@vectors("keystore/styles.json")
def test_opens_every_published_style(stores, case):
    """A store opens whichever of the published writers wrote it."""
    stores.must_meet(case)


@requirement("KS-P02")
@vectors("keystore/spelling.json")
def test_opens_every_spelling(stores, case):
    """Blanks, quotes, declarations and unused namespaces make no difference."""
    stores.must_meet(case)


@requirement("KS-P03")
@vectors("keystore/unusual_spelling.json")
def test_opens_unusual_spellings(stores, case):
    """Prefixes, byte order marks, UTF-16, CDATA, comments and wrapped base64 make no difference either."""
    stores.must_meet(case)


@requirement("KS-P05")
@vectors("keystore/not_a_store.json")
def test_refuses_what_is_no_store(stores, case):
    """A wrong or broken file is refused in words, not by an unforeseen error."""
    stores.must_meet(case)


@requirement("KS-P06")
@vectors("keystore/missing_parts.json")
def test_refuses_missing_parts(stores, case):
    """A credential that lacks a part is not used."""
    stores.must_meet(case)


@requirement("KS-P09")
@vectors("keystore/twice.json")
def test_refuses_two_of_one_id(stores, case):
    """An id that stands twice is no id."""
    stores.must_meet(case)


@requirement("KS-P10")
@vectors("keystore/base64.json")
def test_refuses_broken_base64(stores, case):
    """Base64 with something wrong in it is not decoded to something else."""
    stores.must_meet(case)


@requirement("KS-X04")
@vectors("keystore/doctype.json")
def test_refuses_document_types(stores, case):
    """A store has no business with a document type."""
    stores.must_meet(case)


@requirement("KS-X07")
@vectors("keystore/injected_alias.json")
def test_takes_no_id_for_an_expression(stores, case):
    """Whatever is in an id, it selects the credential of exactly that id or none."""
    stores.must_meet(case)


@requirement("KS-F05")
def test_names_a_missing_file(stores, iut, tmp_path):
    """No file: the product says so."""
    iut.keystore_open(str(stores.file({}).path), ALIAS, PASSWORD, stores.now).must_be_ok(as_twin=True)
    missing = tmp_path / "keystore.xml"
    iut.keystore_open(str(missing), ALIAS, PASSWORD, stores.now).must_be_refused("keystore.missing_file")


@requirement("KS-F01")
@vectors("keystore/secrets.json")
def test_leaves_the_file_alone(stores, case):
    """Opening, successful or not, reads and does nothing else."""
    stores.iut.prove_discerning("keystore.open")
    stores.iut.twin(case, stores.open)
    file = stores.copy(case.input["recipe"], f"untouched-{case.id}")
    before = Traces.of(file.path)
    reply = stores.open_at(file.path, case)
    if case.expect.status == "ok":
        reply.must_be_ok(as_twin=True)
    file.must_be_untouched(before)


# --- which credential -----------------------------------------------------------------------------


@requirement("KS-C01")
@vectors("keystore/selection.json")
def test_opens_the_credential_of_the_id(stores, case):
    """The id decides, not the place in the file."""
    stores.must_meet(case)


@requirement("KS-C02")
@vectors("keystore/unknown_alias.json")
def test_refuses_an_unknown_id(stores, case):
    """No credential has the id: none is opened."""
    stores.must_meet(case)


@requirement("KS-C03")
@vectors("keystore/alias_case.json")
def test_minds_the_case_of_an_id(stores, case):
    """An id in another case is another id."""
    stores.must_meet(case)


@requirement("KS-C04")
@vectors("keystore/namesakes.json")
def test_tells_namesakes_apart(stores, case):
    """Two businesses with credentials of one name are two."""
    stores.must_meet(case)


@requirement("KS-C09")
@vectors("keystore/abn.json")
def test_refuses_an_impossible_abn(stores, case):
    """An ABN whose check digits are wrong belongs to nobody."""
    stores.must_meet(case)


@requirement("KS-C13")
def test_lists_every_credential(stores, iut):
    """Listing a store names each of its ids."""
    value = iut.keystore_list(str(stores.file({"base": "pair"}).path)).must_be_ok()
    found = {each["alias"] if isinstance(each, dict) else each for each in value["aliases"]}
    expected = {f"ABRD:{holder.abn}_{holder.name}" for holder in (MACHINE_1, MACHINE_2)}
    if found != expected:
        raise ImplementationError(
            "the list of a store's credentials is not complete, or holds more",
            subcode=Subcode.WRONG_VALUE,
            expected=", ".join(sorted(expected)),
            found=", ".join(sorted(map(str, found))),
        )


# --- integrity and certificates -------------------------------------------------------------------


@requirement("KS-I02")
@vectors("keystore/integrity_value.json")
def test_refuses_a_wrong_integrity_value(stores, case):
    """The whole integrity value counts."""
    stores.must_meet(case)


@requirement("KS-I03")
@vectors("keystore/changed_fields.json")
def test_refuses_changed_fields(stores, case):
    """What the integrity value covers cannot be changed unnoticed."""
    stores.must_meet(case)


@requirement("KS-I09")
@vectors("keystore/exchanged_certificate.json")
def test_refuses_an_exchanged_certificate(stores, case):
    """A certificate that was not issued for this entry is never used."""
    stores.must_meet(case)


@requirement("KS-T01")
@vectors("keystore/bundles_ber.json")
def test_reads_certificates_in_ber(stores, case):
    """The bundle in the authority's own encoding is read in every shape that it has had."""
    stores.must_meet(case)


@requirement("KS-T02")
@vectors("keystore/bundles_der.json")
def test_reads_certificates_in_der(stores, case):
    """The bundle in the encoding of other writers is read as well."""
    stores.must_meet(case)


@requirement("KS-T06")
@vectors("keystore/key_mismatch.json")
def test_refuses_a_key_of_another_certificate(stores, case):
    """Key and certificate are found not to fit before anything is signed."""
    stores.must_meet(case)


# --- time -----------------------------------------------------------------------------------------


@requirement("KS-D01")
@vectors("keystore/boundaries.json")
def test_minds_the_second(stores, case):
    """Validity begins and ends on the second, and both seconds belong to it."""
    stores.must_meet(case)


@requirement("KS-D02")
@vectors("keystore/forged_label.json")
def test_trusts_no_later_label(stores, case):
    """A date in the XML does not prolong a certificate."""
    stores.must_meet(case)


@requirement("KS-D03")
@vectors("keystore/ten_hours.json")
def test_trusts_no_earlier_label(stores, case):
    """A date in the XML does not shorten a certificate."""
    stores.must_meet(case)


@requirement("KS-D08")
@vectors("keystore/not_yet_valid.json")
def test_refuses_what_is_not_yet_valid(stores, case):
    """A certificate whose time has not come is not used."""
    stores.must_meet(case)


@requirement("KS-D10")
@vectors("keystore/expired.json")
def test_refuses_what_has_expired(stores, case):
    """A certificate whose time is over is not used."""
    stores.must_meet(case)


@requirement("KS-I05")
@vectors("keystore/reported_end.json")
def test_tells_the_end_of_the_certificate(stores, case):
    """The end of validity that the product tells is that of the certificate."""
    credential = stores.file_of(case).prepared.credentials[case.input["alias"]]
    told = must_be_credential(stores.open(case), credential)["not_after"]
    end = credential.certificate.not_valid_after_utc
    try:
        right = datetime.fromisoformat(told) == end
    except (TypeError, ValueError):
        right = False
    if not right:
        raise ImplementationError(
            "the end of validity that is told is not that of the certificate",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{end:%Y-%m-%dT%H:%M:%SZ}",
            found=str(told),
            where="not_after",
        )


# --- password and key -----------------------------------------------------------------------------


@requirement("KS-K01")
@vectors("keystore/keys.json")
def test_decrypts_every_key(stores, case):
    """Keys of every length open, under passwords of every length."""
    stores.must_meet(case)


@requirement("KS-K02")
@vectors("keystore/wrong_password.json")
def test_refuses_a_wrong_password(stores, case):
    """A wrong password is told when the credential is opened."""
    stores.must_meet(case)


@requirement("KS-K03")
@vectors("keystore/padding.json")
def test_takes_no_padding_for_proof(stores, case):
    """A wrong password that leaves valid padding is a wrong password."""
    stores.must_meet(case)


@requirement("KS-G01")
@vectors("keystore/secrets.json")
def test_tells_no_secret(stores, case):
    """No answer holds a password or a key."""
    stores.iut.prove_discerning("keystore.open")
    stores.iut.twin(case, stores.open)
    recipe = case.input["recipe"]
    secrets = {"the password": case.input["password"], "the store's password": recipe["password"]}
    for credential in stores.file(recipe).prepared.credentials.values():
        secrets |= key_samples(credential)
    reply = stores.open(case)
    if case.expect.status == "ok":
        reply.must_be_ok(as_twin=True)
    must_not_tell(reply, secrets)
    path, data = str(stores.file_of(case).path), base64.b64encode(b"data").decode()
    must_not_tell(stores.iut.keystore_list(path), secrets)
    must_not_tell(
        stores.iut.keystore_sign(
            path, case.input["alias"], case.input["password"], data, RSA_SHA256, stores.now
        ),
        secrets,
    )


@requirement("KS-G01")
def test_tells_no_password_of_an_exchange(bench, healthy, carry_out):
    """Neither the answer to a call nor the refusal of one with a wrong password holds the password."""
    healthy.token_request()  # an answer that no exchange stands behind tells nothing either way
    must_not_tell(healthy.cite().reply, {"the password": bench.password})
    wrong = "Marked-Wrong-Pass-8"
    scenario = carry_out("call-with-a-wrong-password", password=wrong).cite()
    must_not_tell(scenario.reply, {"the password": wrong})


@requirement("KS-S01")
@pytest.mark.parametrize("holder", [MACHINE_1, MACHINE_2], ids=["first", "second"])
def test_signs_with_the_key_of_the_leaf(stores, iut, holder):
    """A signature by either credential of a store verifies under that credential's leaf."""
    file, alias = stores.file({"base": "pair"}), f"ABRD:{holder.abn}_{holder.name}"
    data = bytes(range(256)) * 3
    value = iut.keystore_sign(
        str(file.path), alias, PASSWORD, base64.b64encode(data).decode(), RSA_SHA256, stores.now
    ).must_be_ok()
    leaf = file.prepared.credentials[alias].certificate
    try:
        signature = base64.b64decode(value["signature"], validate=True)
        leaf.public_key().verify(signature, data, PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ImplementationError(
            "the signature does not verify under the credential's certificate",
            subcode=Subcode.WRONG_VALUE,
            expected=f"RSA PKCS#1 v1.5 with SHA-256 over the {len(data)} decoded bytes, as base64",
            found=str(value["signature"])[:80],
            advice="decode `data` before signing; sign with SHA-256 and PKCS#1 v1.5 padding",
        ) from error


@requirement("KS-B01")
def test_opens_in_half_a_second(stores, iut):
    """Opening one credential takes its time whatever else is in the store."""
    iut.prove_discerning("keystore.open")
    path = str(stores.file({"base": "sixty"}).path)
    times = []
    for _ in range(2):  # the first time may be the slow start of something else
        reply = iut.keystore_open(path, ALIAS, PASSWORD, stores.now)
        reply.must_be_ok(as_twin=True)
        times.append(reply.answer.duration_ms)
    if min(times) > 500:
        raise ImplementationError(
            "opening one of sixty credentials is slow",
            subcode=Subcode.SLOW,
            expected="less than 500 ms",
            found=f"{min(times):.0f} ms (the better of two)",
            advice="decrypt the one key that was asked for and no other",
        )
