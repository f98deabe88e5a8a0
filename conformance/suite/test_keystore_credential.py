"""Does the product use a credential only when certificate, time, key and password allow it?"""

import base64
import socket

import pytest

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import PASSWORD, make_store
from conformance.suite import requirement, vectors
from conformance.suite.iut import excerpt
from conformance.suite.stores import must_be_credential, must_be_signature

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"

PATIENCE_S = 2.0
"""Seconds within which a credential is opened or refused, whatever is in the store."""

TOO_MUCH = "refuse absurd parameters before deriving anything from the password"


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


@requirement("KS-T03")
@vectors("keystore/digest_algorithms.json")
def test_cares_for_no_digest_algorithm(stores, case):
    """What the bundle says of its own digest does not matter."""
    stores.must_meet(case)


@requirement("KS-T04")
@vectors("keystore/bundle_order.json")
def test_finds_the_leaf_anywhere(stores, case):
    """The leaf is the leaf wherever it stands."""
    stores.must_meet(case)


@requirement("KS-T05")
@vectors("keystore/no_leaf.json")
def test_refuses_a_bundle_without_the_leaf(stores, case):
    """No other certificate stands in for the credential's own."""
    stores.must_meet(case)


@requirement("KS-T06")
@vectors("keystore/key_mismatch.json")
def test_refuses_a_key_of_another_certificate(stores, case):
    """Key and certificate are found not to fit before anything is signed."""
    stores.must_meet(case)


@requirement("KS-T07")
@vectors("keystore/broken_chain.json")
def test_refuses_a_broken_chain(stores, case):
    """What claims an issuer was signed by it."""
    stores.must_meet(case)


@requirement("KS-T07B")
@vectors("keystore/other_authority.json")
def test_answers_on_other_authorities(stores, case):
    """A credential of another authority opens or is refused, in an orderly way."""
    stores.must_meet(case)


@requirement("KS-T08")
@vectors("keystore/other_holders.json")
def test_refuses_what_is_no_machine(stores, case):
    """A person's certificate is not a machine's, whoever issued it."""
    stores.must_meet(case)


@requirement("KS-T09")
@vectors("keystore/weak_certificates.json")
def test_refuses_weak_certificates(stores, case):
    """Short keys, old digests and keys for other uses do not sign."""
    stores.must_meet(case)


@requirement("KS-T10")
@vectors("keystore/extended_key_usage.json")
def test_misses_no_extended_key_usage(stores, case):
    """What is not restricted is allowed."""
    stores.must_meet(case)


@requirement("KS-T11")
def test_sends_the_leaf_of_the_store(token_request):
    """The certificate that goes out is the store's leaf, alone."""
    token_request.must_satisfy(
        "security.token_unreadable",
        "security.token_chain",
        "security.certificate_authority",
        "security.certificate_other",
    )


@requirement("KS-T12")
def test_does_not_wait_for_a_revocation_list(stores, iut):
    """The list's address takes the connection and never answers; the credential opens all the same."""
    iut.keystore_open(str(stores.file({}).path), ALIAS, PASSWORD, stores.now).must_be_ok(as_twin=True)
    # Nobody accepts, but the operating system does: whoever connects waits for as long as he likes.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        credential = stores.authority.machine_credential(
            abn=MACHINE_1.abn,
            name=MACHINE_1.name,
            revocation_address=f"http://127.0.0.1:{silent.getsockname()[1]}/crls/sub.crl",
        )
        path = stores.written(make_store([credential]))
        reply = iut.keystore_open(str(path), ALIAS, PASSWORD, stores.now)
    must_be_credential(reply, credential)
    _must_be_quick(reply, "fetch no revocation list for the product's own certificate, or do not wait for it")


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


@requirement("KS-D04")
@vectors("keystore/date_spellings.json")
def test_takes_every_spelling_of_dates(stores, case):
    """A date may have a zone or none, and digits behind the second."""
    stores.must_meet(case)


@requirement("KS-D05")
@vectors("keystore/no_dates.json")
def test_survives_what_is_no_date(stores, case):
    """A text that is no date is passed over or refused, in an orderly way."""
    stores.must_meet(case)


@requirement("KS-D07")
@vectors("keystore/renewal_due.json")
def test_tells_in_time_that_renewal_is_due(stores, case):
    """Renewal is due before the end comes near, and not from the first day."""
    credential = stores.file_of(case).prepared.credentials[case.input["alias"]]
    told = must_be_credential(stores.open(case), credential)["renewal_due"]
    expected = case.expect.value["renewal_due"]
    if told is not expected:
        ends = credential.certificate.not_valid_after_utc
        raise ImplementationError(
            "renewal is not called due in time" if expected else "renewal is called due from the beginning",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{expected}: the certificate ends {(ends - stores.moment).days} days from now",
            found=excerpt(told),
            where="renewal_due",
            advice="compare the present with the certificate's notAfter, and with nothing in the XML",
        )


