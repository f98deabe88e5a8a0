"""Does the product read the store as it stands, choose the right credential, and notice damage?"""

from datetime import datetime

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.suite import requirement, vectors
from conformance.suite.iut import excerpt
from conformance.suite.stores import must_be_credential


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


@requirement("KS-P04")
@vectors("keystore/namespaces.json")
def test_refuses_another_namespace(stores, case):
    """Elements of another namespace are other elements."""
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


@requirement("KS-P07")
@vectors("keystore/empty_stores.json")
def test_tells_that_a_store_is_empty(stores, case):
    """A store without credentials opens none, and lists none."""
    stores.must_meet(case)
    listed = stores.iut.keystore_list(str(stores.file_of(case).path))
    if case.expect.status == "ok":
        listed.must_be_ok()
        return
    listed.must_be_ok_or_refused("keystore.unknown_alias", "keystore.damaged", "keystore.not_a_keystore")
    if listed.answer.outcome == "ok" and listed.answer.value["aliases"]:
        raise ImplementationError(
            "the list of a store without credentials is not empty",
            subcode=Subcode.WRONG_VALUE,
            expected="no alias, or a refusal",
            found=excerpt(listed.answer.value["aliases"]),
        )


@requirement("KS-P08")
@vectors("keystore/extensions.json")
def test_passes_over_extensions(stores, case):
    """An extension is nobody's business, and nothing in it is a credential."""
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


@requirement("KS-P11")
@vectors("keystore/salts.json")
def test_takes_salts_of_both_lengths(stores, case):
    """Eight bytes or twenty, whatever they are."""
    stores.must_meet(case)


@requirement("KS-P12")
@vectors("keystore/store_salt.json")
def test_falls_back_to_the_salt_of_the_store(stores, case):
    """The store's salt takes part where the credential has none, and nowhere else."""
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


@requirement("KS-C05")
@vectors("keystore/other_abn.json")
def test_refuses_the_abn_of_another(stores, case):
    """The entry's ABN is the certificate's."""
    stores.must_meet(case)


@requirement("KS-C06")
@vectors("keystore/other_name.json")
def test_refuses_the_name_of_another(stores, case):
    """The entry's name is the certificate's."""
    stores.must_meet(case)


@requirement("KS-C07")
@vectors("keystore/other_serial.json")
def test_refuses_another_serial_number(stores, case):
    """The entry's serial number is the certificate's, to the last digit."""
    stores.must_meet(case)


@requirement("KS-C08")
@vectors("keystore/other_fingerprint.json")
def test_refuses_another_fingerprint(stores, case):
    """The entry's fingerprint is the certificate's."""
    stores.must_meet(case)


@requirement("KS-C09")
@vectors("keystore/abn.json")
def test_refuses_an_impossible_abn(stores, case):
    """An ABN whose check digits are wrong belongs to nobody."""
    stores.must_meet(case)


@requirement("KS-C10")
@vectors("keystore/serial_numbers.json")
def test_reads_every_serial_number(stores, case):
    """Serial numbers of any size and shape are compared as what they are."""
    stores.must_meet(case)


@requirement("KS-C11")
@vectors("keystore/types.json")
def test_opens_machine_credentials_only(stores, case):
    """A credential of another type than D is none for a machine."""
    stores.must_meet(case)


@requirement("KS-C12")
@vectors("keystore/ids.json")
def test_believes_the_certificate_and_not_the_id(stores, case):
    """Whatever the id says, ABN and name are those of the certificate."""
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


@requirement("KS-I01")
@vectors("keystore/right_integrity.json")
def test_accepts_every_right_integrity_value(stores, case):
    """Fields that are usually empty or plain enter the value as well."""
    stores.must_meet(case)


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


@requirement("KS-I04")
@vectors("keystore/absent_integrity.json")
def test_refuses_an_absent_integrity_value(stores, case):
    """No integrity value is not a right one."""
    stores.must_meet(case)


@requirement("KS-I06")
@vectors("keystore/moved_borders.json")
def test_refuses_moved_borders(stores, case):
    """What the integrity value cannot see, the certificate shows."""
    stores.must_meet(case)


@requirement("KS-I07")
@vectors("keystore/names_beyond_ascii.json")
def test_takes_names_beyond_ascii(stores, case):
    """A legal name may be in any script."""
    stores.must_meet(case)


@requirement("KS-I08")
@vectors("keystore/bad_beside_good.json")
def test_refuses_the_bad_one_of_two(stores, case):
    """A good credential vouches for no other."""
    stores.must_meet(case)


@requirement("KS-I10")
@vectors("keystore/good_beside_bad.json")
def test_opens_the_good_one_of_two(stores, case):
    """A bad credential spoils no other."""
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
