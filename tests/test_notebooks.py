"""The guided notebooks and what the package does for them; their cells are run by nbval, not here."""

import ast
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from conformance import notebooks
from conformance.errors import OperatorError

FOLDER = Path(__file__).parents[1] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LONGEST_FUNCTION = 6
WIDEST = 110

nbformat = pytest.importorskip("nbformat", reason="needs the extra `notebooks`")
pytest.importorskip("jupytext", reason="needs the extra `notebooks`")


@pytest.fixture(scope="module")
def build():
    """The script that makes the notebooks; it lies beside them and not in the package."""
    spec = importlib.util.spec_from_file_location("notebooks_build", FOLDER / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("notebooks_build", None)


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request):
    return request.param


@pytest.fixture
def notebook(script):
    return nbformat.read(str(script.with_suffix(".ipynb")), as_version=4)


# --- the files ------------------------------------------------------------------------------------


def test_every_notebook_has_its_script():
    """There is no notebook without a script, and no script without a notebook."""
    assert SCRIPTS
    assert [path.stem for path in sorted(FOLDER.glob("*.ipynb"))] == [path.stem for path in SCRIPTS]


def test_script_and_notebook_agree(build, script):
    """The notebook has the cells of its script, in order, and every one of them was run."""
    assert build.differences(script) == []


def test_a_changed_script_is_noticed(build, script, tmp_path):
    """A script that was changed after its notebook was made is reported with the number of the cell."""
    changed = tmp_path / script.name
    text = script.read_text(encoding="utf-8").replace("# ## Now your", "# ## Then your")
    changed.write_text(text, encoding="utf-8")
    (tmp_path / f"{script.stem}.ipynb").write_bytes(script.with_suffix(".ipynb").read_bytes())
    (problem, *_) = build.differences(changed)
    assert re.fullmatch(rf"{script.stem}\.ipynb, cell \d+: not as in {script.name}", problem)


def test_no_machine_shows(notebook):
    """Neither a version of Python nor a time nor a place is stored in a notebook."""
    assert set(notebook.metadata.language_info) == {"file_extension", "mimetype", "name"}
    assert all(not cell.metadata for cell in notebook.cells)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    text = str([output for output in shown if "image/png" not in output.get("data", {})])
    assert not re.search(r"/home/|/root/|/Users/|\\Users\\|site-packages", text)


def test_ids_are_unique_and_readable(notebook):
    """A cell's id is the heading above it with a number, and no two cells have the same."""
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+-\d+", identifier) for identifier in ids)


# --- what a notebook is like ----------------------------------------------------------------------


def test_title_is_the_name_of_the_file(script, notebook):
    """The title has the number of the file, and the name of the file is made of words of the title."""
    heading = notebook.cells[0].source.splitlines()[0]
    number, words = script.stem.split("_", 1)
    assert heading.startswith(f"# {int(number)}. ")
    assert words.replace("_", " ") in heading.lower()


def test_ends_with_the_readers_own_implementation(notebook):
    """The last part is the reader's: the main job runs in place against what the reader plugged in."""
    lines = [line for cell in notebook.cells for line in cell.source.splitlines()]
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[-1] == "## Now your implementation"
    assert "implementation()" in notebook.cells[-1].source
    assert "check(" in notebook.cells[-1].source


def test_defines_nothing_that_belongs_in_the_package(notebook):
    """No cell defines a class, or a function of more than a few lines."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.ClassDef), cell.source
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, cell.source


def test_cells_are_quiet_and_end_without_a_semicolon(notebook):
    """No cell wrote to standard error, none failed, and no last line hides its value."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.source.rstrip().endswith(";"), cell.source
            kinds = {output.get("name", output.output_type) for output in cell.outputs}
            assert kinds <= {"execute_result", "display_data", "stdout"}, cell.source


def test_code_fits_the_page(notebook):
    """No line of code is so wide that a reader must scroll to see its end."""
    lines = [line for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > WIDEST] == []


def test_every_picture_has_words(notebook):
    """A picture carries a text alternative, and a caption stands right below it."""
    for cell, below in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                assert output.data["text/plain"].startswith("[picture] "), cell.source
                assert below.cell_type == "markdown", cell.source
                assert below.source.startswith("*Picture: "), cell.source


