"""A credential opens when everything holds, and otherwise is refused for the one thing that does not."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.contract import REASONS
from conformance.protocol import certificates, keystore
from conformance.protocol.keystore import errors
from conformance.simulators.authority import NO_SIGNING, OFFLINE, PERSONAL, Authority
from conformance.simulators.stores import GENERATIONS, make_entry, seal


def open_from(made, store, *, alias=None, password=None, now=None):
    """Open a credential, by default the usual one at the usual moment."""
    return keystore.open_credential(
        store, alias or made.alias, made.password if password is None else password, now=now or made.moment
    )


def entered(made, change=None, **fields):
    """A store whose entry was changed before it was sealed."""
    store = made.store()
    entry = store.credentials[0]
    entry = seal(replace(change(entry) if change else entry, **fields))
    return replace(store, credentials=(entry,))


def issued(made, **options):
    """A store with a credential that was issued otherwise."""
    options = {"abn": "11000002568", "name": "EVTECampus153", **options}
    credential = Authority(made.moment).machine_credential(**options)
    return replace(made.store(), credentials=(make_entry(credential),))


def test_an_open_credential_signs(made):
    """The key is the leaf's, the chain is whole, owner and dates are the certificate's."""
    opened = open_from(made, made.store())
    signature = opened.key.sign(b"data", PKCS1v15(), hashes.SHA256())
    opened.certificate.public_key().verify(signature, b"data", PKCS1v15(), hashes.SHA256())
    assert (opened.abn, opened.name, len(opened.chain)) == ("11000002568", "EVTECampus153", 3)
    assert opened.chain[0] == opened.certificate
    assert opened.credential.id == made.alias


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_opens(made, generation):
    """Whatever the writer."""
    assert open_from(made, made.store(generation=generation)).abn == "11000002568"


def test_the_window_for_renewal(made):
    """Closed for ten months of the twenty-four, then open."""
    opened = open_from(made, made.store())
    begins = opened.certificate.not_valid_before_utc
    assert not opened.renewal_due(begins + timedelta(days=290))
    assert opened.renewal_due(begins + timedelta(days=320))


@pytest.mark.parametrize(
    ("deviation", "error"),
    [
        ("expired", keystore.Expired),
        ("expired-labelled-valid", keystore.Expired),
        ("ended-a-second-ago", keystore.Expired),
        ("not-yet-valid", keystore.NotYetValid),
        ("begins-in-a-second", keystore.NotYetValid),
        ("integrity-value-flipped", keystore.Damaged),
        ("legal-name-changed", keystore.Damaged),
        ("person-id-added", keystore.Damaged),
        ("key-byte-flipped", keystore.Damaged),
        ("leaf-forged", keystore.Damaged),
        ("bundle-exchanged", keystore.Damaged),
        ("certificate-exchanged", keystore.Damaged),
        ("key-of-another", keystore.KeyMismatch),
        ("certificate-of-another-key", keystore.KeyMismatch),
    ],
)
def test_a_deviation_is_refused_for_its_reason(made, deviation, error):
    """Each class, and the time in the message where it is a matter of time."""
    with pytest.raises(error) as caught:
        open_from(made, made.store(deviation=deviation))
    if error in (keystore.Expired, keystore.NotYetValid):
        assert re.search(r"202\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", caught.value.expected)


@pytest.mark.parametrize(
    "deviation", ["ends-now", "begins-now", "ends-in-five-hours", "labelled-expired", "labelled-for-ever"]
)
def test_the_dates_of_the_xml_decide_nothing(made, deviation):
    """As long as the certificate is valid, to the second."""
    assert open_from(made, made.store(deviation=deviation)).name == "EVTECampus153"


@pytest.mark.parametrize(
    "alias",
    [
        "",
        "ABRD:11000002568_EVTECampus154",
        "abrd:11000002568_evtecampus153",
        "' or '1'='1",
        "\0",
        "x" * 100_000,
    ],
)
def test_another_id_selects_nothing(made, alias):
    """And the message names the ids that there are."""
    with pytest.raises(keystore.UnknownAlias, match="EVTECampus153") as caught:
        keystore.open_credential(made.store(), alias, made.password, now=made.moment)
    assert len(str(caught.value)) < 1000


@given(alias=st.text(max_size=60))
def test_any_id_selects_exactly_that_or_nothing(made, alias):
    """No text but the id itself finds a credential."""
    store = made.store(base="pair")
    try:
        found = store.credential(alias).id
    except keystore.UnknownAlias:
        found = alias
    assert found == alias


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"abn": "27809366375"}, keystore.Damaged),
        ({"name1": "EVTECampus154"}, keystore.Damaged),
        ({"serial_number": "1"}, keystore.Damaged),
        ({"sha1_fingerprint": bytes(20)}, keystore.Damaged),
        ({"public_certificate": b"\x30\x00"}, keystore.Damaged),
        ({"protected_private_key": b"\x30\x00"}, keystore.Damaged),
        ({"credential_type": "U"}, keystore.Unsuitable),
        ({"credential_type": ""}, keystore.Unsuitable),
        ({"salt": b"other"}, None),
        ({"salt": None}, None),
        ({"legal_name": "Universität 大学"}, None),
    ],
)
def test_what_contradicts_the_certificate_is_refused_under_a_right_integrity_value(made, fields, error):
    """Anyone can compute the value, so it excuses nothing."""
    store = made.store()
    entry = replace(store.credentials[0], **fields)
    changed = replace(store, credentials=(seal(entry, store_salt=store.salt),))
    if error is None:
        assert open_from(made, changed).abn == "11000002568"
    else:
        with pytest.raises(error):
            open_from(made, changed)


def test_a_missing_integrity_value_is_refused(made):
    """Otherwise taking it away would be the way round it."""
    store = made.store()
    bare = replace(store, credentials=(replace(store.credentials[0], integrity_value=None),))
    with pytest.raises(keystore.Damaged, match="no integrity value"):
        open_from(made, bare)


def test_digits_moved_into_the_person_id_are_noticed(made):
    """The integrity value cannot see it; the serial number of the certificate can."""

    def move(entry):
        number = entry.serial_number
        return replace(entry, person_id=number[:2], serial_number=number[2:])

    with pytest.raises(keystore.Damaged, match="serial number"):
        open_from(made, entered(made, move))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"profile": PERSONAL}, "not that of a machine"),
        ({"profile": replace(PERSONAL, dn_qualifier="ABR")}, "another policy"),
        ({"profile": replace(PERSONAL, dn_qualifier="ABR", policy=None)}, "another policy"),
        ({"profile": NO_SIGNING}, "does not allow signatures"),
    ],
)
def test_another_kind_of_certificate_is_unsuitable(made, options, match):
    """A person's certificate of the same issuer, one without the policy, one that may not sign."""
    with pytest.raises(keystore.Unsuitable, match=match):
        open_from(made, issued(made, **options))


