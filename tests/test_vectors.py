"""The vectors are well formed, complete and true; their loader refuses what is not."""

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from conformance import vectors
from conformance.adapters.contract import METHODS, REASONS
from conformance.errors import KitError
from conformance.protocol import checksum
from conformance.reference import load_mutants

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
CHECKSUM = [name for name in vectors.files() if name.startswith("checksum/")]


def checksum_cases(method):
    """Every case of one method in the area of the check character."""
    return [
        pytest.param(case, id=f"{name.removesuffix('.json')}-{case.id}")
        for name in CHECKSUM
        for case in vectors.load(name).cases
        if case.method == method
    ]


def test_all_vectors_are_well_formed():
    """Twins, mutations, reasons, flags and mutants: nothing is missing and nothing is unknown."""
    assert vectors.check(methods=METHODS, reasons=REASONS, mutants=load_mutants()) == []


def test_the_committed_schema_is_the_generated_one():
    """The schema is made from the record and committed byte for byte."""
    assert (VECTORS / "schema" / "vectors-1.json").read_bytes() == vectors.schema()


def test_the_generator_says_when_nothing_is_stale():
    """`generate.py --check` leaves with 0 on the committed files, from any folder."""
    done = subprocess.run(
        [sys.executable, str(VECTORS / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(VECTORS.parent), "SYSTEMROOT": "C:\\Windows"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", vectors.files())
def test_another_validator_accepts_every_file(name):
    """A file of vectors is valid against the published schema by a JSON Schema validator that is not ours."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((VECTORS / "schema" / "vectors-1.json").read_bytes())
    jsonschema.validate(json.loads((VECTORS / name).read_bytes()), schema)


@pytest.mark.parametrize("name", vectors.files())
def test_every_file_is_ascii_with_unix_line_ends(name):
    """Look-alikes are escaped, so that they can be told apart in any editor."""
    content = (VECTORS / name).read_bytes()
    assert content.isascii()
    assert b"\r" not in content
    assert content.endswith(b"}\n")


def test_the_readme_names_every_file():
    """The table of provenance has a row for each file or for its area, and none for what is not there."""
    text = (VECTORS / "README.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z_]+/(?:[^`]+\.json|\*\.json))` \|", text, re.MULTILINE))
    files = {*vectors.files(), "schema/vectors-1.json"}
    areas = {f"{name.partition('/')[0]}/*.json" for name in files}
    assert {name for name in files - rows if f"{name.partition('/')[0]}/*.json" not in rows} == set()
    assert rows <= files | areas


# --- the right answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", checksum_cases("usi.validate"))
def test_the_expected_verdict_is_right(case):
    """What is exact is accepted, what folding makes exact may be, and nothing else is."""
    usi = case.input["usi"]
    if case.expect.status == "ok":
        assert checksum.reasons(usi) == ()
    elif case.expect.status == "either":
        assert checksum.reasons(usi) != ()
        assert checksum.reasons(checksum.fold(usi)) == ()
    else:
        assert checksum.reasons(usi) != ()
        assert not isinstance(usi, str) or checksum.reasons(checksum.fold(usi)) != ()


@pytest.mark.parametrize("case", checksum_cases("usi.validate"))
def test_the_expected_reasons_hold_all_that_apply(case):
    """Whoever names any reason that is true of the input is not marked wrong for it."""
    assert set(checksum.reasons(case.input["usi"])) <= set(case.expect.reasons)


@pytest.mark.parametrize("case", checksum_cases("usi.validate"))
def test_python_stdnum_gives_the_same_verdict(case):
    """An implementation that is not ours agrees with every expectation about ten characters."""
    luhn = pytest.importorskip("stdnum.luhn")
    usi = case.input["usi"]
    if isinstance(usi, str) and len(usi) == 10:
        assert luhn.is_valid(usi, checksum.ALPHABET) == (case.expect.status == "ok")


@pytest.mark.parametrize("case", checksum_cases("usi.check_character"))
def test_the_expected_check_character_is_right(case):
    """The value is what the method gives, ours and one that is not ours; a refused stem has none."""
    luhn = pytest.importorskip("stdnum.luhn")
    stem = case.input["stem"]
    if case.expect.status == "ok":
        assert case.expect.value == checksum.check_character(stem)
        assert case.expect.value == luhn.calc_check_digit(stem, checksum.ALPHABET)
    else:
        with pytest.raises(ValueError, match="USI"):
            checksum.check_character(stem)


def test_every_character_is_a_check_character_once():
    """Right USIs and stems between them need each of the 32 characters."""
    for name in ("checksum/valid.json", "checksum/stems.json"):
        found = {c.input.get("usi", str(c.expect.value))[-1] for c in vectors.load(name).cases}
        assert found == set(checksum.ALPHABET)


def test_the_blind_spots_are_all_there():
    """Eleven twin errors, the unseen swap and three characters backwards: pairs of right USIs."""
    cases = vectors.load("checksum/blind_spots.json").cases
    changed = [case for case in cases if case.twin]
    assert all(case.expect.status == "ok" for case in cases)
    assert len([case for case in changed if case.id.startswith("twin-")]) == 11
    assert len(changed) == 15


# --- the loader -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"$repeat": ["2", 3]}, "222"),
        ({"$repeat": ["ab", 0]}, ""),
        ({"$join": ["a", {"$repeat": ["b", 2]}, "c"]}, "abbc"),
        ({"$join": []}, ""),
        ({"deep": [{"$repeat": ["x", 2]}, 1, None]}, {"deep": ["xx", 1, None]}),
        ({"usi": "BNGH7C75FN"}, {"usi": "BNGH7C75FN"}),
        ([], []),
    ],
)
def test_input_forms_are_expanded(form, text):
    """Forms become texts at any depth, and what is no form stays as it is."""
    assert vectors.expand(form) == text


@pytest.mark.parametrize(
    "form",
    [
        {"$other": 1},
        {"$repeat": ["2"]},
        {"$repeat": ["2", -1]},
        {"$repeat": ["2", 2], "more": 1},
        {"$repeat": [2, 2]},
        {"$repeat": ["2" * 1000, 10**9]},
        {"$join": [1]},
        {"$join": "abc"},
    ],
)
def test_a_wrong_input_form_is_refused(form):
    """What begins with $ and is no form is an error and not an input."""
    with pytest.raises(ValueError, match=r"\$|form"):
        vectors.expand(form)


def test_a_million_characters_are_two_in_the_file():
    """The huge inputs are small on disk and whole when loaded."""
    huge = next(case for case in vectors.load("checksum/not_texts.json").cases if case.id == "a-million-twos")
    assert huge.input == {"usi": "2" * 1_048_576}
    assert (VECTORS / "checksum/not_texts.json").stat().st_size < 20_000


def test_an_unknown_file_is_answered_with_those_that_exist():
    """The error names what there is; nothing outside the folder can be named."""
    with pytest.raises(KitError, match=r"checksum/valid\.json"):
        vectors.load("checksum/vald.json")
    with pytest.raises(KitError, match="no file of vectors"):
        vectors.load("../pyproject.toml")


def test_the_digest_names_its_algorithm_and_is_stable():
    """Two calls agree; the digest is 64 hexadecimal digits of SHA-256."""
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", vectors.digest())
    assert vectors.digest() == vectors.digest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of vectors of its own, with one right file, which the loader takes for the kit's."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "vectors-1.json").write_bytes(vectors.schema())
    (tmp_path / "area").mkdir()
    monkeypatch.setattr(vectors, "directory", lambda: tmp_path)
    return tmp_path


def right():
    """A file with a healthy case and one that is made from it."""
    return {
        "schema": "vectors/1",
        "purpose": "To be broken.",
        "source": "Made for this test.",
        "flags": {
            "wrong": {"kind": "missing check", "text": "It is wrong.", "effect": "harm", "mend": "check"}
        },
        "cases": [
            {
                "id": "healthy",
                "method": "usi.validate",
                "input": {"usi": "BNGH7C75FN"},
                "expect": {"status": "ok"},
            },
            {
                "id": "bad",
                "twin": "healthy",
                "mutation": "N becomes M",
                "flags": ["wrong"],
                "method": "usi.validate",
                "input": {"usi": "BNGH7C75FM"},
                "expect": {"status": "rejected", "reasons": ["usi.check_character"]},
                "kills": ["looks-at-the-form-only"],
            },
        ],
    }


def write(folder, content, name="area/file.json"):
    """Write a file of vectors."""
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def test_a_right_file_has_no_problems(folder):
    """The file from which the broken ones below are made is right."""
    write(folder, right())
    assert vectors.check() == []
    assert vectors.files() == ("area/file.json",)


def broken(change):
    content = right()
    change(content)
    return content


BROKEN = {
    "another-version": (lambda f: f.update(schema="vectors/9"), "of another version"),
    "unknown-field": (lambda f: f.update(more=1), "has not the form of its schema"),
    "unknown-field-of-a-case": (lambda f: f["cases"][1].update(remark="x"), "has not the form of its schema"),
    "no-cases": (lambda f: f.update(cases=[], flags={}), "there is no case"),
    "no-purpose": (lambda f: f.update(purpose=""), "purpose and source"),
    "unexplained-flag": (lambda f: f.update(flags={}), "flag wrong is not explained"),
    "unused-flag": (lambda f: f["cases"][1].update(flags=[]), "explained but no case has it"),
    "half-explained-flag": (
        lambda f: f["flags"]["wrong"].update(mend=""),
        "must have kind, text, effect and mend",
    ),
    "no-flag": (lambda f: f["cases"][1].update(flags=[]), "the kind of mistake is not flagged"),
    "wrong-id": (lambda f: f["cases"][1].update(id="Bad_1"), "small letters"),
    "id-twice": (lambda f: f["cases"][1].update(id="healthy"), "the id stands in area/file.json as well"),
    "no-twin": (lambda f: f["cases"][1].update(twin=""), "is not in the file"),
    "its-own-twin": (lambda f: f["cases"][1].update(twin="bad"), "is not a healthy case of the same method"),
    "twin-of-another-method": (
        lambda f: f["cases"][0].update(method="keystore.open"),
        "is not a healthy case of the same method",
    ),
    "same-as-its-twin": (
        lambda f: f["cases"][1].update(input={"usi": "BNGH7C75FN"}),
        "it is the same as its twin",
    ),
    "no-mutation": (lambda f: f["cases"][1].update(mutation=""), "the change against the twin is not named"),
    "no-kills": (lambda f: f["cases"][1].update(kills=[]), "the mutants that it kills are not named"),
    "no-reasons": (lambda f: f["cases"][1]["expect"].update(reasons=[]), "the right reasons are not named"),
    "value-of-a-refusal": (
        lambda f: f["cases"][1]["expect"].update(value="N"),
        "only an accepted case has a value",
    ),
    "wrong-status": (lambda f: f["cases"][1]["expect"].update(status="maybe"), "maybe is not a status"),
    "reasons-of-a-healthy-case": (
        lambda f: f["cases"][0]["expect"].update(reasons=["usi.length"]),
        "a healthy case has no reasons",
    ),
    "wrong-form": (lambda f: f["cases"][1].update(input={"usi": {"$what": 1}}), "cannot be made"),
    "unknown-method": (
        lambda f: f["cases"][1].update(method="usi.guess"),
        "usi.guess is not a method that exists",
    ),
    "unknown-reason": (
        lambda f: f["cases"][1]["expect"].update(reasons=["usi.guess"]),
        "usi.guess is not a reason that exists",
    ),
    "unknown-mutant": (lambda f: f["cases"][1].update(kills=["guess"]), "guess is not a mutant that exists"),
}


@pytest.mark.parametrize(("change", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_found_out(folder, change, problem):
    """Each rule of the format is seen to fail when it is broken."""
    write(folder, broken(change))
    found = vectors.check(methods=METHODS, reasons=REASONS, mutants={"looks-at-the-form-only"})
    assert any(problem in sentence for sentence in found), found
    assert all(sentence.startswith("area/file.json: ") for sentence in found)


def test_an_id_is_unique_within_its_area(folder):
    """One requirement may be settled by several files, so their ids must differ."""
    write(folder, right())
    write(folder, right(), "area/other.json")
    assert vectors.check() == [
        "area/other.json: healthy: the id stands in area/file.json as well",
        "area/other.json: bad: the id stands in area/file.json as well",
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"schema": "vectors/1"}', b"[]"])
def test_what_is_no_file_of_vectors_is_the_kits_own_fault(folder, content):
    """An unreadable file raises the kit's error and names the file."""
    (folder / "area" / "file.json").write_bytes(content)
    with pytest.raises(KitError) as caught:
        vectors.load.__wrapped__("area/file.json")
    assert caught.value.where == "area/file.json"


def test_the_digest_changes_with_names_and_contents_but_not_with_line_ends(folder):
    """A checkout on Windows has the same digest, another content or name has not; documents do not count."""
    target = folder / "area" / "file.json"

    def digest():
        vectors._data.cache_clear()
        return vectors.digest()

    target.write_bytes(b"{\n}\n")
    unix = digest()
    target.write_bytes(b"{\r\n}\r\n")
    assert digest() == unix
    (folder / "README.md").write_text("words")
    assert digest() == unix
    target.write_bytes(b"{\n }\n")
    changed = digest()
    target.rename(folder / "area" / "renamed.json")
    assert len({unix, changed, digest()}) == 3


def test_the_vectors_must_be_somewhere(monkeypatch, tmp_path):
    """Neither in the package nor beside it: the kit says so and what to do."""
    monkeypatch.setattr(vectors, "__file__", str(tmp_path / "conformance" / "vectors.py"))
    with pytest.raises(KitError, match="not there"):
        vectors.directory()


def test_the_vectors_of_an_installed_kit_are_found(monkeypatch, tmp_path):
    """A wheel carries them inside the package."""
    inside = tmp_path / "conformance" / "_data" / "vectors"
    (inside / "schema").mkdir(parents=True)
    (inside / "schema" / "vectors-1.json").write_bytes(b"{}")
    monkeypatch.setattr(vectors, "__file__", str(tmp_path / "conformance" / "vectors.py"))
    assert vectors.directory() == inside.resolve()


def test_the_schema_forbids_unknown_fields():
    """Every record of the schema is closed."""
    definitions = json.loads(vectors.schema())["$defs"]
    assert {name: d["additionalProperties"] for name, d in definitions.items()} == {
        "Expectation": False,
        "Flag": False,
        "Vector": False,
        "VectorFile": False,
    }
    assert msgspec.json.decode(vectors.schema())["title"] == "A file of test vectors (vectors/1)"


def test_what_a_vector_exposes_is_known_by_mutant():
    """The ids of the vectors that name a mutant; one that none names has none."""
    exposing = vectors.exposing()
    assert "published-bngh7c75fn" in exposing["factors-begin-with-one"]
    assert "published-a88h9d64cs" not in exposing["skips-the-digit-sum"]
    assert "no-such-mutant" not in exposing