def test_readme_lists_every_notebook(script):
    """The page in front of the notebooks has a row for each of them."""
    assert f"({script.stem}.ipynb)" in (FOLDER / "README.md").read_text(encoding="utf-8")


# --- the names that stand for what varies ---------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "compared"),
    [
        ("urn:uuid:0a1b2c3d-0000-4000-8000-00000000ABCD", "urn:uuid:MESSAGE-ID"),
        ("id 0a1b2c3d-0000-4000-8000-00000000abcd", "id UUID"),
        ("token reference: _0a1b2c3d000040008000000000000abc", "token reference: ASSERTION"),
        ("until 2026-11-21T10:42:00.123Z", "until INSTANT"),
        ("https://127.0.0.1:43117/R3.0", "https://127.0.0.1:PORT/R3.0"),
        ("/tmp/evte-x1/keystore.xml", "TEMPORARY"),
        (r"C:\Users\me\AppData\Local\Temp\evte-x1\keystore.xml", "TEMPORARY"),
        ("<td>1 case</td><td>87 cases</td>", "<td>N cases</td><td>N cases</td>"),
        ("EVTE reference implementation 1.2.0rc1", "EVTE reference implementation VERSION"),
        ("born 1966-05-25, code 3458", "born 1966-05-25, code 3458"),
    ],
)
def test_what_varies_has_a_name(shown, compared):
    """Ids, instants, ports, temporary folders and numbers of cases are compared by name; facts stay facts."""
    text = (FOLDER / "sanitize.cfg").read_text(encoding="utf-8")
    rules = re.findall(r"^regex: (.*)$\n^replace: (.*)$", text, flags=re.MULTILINE)
    for regex, replacement in rules:
        shown = re.sub(regex, replacement, shown)
    assert shown == compared


# --- the main job in place ------------------------------------------------------------------------


def test_the_reference_answers_until_somebody_else_is_plugged_in(monkeypatch):
    """The variable EVTE_IUT names the reader's implementation; without it, or empty, it is the reference."""
    monkeypatch.delenv("EVTE_IUT", raising=False)
    assert notebooks.implementation() == "reference"
    monkeypatch.setenv("EVTE_IUT", "  ")
    assert notebooks.implementation() == "reference"
    monkeypatch.setenv("EVTE_IUT", "cmd:java -jar harness.jar ")
    assert notebooks.implementation() == "cmd:java -jar harness.jar"


def test_a_right_implementation_is_shown_as_such():
    """The reference holds the requirement, and its row has neither a finding nor advice."""
    verdicts = notebooks.check("reference", "USI-CHK-13")
    assert verdicts.passed
    (row,) = verdicts.rows
    assert (row.requirement, row.status, row.message, row.remedy) == ("USI-CHK-13", "✓ pass", "", "")


def test_a_wrong_implementation_is_shown_with_its_example():
    """A mutant's row says what was found, with the smallest input, and what to try."""
    verdicts = notebooks.check("mutant:forgets-the-minus", "USI-CHK-11")
    (row,) = verdicts.rows
    assert verdicts.misses == ("USI-CHK-11",)
    assert row.status == "✕ fail"
    assert "usi.check_character {" in row.message
    assert row.remedy


def test_what_does_not_apply_neither_holds_nor_fails():
    """A product without an operation is told so in the caption, and has passed nothing by that."""
    verdicts = notebooks.check("variant:offers-verification-only", "USI-BLV-02", "USI-VER-06")
    assert "1 of 1 requirements hold, 1 more does not apply" in repr(verdicts)
    assert verdicts.passed
    assert not notebooks.check("variant:offers-verification-only", "USI-BLV-02").passed


def test_an_example_names_a_file_without_its_folder():
    """The folder was temporary and is gone; where it lay is nobody's business."""
    line = '{"method": "keystore.list", "params": {"path": "/tmp/evte-x1/keystore.xml", "deadline_ms": 5}}'
    assert notebooks._called(line) == 'keystore.list {"path": "keystore.xml"}'


def test_two_runs_show_the_same():
    """Nothing in a table depends on when or how fast the run was."""
    one, other = (notebooks.check("mutant:forgets-the-minus", "USI-CHK-11") for _ in range(2))
    assert one._repr_html_() == other._repr_html_()
    assert repr(one) == repr(other)


