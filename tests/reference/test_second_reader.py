"""Two readers that share no code give the same answer to every vector of the keystore."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from conformance import vectors
from conformance.protocol.certificates import read_bundle
from conformance.reference.correct import Correct
from conformance.reference.second_reader import SecondSigner, certificates_in
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import materialise
from conformance.simulators.stores import GENERATIONS, make_entry

CASES = [
    pytest.param(case, id=f"{name.removesuffix('.json')}-{case.id}")
    for name in vectors.files()
    if name.startswith("keystore/")
    for case in vectors.load(name).cases
]


OPENED = ("certificate", "abn", "name", "not_after")
PARAMETERS = ("alias", "password", "now", "data", "algorithm")


def asked(kind, case, path):
    """Have an implementation use the committed file of a case at the moment for which it was made."""
    parameters = {name: value for name, value in case.input.items() if name in PARAMETERS}
    return kind().handle(case.method, {"path": str(path), **parameters})


@pytest.mark.parametrize("case", CASES)
def test_both_readers_answer_right(case):
    """Right status, a right reason, the value that the vector states; on the committed files."""
    path = vectors.directory() / case.input["file"]
    first, second = asked(Correct, case, path), asked(SecondSigner, case, path)
    for answer in (first, second):
        if case.expect.status == "ok":
            assert answer["status"] == "ok", answer
            stated = case.expect.value or {}
            assert {name: answer["value"][name] for name in stated} == stated
        elif (case.expect.status, answer["status"]) != ("either", "ok"):
            assert answer["status"] == "rejected", answer
            assert answer["reason"] in case.expect.reasons
    if first["status"] == second["status"] == "ok":
        told = OPENED if case.method == "keystore.open" else ("signature",)
        assert {name: first["value"][name] for name in told} == {name: second["value"][name] for name in told}


def test_the_files_are_those_of_the_recipes():
    """Users of other languages open what the kit makes for itself; nothing else lies in the folder."""
    named = {}
    for param in CASES:
        named[param.values[0].input["file"]] = param.values[0].input
    for file, given in named.items():
        moment = datetime.fromisoformat(given["now"])
        made = materialise(given["recipe"], Authority(moment), moment)
        assert (vectors.directory() / file).read_bytes() == made, file
    folder = vectors.directory() / "keystore" / "files"
    assert {f"keystore/files/{path.name}" for path in folder.iterdir()} == set(named)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_both_find_the_same_certificates(generation):
    """Two readers of ASN.1, BER and DER."""
    credential = Authority(datetime(2026, 1, 15, tzinfo=UTC)).machine_credential(abn="11000002568", name="x")
    data = make_entry(credential, generation=generation).public_certificate
    theirs = [certificate.public_bytes(Encoding.DER) for certificate in read_bundle(data)]
    assert list(certificates_in(data)) == theirs
