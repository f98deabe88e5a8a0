"""The mutants of the keystore answer wrongly where the vectors say that they do."""

from datetime import UTC, datetime

import pytest

from conformance import vectors
from conformance.adapters.session import attach
from conformance.catalogue import requirements
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.reference import MUTANTS, load_mutants
from conformance.suite import (
    Budget,
    cases,
    test_keystore_credential,
    test_keystore_file,
    test_keystore_handling,
)
from conformance.suite.iut import Iut
from conformance.suite.stores import Stores

load_mutants()
LIVED = ("KS-L", "KS-A", "KS-R", "KS-K14")
"""Requirements that exchanges settle, and no vector."""
OWN = {
    name: kind
    for name, kind in MUTANTS.items()
    if ".mutants.keystore_" in kind.__module__ and not kind.declaration.kills.startswith(LIVED)
}
FILES = [name for name in vectors.files() if name.startswith("keystore/")]
CASES = [case for name in FILES for case in cases(name)]
WITHOUT_VECTORS = {
    "missing-file-is-an-empty-store",
    "lists-a-place-holder",
    "lists-one-credential",
    "signs-the-base64",
    "opens-every-key",
    "signs-with-the-first-key",
    "sends-the-bundle",
    "fetches-the-revocation-list",
    "tells-the-password-on-signing",
    "tells-the-password-of-a-call",
}
MADE_AT_RUN_TIME = {
    *("KS-X01", "KS-X02", "KS-X03", "KS-X05", "KS-X06", "KS-X08", "KS-G02", "KS-G03"),
    *("KS-F02", "KS-F04", "KS-F06", "KS-F07", "KS-F08", "KS-F09"),
}
"""Requirements that hostile, huge or replaced stores settle, which are no vectors."""
WITHOUT_VECTORS |= {name for name, kind in OWN.items() if kind.declaration.kills in MADE_AT_RUN_TIME}
WITHOUT_VECTORS |= {name for name, kind in OWN.items() if kind.__module__.endswith("keystore_properties")}
OTHER_CHECKS = {
    "keystore/empty_stores.json": (test_keystore_file.test_tells_that_a_store_is_empty,),
    "keystore/key_derivation.json": (test_keystore_credential.test_bounds_the_work_on_a_key,),
    "keystore/renewal_due.json": (test_keystore_credential.test_tells_in_time_that_renewal_is_due,),
    "keystore/reported_end.json": (test_keystore_file.test_tells_the_end_of_the_certificate,),
    "keystore/secrets.json": (
        test_keystore_handling.test_tells_no_secret,
        test_keystore_handling.test_leaves_the_file_alone,
    ),
}


def failures(name, among, folder):
    """Return the ids of the cases on which some check fails with a mutant."""
    session = attach("reference", resolve=lambda _: OWN[name]())
    session.start()
    stores = Stores(Iut(session, Budget()), folder, datetime.now(UTC))
    failed = set()
    for case in among:
        for check in OTHER_CHECKS.get(case.file, (Stores.must_meet,)):
            try:
                check(stores, case)
            except ImplementationError:
                failed.add(case.id)
    session.close()
    return failed


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_mutant_fails_the_cases_that_name_it(name, tmp_path):
    """`kills` is true."""
    named = [case for case in CASES if name in case.vector.kills]
    assert failures(name, named, tmp_path) == {case.id for case in named}
    assert bool(named) != (name in WITHOUT_VECTORS)


def test_every_requirement_has_its_mutant():
    """Each checked requirement of the keystore was seen to fail."""
    checked = {
        name
        for name, row in requirements().items()
        if row.capability == "keystore" and row.checked_by and not name.startswith(LIVED)
    }
    assert {kind.declaration.kills for kind in OWN.values()} == checked


def test_what_may_not_be_accepted_is_not():
    """Where a requirement guards security, its mutant accepts what it must not, or tells a secret."""
    guarded = {
        name
        for name, row in requirements().items()
        if row.capability == "keystore" and row.security and not name.startswith(LIVED)
    }
    subcodes = {kind.declaration.subcode for kind in OWN.values() if kind.declaration.kills in guarded}
    assert guarded == {"KS-X06", "KS-X07", "KS-I08", "KS-I09", "KS-F08", "KS-G01"}
    assert subcodes == {Subcode.ACCEPTED_INVALID, Subcode.SECRET_LEAK}