def test_what_cannot_run_is_told_in_the_tables_place():
    """An unknown implementation yields the sentence that `evte run` prints, and no traceback."""
    verdicts = notebooks.check("mutant:of-no-such-name", "USI-CHK-01")
    assert not verdicts.passed
    assert "of-no-such-name" in verdicts.trouble
    assert '<pre role="alert">' in verdicts._repr_html_()


def test_a_request_is_shown_as_it_was_judged():
    """The first request to the token service is told as `evte inspect` tells it, whatever its verdict."""
    right = notebooks.inspected(notebooks.check("reference", "STS-R11"))
    assert "request for a token, accepted" in right
    wrong = notebooks.inspected(notebooks.check("mutant:leaves-to-unsigned", "STS-R11"))
    assert "request for a token, REFUSED" in wrong
    assert "security.to_unsigned" in wrong


def test_a_request_that_was_never_sent_is_told_so():
    """Where no wire was used there is a sentence and no error."""
    verdicts = notebooks.check("reference", "USI-CHK-13")
    assert notebooks.inspected(verdicts) == "nothing was sent to the token service"
    assert notebooks.inspected(notebooks.check("mutant:of-no-such-name", "USI-CHK-01")) == "there was no run"


def test_a_table_escapes_what_it_shows():
    """Whatever an implementation answers, no table of ours becomes markup of its making."""
    table = notebooks.Table("a <b>", ("x & y",), [("<script>alert(1)</script>",)])
    assert "<script>" not in table._repr_html_()
    assert "a &lt;b&gt;" in table._repr_html_()
    assert '<th scope="row"' in table._repr_html_()


def test_a_table_lines_up_as_text():
    """In a terminal the columns of a table stand below each other, and the last one is not padded."""
    table = notebooks.Table("Codes", ("code", "meaning"), [(1001, "not now"), ("E2015", "expired")])
    assert repr(table) == "Codes\ncode   meaning\n1001   not now\nE2015  expired"


# --- pictures that a reader drives ----------------------------------------------------------------


def driven():
    """A picture of as many bars as the sliders say."""
    pictures = pytest.importorskip("conformance.pictures", reason="needs the extra `notebooks`")

    def draw(height, width):
        words = f"{height} high and {width} wide."
        return pictures.bars({"a": {"x": height, "y": width}}, title="Bars", alt=words)

    high, wide = notebooks.Slider("how high", 1, 9, at=3), notebooks.Slider("how wide", 1, 9, at=4)
    return notebooks.drive(draw, height=high, width=wide)


def test_a_driven_picture_stands_still_where_nobody_moves_it(monkeypatch):
    """Without `evte lab` it is the picture of the sliders' first places, byte for byte."""
    monkeypatch.delenv("EVTE_LAB", raising=False)
    picture = driven()
    data, metadata = picture._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert data["image/png"] == driven().picture().png()
    assert metadata["image/png"]["alt"] == "3 high and 4 wide."
    assert repr(picture) == "[picture] 3 high and 4 wide."


def test_a_driven_picture_follows_its_sliders(monkeypatch):
    """In `evte lab` it has one slider per number, and picture and words follow them."""
    pytest.importorskip("ipywidgets", reason="needs the extra `notebooks`")
    monkeypatch.setenv("EVTE_LAB", "1")
    assert "application/vnd.jupyter.widget-view+json" in driven()._repr_mimebundle_()
    high, wide, image, label = driven().widget().children
    before = bytes(image.value)
    assert (high.description, high.min, high.max, high.value, wide.value) == ("how high", 1, 9, 3, 4)
    high.value = 7
    assert bytes(image.value).startswith(b"\x89PNG")
    assert bytes(image.value) != before
    assert label.value == "7 high and 4 wide."


def test_a_slider_begins_between_its_ends():
    """A place outside would be another one in the notebook than the reader sees."""
    with pytest.raises(ValueError, match="day: 10 is not between 0 and 9"):
        notebooks.Slider("day", 0, 9, at=10)


def test_the_lab_is_told_that_somebody_is_there(monkeypatch, tmp_path):
    """`evte lab` sets the variable by which driven pictures get their sliders."""
    pytest.importorskip("jupyterlab", reason="needs the extra `notebooks`")
    seen = {}

    class Ended:
        returncode = 0

    def run(command, *, check, env):
        seen.update(env)
        return Ended()

    monkeypatch.setattr(notebooks.subprocess, "run", run)
    assert notebooks.start(tmp_path) == 0
    assert seen["EVTE_LAB"] == "1"