@requirement("KS-D08")
@vectors("keystore/not_yet_valid.json")
def test_refuses_what_is_not_yet_valid(stores, case):
    """A certificate whose time has not come is not used."""
    stores.must_meet(case)


@requirement("KS-D09")
@vectors("keystore/creation_dates.json")
def test_decides_nothing_by_the_creation_date(stores, case):
    """When a credential came into the store does not matter."""
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


@requirement("KS-K04")
@vectors("keystore/password_white_space.json")
def test_says_what_white_space_does(stores, case):
    """White space around a password is taken away, or makes it a wrong one."""
    stores.must_meet(case)


@requirement("KS-K05")
@vectors("keystore/password_lengths.json")
def test_takes_passwords_of_every_length(stores, case):
    """A long password opens as a short one does."""
    stores.must_meet(case)


@requirement("KS-K06")
@vectors("keystore/password_characters.json")
def test_answers_on_passwords_beyond_ascii(stores, case):
    """Characters beyond ASCII open the key, or are refused in words."""
    stores.must_meet(case)


@requirement("KS-K07")
@vectors("keystore/no_password.json")
def test_refuses_an_empty_password(stores, case):
    """No password is a wrong password, and nobody is asked for another."""
    stores.must_meet(case)


@requirement("KS-K08")
@vectors("keystore/key_derivation.json")
def test_bounds_the_work_on_a_key(stores, case):
    """A number in the file does not decide how long the product works."""
    _must_be_quick(stores.must_meet(case), TOO_MUCH)


@requirement("KS-K08")
@pytest.mark.parametrize("deviation", ["key-salt-huge", "both-salts-huge"])
def test_bounds_the_salt_of_a_key(stores, iut, deviation):
    """A salt of a million bytes is used or refused, in an orderly way and at once."""
    iut.keystore_open(str(stores.file({}).path), ALIAS, PASSWORD, stores.now).must_be_ok(as_twin=True)
    path = str(stores.file({"deviation": deviation}).path)
    reply = iut.keystore_open(path, ALIAS, PASSWORD, stores.now)
    reply.must_be_ok_or_refused(
        "keystore.unsupported_algorithm", "keystore.damaged", "keystore.wrong_password"
    )
    _must_be_quick(reply, TOO_MUCH)


@requirement("KS-K09")
@vectors("keystore/other_encryption.json")
def test_refuses_a_key_without_its_lock(stores, case):
    """A key in the clear, or behind something unknown, is not used."""
    stores.must_meet(case)


@requirement("KS-K10")
@vectors("keystore/pbes2.json")
def test_answers_on_newer_encryption(stores, case):
    """A key under PBES2 opens, or is refused in words."""
    stores.must_meet(case)


@requirement("KS-K11")
@vectors("keystore/two_salts.json")
def test_answers_on_two_salts(stores, case):
    """Two salts that differ make an orderly answer."""
    stores.must_meet(case)


@requirement("KS-K12")
@vectors("keystore/two_passwords.json")
def test_tries_the_password_on_its_own_key(stores, case):
    """A password counts for the key that was asked for."""
    stores.must_meet(case)


@requirement("KS-K13")
@vectors("keystore/unsound_keys.json")
def test_refuses_an_unsound_key(stores, case):
    """A key that cannot be right is not used, neither on opening nor for signing."""
    stores.must_meet(case)


@requirement("KS-S01")
@pytest.mark.parametrize("holder", [MACHINE_1, MACHINE_2], ids=["first", "second"])
def test_signs_with_the_key_of_the_leaf(stores, iut, holder):
    """A signature by either credential of a store verifies under that credential's leaf."""
    file, alias = stores.file({"base": "pair"}), f"ABRD:{holder.abn}_{holder.name}"
    data = bytes(range(256)) * 3
    reply = iut.keystore_sign(
        str(file.path), alias, PASSWORD, base64.b64encode(data).decode(), RSA_SHA256, stores.now
    )
    must_be_signature(reply, file.prepared.credentials[alias], data)


@requirement("KS-S02")
@vectors("keystore/signing.json")
def test_signs_only_with_what_opens(stores, case):
    """What may not be opened may not sign either."""
    stores.must_meet(case)


@requirement("KS-S03")
@vectors("keystore/signing_doubtful.json")
def test_signs_with_nothing_doubtful(stores, case):
    """What should not be opened should not sign either."""
    stores.must_meet(case)


def _must_be_quick(reply, advice):
    if reply.answer.duration_ms > 1000 * PATIENCE_S:
        raise ImplementationError(
            f"{reply.asked} was answered, but not at once",
            subcode=Subcode.SLOW,
            expected=f"an answer within {PATIENCE_S:g} s",
            found=f"{reply.answer.duration_ms / 1000:.1f} s",
            advice=advice,
        )
