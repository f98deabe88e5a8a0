"""Does the product read the store as it stands, choose the right credential, and notice damage?"""

from datetime import datetime

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.suite import requirement, vectors
from conformance.suite.stores import must_be_credential

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"


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