# --- the fault matrix -----------------------------------------------------------------------------

OUTAGE = {
    "nothing": (),
    "1001 once": ("registry.1001@1",),
    "1001": ("registry.1001",),
    "two": ("registry.1002", "registry.2004"),
}


@pytest.fixture(scope="module")
def reference():
    """The fault matrix of the reference: a healthy call, a short and a long outage, two errors."""
    return notebooks.fault_matrix(failures=OUTAGE)


def test_a_fault_matrix_tells_what_was_done(reference):
    """Requests are counted at the registry; reason, code and conclusion are the product's own words."""
    assert [row.cells for row in reference.rows] == [
        ("1 request", "none", "none", "verified"),
        ("2 requests", "none", "none", "verified"),
        ("3 requests", "service.unavailable", "1001", "refused"),
        ("1 request", "service.validation", "1002 and 2004", "refused"),
    ]
    assert reference["1001"].words == "1001: 3 requests, reason service.unavailable, code 1001, refused"


def test_a_fault_matrix_is_a_picture_with_words(reference):
    """Every cell stands in the picture as text, and every row in its text alternative."""
    pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")
    data, _ = reference._repr_mimebundle_()
    assert data["text/plain"].startswith(
        "[picture] Fault matrix of reference. nothing: 1 request, verified; "
    )
    assert "1001 and 2004" not in data["text/plain"]
    assert data["image/png"].startswith(b"\x89PNG")


def test_a_difference_from_the_reference_is_told(reference):
    """Beside the reference's, the matrix of a mutant has a note in each cell that differs, in words."""
    pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")
    wrong = notebooks.fault_matrix(
        "mutant:takes-a-fault-for-a-wrong-usi", beside=reference, failures={"two": OUTAGE["two"]}
    )
    assert wrong.differences == ("two",)
    assert wrong["two"].cells == ("1 request", "none", "not shown", "not_verified")
    notes = [cell.note for cell in wrong._drawn(wrong["two"])]
    assert notes == ["", "reference: service.validation", "reference: 1002 and 2004", "reference: refused"]
    kinds = [cell.kind for cell in wrong._drawn(wrong["two"])]
    assert kinds == ["", "", "keeps silent", "concludes something else"]


def test_the_reference_does_not_differ_from_itself(reference):
    """Where nothing differs there is neither a note nor a second name in the title."""
    same = notebooks.fault_matrix(failures=OUTAGE, beside=reference)
    assert same.beside is None
    assert same.differences == ()


def test_a_crash_is_a_row_like_any_other():
    """What falls over a fault is told in the column of the conclusion."""
    failures = {"no detail": ("registry.no_detail",)}
    fallen = notebooks.fault_matrix("mutant:falls-over-a-fault-without-detail", failures=failures)
    assert fallen["no detail"].cells == ("1 request", "none", "none", "crash")


def test_a_matrix_that_cannot_be_made_says_why():
    """An unknown implementation yields the sentence that `evte run` prints, in the picture's place."""
    matrix = notebooks.fault_matrix("mutant:of-no-such-name")
    assert matrix.rows == ()
    assert "of-no-such-name" in matrix._repr_mimebundle_()["text/plain"]
    assert '<pre role="alert">' in matrix._repr_mimebundle_()["text/html"]


# --- the place ------------------------------------------------------------------------------------


def test_a_checkout_opens_its_own_notebooks():
    """In a checkout, the folder of the tree is the one to open."""
    assert notebooks.place() == FOLDER


def test_a_copy_is_left_as_the_reader_left_it(tmp_path):
    """Notebooks are copied where they are missing; one that is there is not overwritten."""
    first = f"{SCRIPTS[0].stem}.ipynb"
    (tmp_path / first).write_text("mine", encoding="utf-8")
    assert notebooks.place(tmp_path) == tmp_path
    assert (tmp_path / first).read_text(encoding="utf-8") == "mine"
    assert sorted(path.stem for path in tmp_path.iterdir()) == [path.stem for path in SCRIPTS]


def test_a_folder_that_cannot_be_made_is_the_operators(tmp_path):
    """Where a file is in the way, the operator is told which place and what to try."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OperatorError, match="cannot be copied") as caught:
        notebooks.place(tmp_path / "file")
    assert "--dir" in caught.value.advice