def test_an_abn_must_be_possible(made):
    """The check digits count although certificate, store and id agree."""
    with pytest.raises(keystore.Unsuitable, match="check digits"):
        open_from(made, issued(made, abn="11000002569"), alias="ABRD:11000002569_EVTECampus153")


def test_the_offline_kind_of_certificate_is_suitable(made):
    """No extended key usage, and the subject in another order."""
    assert open_from(made, issued(made, profile=OFFLINE)).abn == "11000002568"


def test_the_leaf_is_found_wherever_it_stands(made):
    """Root first is unusual and no fault."""

    def turn(entry):
        bundle = certificates.read_bundle(entry.public_certificate)
        return replace(entry, public_certificate=certificates.write_bundle(bundle[::-1]))

    opened = open_from(made, entered(made, turn))
    assert opened.certificate == open_from(made, made.store()).certificate
    assert opened.chain == open_from(made, made.store()).chain


def test_a_leaf_alone_is_enough(made):
    """Whether to trust it is not asked here."""

    def strip(entry):
        bundle = certificates.read_bundle(entry.public_certificate)
        return replace(entry, public_certificate=certificates.write_bundle(bundle[:1]))

    assert len(open_from(made, entered(made, strip)).chain) == 1


def test_a_forged_leaf_is_refused_under_a_right_integrity_value(made):
    """The issuer's signature is verified as far as the issuer is there."""
    store = made.store(deviation="leaf-forged")
    sealed = replace(store, credentials=(seal(store.credentials[0]),))
    with pytest.raises(keystore.Damaged, match="chain"):
        open_from(made, sealed)


@pytest.mark.parametrize("password", ["Password2!", "", "Password1!\n", "Password756!"])
def test_a_wrong_password_is_told_after_everything_else(made, password):
    """The error neither repeats the password nor differs by what came out."""
    with pytest.raises(keystore.WrongPassword) as caught:
        open_from(made, made.store(), password=password)
    assert caught.value.reason == "keystore.wrong_password"
    assert not password.strip() or password not in str(caught.value)
    with pytest.raises(keystore.Expired):
        open_from(made, made.store(deviation="expired"), password=password)


def test_an_expired_credential_is_never_decrypted(made, monkeypatch):
    """No key is in memory that may not be used."""
    monkeypatch.setattr("conformance.protocol.keystore.opening.decrypt_private_key", None)
    with pytest.raises(keystore.Expired):
        open_from(made, made.store(deviation="expired"))


@given(st.data())
def test_one_changed_byte_never_gives_another_credential(made, data):
    """In salt, fingerprint, integrity value, certificate or key: refused, or the same credential."""
    store = made.store()
    entry = store.credentials[0]
    name = data.draw(
        st.sampled_from(
            ["salt", "integrity_value", "sha1_fingerprint", "public_certificate", "protected_private_key"]
        )
    )
    value = bytearray(getattr(entry, name))
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    changed = replace(entry, **{name: bytes(value)})
    if name != "integrity_value" and data.draw(st.booleans()):
        changed = seal(changed)  # what an attacker would do
    try:
        opened = open_from(made, replace(store, credentials=(changed,)))
    except keystore.KeystoreError:
        return
    right = open_from(made, store)
    assert opened.certificate == right.certificate
    assert opened.key.private_numbers() == right.key.private_numbers()


def test_every_reason_is_the_contracts():
    """One class per reason of the contract, and no reason without its class."""
    classes = errors.KeystoreError.__subclasses__()
    reasons = {reason for reason in REASONS if reason.startswith("keystore.")}
    assert sorted(cls.reason for cls in classes) == sorted(reasons)


def test_an_open_credential_shows_no_key(made):
    """Its representation may land in a log."""
    opened = open_from(made, made.store())
    assert "key=" not in repr(opened)
    assert "protected_private_key" not in repr(opened)
