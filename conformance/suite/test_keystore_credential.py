"""Does the product use a credential only when certificate, time, key and password allow it?"""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import PASSWORD
from conformance.suite import requirement, vectors

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"


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
