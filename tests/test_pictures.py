"""The pictures of the notebooks: what they say in words, what stands in them, and that they stay the same."""

import struct
from datetime import UTC, datetime, timedelta

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")

from conformance import pictures  # noqa: E402 - matplotlib must be known to be there
from conformance.pictures import canvas, messages  # noqa: E402 - as above

STATIONS = [
    pictures.Station("1", "You", "Begin.", row=0, column=0),
    pictures.Station("2", "Office", "Register.", row=0, column=1),
    pictures.Station("3", "You", "Go left.", row=1, column=0),
    pictures.Station("3", "You", "Go right.", row=2, column=0),
    pictures.Station("4", "Office", "Arrive.", row=1, rows=2, column=1),
]
MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN = bytes.fromhex("3080020101a080040000000000")  # SEQUENCE { 1, [0] { empty string } }
PLACES = {"new": pictures.Place(0, 0, "begins"), "old": pictures.Place(1, 0.5, "ends", "for ever")}
PARTS = [
    pictures.Box("Envelope"),
    pictures.Box("To", "where it goes", 1, "signed"),
    pictures.Box("Signature", depth=1),
    pictures.Box("Reference", depth=2, points_to=("To",)),
    pictures.Box("Body", depth=1),
]
WELL = pictures.Cell("good", "well")
MATRIX = {
    "a heading that is so long that it needs a second line": [pictures.Cell("once"), WELL],
    "short": [pictures.Cell("several times, and then again", "bad", "other: once"), WELL],
}
COLUMNS = {"how often": 0.4, "how": 0.3}
ROWS = [("Common", "for all"), ("Left", "for some"), ("Right", "for others")]


def words(picture):
    """Return every text that stands in a picture."""
    return {text.get_text() for text in picture.figure.findobj(matplotlib.text.Text)}


def luminance(colour):
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# --- what all have in common ----------------------------------------------------------------------


def test_a_picture_is_its_words_where_it_cannot_be_drawn():
    """In a terminal a picture is its text alternative, broken into lines of at most 100 characters."""
    picture = pictures.working("BNGH7C75F")
    assert repr(picture).startswith("[picture] A table with one column for each character of BNGH7C75F")
    assert max(map(len, repr(picture).splitlines())) <= 100


def test_jupyter_gets_the_png_and_the_words():
    """A notebook stores a PNG, the words beside it, and a width below the number of its dots."""
    data, metadata = pictures.working("BNGH7C75F")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert data["text/plain"].startswith("[picture] ")
    (dots,) = struct.unpack(">I", data["image/png"][16:20])
    assert metadata["image/png"]["width"] < dots


def test_the_same_facts_give_the_same_bytes():
    """Nothing of the moment or of the program gets into a picture."""
    one, other = (pictures.road(STATIONS, rows=ROWS, alt="A road.").png() for _ in range(2))
    assert one == other
    assert b"matplotlib" not in one.lower()


def test_a_picture_is_saved_as_png(tmp_path):
    """`save` writes the bytes that a notebook would show."""
    picture = pictures.working("BNGH7C75F")
    picture.save(tmp_path / "working.png")
    assert (tmp_path / "working.png").read_bytes() == picture.png()


def test_the_readers_own_settings_stay():
    """Drawing leaves the settings of matplotlib as they were."""
    before = dict(matplotlib.rcParams)
    pictures.bars({"a": {"x": 1}}, title="Bars", alt="Bars.")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("colour", pictures.COLOURS)
def test_every_colour_can_be_read(colour):
    """Each colour is legible as text on white and on its pale ground, and under white text."""
    assert contrast(colour, "#ffffff") >= 4.5
    assert contrast(colour, canvas.PALE[colour]) >= 4.5
    assert contrast(canvas.INK, canvas.PALE[colour]) >= 7


@pytest.mark.parametrize(
    "picture",
    [
        pictures.working("ZZZZZZZZZ"),
        pictures.road(STATIONS, rows=ROWS, alt="A road."),
        pictures.sequence(
            [pictures.Passing("a", "b", "asks", "by post")], actors={"a": "one", "b": "two"}, alt="-"
        ),
        pictures.bars(
            {"a name that is rather long": {"kind": 1000}, "b": {"other": 1}}, title="Bars", alt="-"
        ),
        pictures.field([False] * 300 + [True], hit="hit", miss="missed", title="Trials", alt="-"),
        pictures.outline(OPEN, {"": "all of it", "0": "one", "1": "", "1.0": "nothing"}, alt="-"),
        pictures.joined({"all": [pictures.Part("a long name", "", 0)] * 14}, alt="-"),
        pictures.timeline(
            {"a lane with a long title": [pictures.Stretch(MOMENT, MOMENT + DAY, "valid")]},
            windows=[(MOMENT - DAY, MOMENT + DAY)],
            moments={"in the beginning": MOMENT - DAY, "at the end": MOMENT + DAY},
            alt="-",
        ),
        pictures.states(PLACES, [pictures.Move("new", "grows old, as all things do", "old")], alt="-"),
        pictures.message(PARTS, title="A message", alt="-"),
        pictures.difference({"a pair": (b"x" * 300, b"x" * 299 + b"y")}, names=("one", "other"), alt="-"),
        pictures.matrix(MATRIX, columns=COLUMNS, corner="what", title="M", alt="-", width=5),
    ],
    ids=[
        "working",
        "road",
        "sequence",
        "bars",
        "field",
        "outline",
        "joined",
        "timeline",
        "states",
        "message",
        "difference",
        "matrix",
    ],
)
def test_no_text_is_cut_off(picture):
    """Every text lies inside its picture."""
    picture.figure.draw_without_rendering()
    edge = picture.figure.bbox
    for text in picture.figure.findobj(matplotlib.text.Text):
        if text.get_text() and text.get_visible() and text.get_in_layout():
            extent = text.get_window_extent()
            assert edge.x0 <= extent.x0 <= extent.x1 <= edge.x1, text.get_text()
            assert edge.y0 <= extent.y0 <= extent.y1 <= edge.y1, text.get_text()


def test_a_long_text_stays_inside_its_station():
    """Lines are broken by their real width, capitals included, so that none crosses the border of its box."""
    lines = canvas.wrapped(
        "MAS-ST, EVTE, DPO, ABN, RAM, USI and WWWWWWWW ".strip() * 3, 1.5, 8.5
    ).splitlines()
    figure, axes = canvas.blank(4, 4)
    widths = [axes.text(0, 0, line, size=8.5).get_window_extent().width for line in lines]
    assert len(lines) > 1
    assert max(widths) <= 1.5 * figure.dpi * 1.02  # hinting may add a dot


# --- each kind ------------------------------------------------------------------------------------


def test_the_working_shows_every_step():
    """The table holds the products, their digits and the sum of the published USI XNY5NV9WG9."""
    shown = words(pictures.working("XNY5NV9WG"))
    assert {"58", "1 , 26", "27", "9"} <= shown
    assert "27 + 20 + 29 + 3 + 9 + 27 + 14 + 28 + 28 = 185" in shown


def test_the_working_refuses_what_is_no_stem():
    """Eight characters have no check character to be drawn."""
    with pytest.raises(ValueError, match="9 characters"):
        pictures.working("BNGH7C75")


def test_a_map_marks_what_goes_unnoticed():
    """Each pair of measure 0 has a cross, and pairs of equals have none."""
    moves = {
        (x, y): 1 for x in "23456789ABCDEFGHJKLMNPQRSTUVWXYZ" for y in "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    }
    moves["2", "Z"] = moves["A", "A"] = 0
    picture = pictures.pair_map(moves, down="first", across="second", measure="places", alt="A map.")
    crosses = [
        text
        for text in picture.figure.findobj(matplotlib.text.Text)
        if text.get_text() == "\N{MULTIPLICATION SIGN}"
    ]
    assert [text.get_position() for text in crosses] == [(31, 0)]


def test_a_road_names_every_actor_and_branch():
    """Actors, numbers and titles stand in the picture as text."""
    assert {"You", "Office", "1", "4", "Common", "Left", "Right"} <= words(
        pictures.road(STATIONS, rows=ROWS, alt="A road.")
    )


def test_a_chart_of_messages_keeps_their_order():
    """Messages stand below each other in the order in which they pass, with their details."""
    passings = [
        pictures.Passing("product", "product", "opens the keystore", "with a password"),
        pictures.Passing("product", "service", "asks"),
        pictures.Passing("service", "product", "answers", "at once", answer=True),
    ]
    picture = pictures.sequence(passings, actors={"product": "ours", "service": "theirs"}, alt="A chart.")
    places = {t.get_text(): t.get_position()[1] for t in picture.figure.findobj(matplotlib.text.Text)}
    assert places["opens the keystore"] < places["asks"] < places["answers"] < places["at once"]


def test_bars_say_their_numbers():
    """Each part that is wide enough has its number, and each bar its total."""
    rows = {"one": {"documented": 10, "assumed": 5}, "other": {"documented": 3}}
    shown = words(pictures.bars(rows, title="What is known", alt="Two bars."))
    assert {"one", "other", "10", "5", "15", "3", "documented", "assumed", "What is known"} <= shown


def test_a_field_counts_its_hits():
    """Both numbers stand in the picture, in words."""
    picture = pictures.field([True, False, False], hit="hit", miss="missed", title="Trials", alt="A field.")
    assert {"1 hit", "2 missed", "Trials"} <= words(picture)


def test_an_outline_shows_where_open_lengths_end():
    """Each element has its offset and first bytes; one of open length also has the two bytes that end it."""
    shown = words(pictures.outline(OPEN, {"": "all of it", "0": "one", "1": "", "1.0": "nothing"}, alt="-"))
    assert {"30 80", "02 01", "a0 80", "04 00", "00 00"} <= shown
    assert {"0", "2", "5", "7", "9", "11"} <= shown
    assert {
        "SEQUENCE, length left open  ·  all of it",
        "INTEGER, 1 byte  ·  one",
        "[0], length left open",
        "OCTET STRING, 0 bytes  ·  nothing",
        "ends the [0] of byte 5",
        "ends the SEQUENCE of byte 0",
    } <= shown


def test_an_outline_leaves_out_what_it_was_not_asked_for():
    """Elements without a meaning are not drawn, and neither is what lies in them."""
    shown = words(pictures.outline(OPEN, {"": "all of it"}, alt="-"))
    assert "ends the SEQUENCE of byte 0" in shown
    assert "02 01" not in shown


def test_an_outline_of_what_is_not_there_is_refused():
    """A path that leads nowhere is a mistake of the notebook."""
    with pytest.raises(ValueError, match=r"no element at 1\.1"):
        pictures.outline(OPEN, {"": "all of it", "1.1": "?"}, alt="-")


def test_joined_parts_keep_their_order():
    """Parts stand from left to right with their names and sizes."""
    parts = [pictures.Part("first", "ab", 2), pictures.Part("second", "", 0)]
    picture = pictures.joined({"a strip": parts}, alt="A strip.")
    places = {t.get_text(): t.get_position()[0] for t in picture.figure.findobj(matplotlib.text.Text)}
    assert places["first\n2"] < places["second\n0"]
    assert {"a strip", "ab"} <= set(places)


def test_a_timeline_counts_days_from_where_it_is_told():
    """The axis has days since day zero, or dates in UTC."""
    lanes = {"life": [pictures.Stretch(MOMENT, MOMENT + 20 * DAY, "active", "active")]}
    window = (MOMENT - DAY, MOMENT + 25 * DAY)
    counted = pictures.timeline(lanes, windows=[window], day_zero=MOMENT, alt="-")
    assert {"life", "active", "day 0", "day 10", "day 20"} <= words(counted)
    hours = pictures.timeline(lanes, windows=[(MOMENT, MOMENT + DAY)], moments={"now": MOMENT}, alt="-")
    assert {"12:00", "00:00\n22 Nov 2026", "now"} <= words(hours)
    months = pictures.timeline(lanes, windows=[(MOMENT, MOMENT + 100 * DAY)], alt="-")
    assert {"Dec\n2026", "Jan\n2027", "Feb"} <= words(months)


def test_a_timeline_draws_nothing_outside_its_windows():
    """A stretch that lies outside has no bar, and a moment no line."""
    lanes = {"life": [pictures.Stretch(MOMENT, MOMENT + DAY, "active")]}
    later = (MOMENT + 5 * DAY, MOMENT + 6 * DAY)
    shown = words(pictures.timeline(lanes, windows=[later], moments={"now": MOMENT}, alt="-"))
    assert not {"active", "now"} & shown


def test_a_kind_of_stretch_always_looks_the_same():
    """With the kinds given, a bar has one colour whatever else is in the picture."""

    def colour(*kinds):
        lanes = {"life": [pictures.Stretch(MOMENT, MOMENT + DAY, kind, kind) for kind in kinds]}
        window = (MOMENT, MOMENT + DAY)
        picture = pictures.timeline(lanes, windows=[window], kinds=("one", "other"), alt="-")
        patches = picture.figure.axes[0].patches
        return dict(zip(kinds, (patch.get_edgecolor() for patch in patches), strict=True))["other"]

    assert colour("other") == colour("one", "other") == matplotlib.colors.to_rgba(pictures.ORANGE)


def test_a_state_machine_tells_what_stays_and_what_goes():
    """What leads elsewhere is an arrow's text, what leads back stands in the box; several share an arrow."""
    moves = [
        pictures.Move("new", "look", "new"),
        pictures.Move("new", "sell", "old"),
        pictures.Move("new", "break", "old", sure=False),
    ]
    shown = words(pictures.states(PLACES, moves, alt="-"))
    assert {"new", "old", "begins\nstays: look", "for ever", "sell\nbreak"} <= shown


def test_a_state_without_a_place_is_refused():
    """A move that leads off the page is a mistake of the notebook."""
    with pytest.raises(ValueError, match="gone"):
        pictures.states(PLACES, [pictures.Move("new", "leaves", "gone")], alt="-")


def test_a_timeline_of_an_hour_counts_minutes():
    """A window of up to two hours has a mark every ten minutes, one of half an hour every five."""
    hour = {"life": [pictures.Stretch(MOMENT, MOMENT + DAY / 24, "token")]}
    marks = words(pictures.timeline(hour, windows=[(MOMENT, MOMENT + DAY / 24)], alt="-"))
    assert {"10:50", "11:00", "11:40"} <= marks
    assert "10:45" not in marks
    assert "10:45" in words(pictures.timeline(hour, windows=[(MOMENT, MOMENT + DAY / 48)], alt="-"))


def test_a_message_says_what_is_what():
    """Names, notes and kinds stand in the picture as text; a kind is never told by colour alone."""
    shown = words(pictures.message(PARTS, title="A message", alt="-"))
    assert {"Envelope", "To", "where it goes", "signed", "Reference", "A message"} <= shown


def test_a_box_lies_within_its_outer_one():
    """The frame of a part encloses the frames of its parts, and ends before the next one begins."""
    patches = pictures.message(PARTS, alt="-").figure.axes[0].patches
    boxes = [patch for patch in patches if isinstance(patch, matplotlib.patches.Rectangle)]
    envelope, to, signature, reference, body = (box.get_bbox() for box in boxes)
    assert all(envelope.y0 < inner.y0 < inner.y1 < envelope.y1 for inner in (to, signature, reference, body))
    assert signature.x0 < reference.x0 < reference.x1 < signature.x1
    assert signature.y0 < reference.y0 < reference.y1 < signature.y1 < body.y0


def test_a_part_without_a_place_is_refused():
    """A reference to a part that is not drawn is a mistake of the notebook."""
    with pytest.raises(ValueError, match="Timestamp"):
        pictures.message([pictures.Box("Reference", points_to=("Timestamp",))], alt="-")


def test_a_difference_begins_at_its_first_byte():
    """The offset stands below the two lines, which show line ends and the blanks that differ as signs."""
    pair = (b"<a>\n  <b>c d</b></a>", b"<a><b>c d</b></a>")
    shown = words(pictures.difference({"indented": pair}, names=("arrived", "hashed"), alt="-"))
    assert "\N{BLACK UP-POINTING TRIANGLE} byte 3" in shown
    assert {
        "indented",
        "arrived",
        "hashed",
        "<a>\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}··<b>c d</b></a>",
    } <= shown


@pytest.mark.parametrize(
    ("one", "other", "place", "ends"),
    [
        (b"abc", b"abXc", 2, (2, 3)),
        (b"abc", b"ab", 2, (3, 2)),
        (b"", b"a", 0, (0, 1)),
        (b"aa", b"a", 1, (2, 1)),
        (b"one word", b"one bird", 4, (6, 6)),
    ],
)
def test_what_differs_is_framed(one, other, place, ends):
    """The frame goes from the first byte that differs to where both strings end alike again."""
    assert messages._unlike(one, other) == (place, ends)


def test_frame_and_text_keep_step():
    """The hundredth character stands where the frame expects it, at the resolution of the file."""
    figure, axes = canvas.blank(11, 1)
    figure.set_dpi(canvas._DPI)
    text = axes.text(0, 0.5, "x" * 100, **messages._BYTES)
    assert text.get_window_extent().width / canvas._DPI == pytest.approx(
        100 * messages._CHARACTER, abs=messages._CHARACTER
    )


def test_equal_byte_strings_are_refused():
    """There is no difference to be drawn."""
    with pytest.raises(ValueError, match="same: the two are the same"):
        pictures.difference({"same": (b"a", b"a")}, names=("one", "other"), alt="-")


def test_a_matrix_says_everything_in_words():
    """Headings, cells, notes and the kinds that occur stand in the picture as text."""
    shown = words(pictures.matrix(MATRIX, columns=COLUMNS, corner="what", kinds=("none", "well"), alt="-"))
    assert {"what", "how often", "how", "short", "once", "good", "other: once", "well", "bad"} <= shown
    assert "none" not in shown


def test_a_note_frames_its_cell():
    """The one cell with a note has a frame without ground that is stronger than all others."""
    picture = pictures.matrix(MATRIX, columns=COLUMNS, corner="what", alt="-")
    frames = [patch for patch in picture.figure.axes[0].patches if not patch.get_fill()]
    assert [frame.get_linewidth() for frame in frames] == [1.7]


def test_a_kind_of_cell_always_looks_the_same():
    """With the kinds given, a cell has one colour whatever else is in the picture."""
    row = {"row": [pictures.Cell("text", "other")]}
    picture = pictures.matrix(row, columns={"column": 1}, corner="-", kinds=("one", "other"), alt="-")
    (text,) = [t for t in picture.figure.findobj(matplotlib.text.Text) if t.get_text() == "text"]
    assert text.get_color() == pictures.ORANGE


def test_the_cells_of_a_row_stay_in_their_columns():
    """Lines are broken by the width of bold type, so that no text crosses the border of its cell."""
    cell = pictures.Cell("WWWW MMMM WWWW and requests to the registry", "kind", "a note of many words WWWW")
    picture = pictures.matrix(
        {"r": [cell] * 3}, columns=dict.fromkeys("abc", 1), corner="-", alt="-", width=6
    )
    for text in picture.figure.findobj(matplotlib.text.Text):
        if text.get_text() and text.get_position()[0] < 6 - 0.1 - 5.8 / 4:
            extent = text.get_window_extent().width / picture.figure.dpi
            assert extent <= 5.8 / 4 - 0.075, text.get_text()


def test_a_row_of_a_matrix_has_a_cell_for_every_column():
    """A row with too few of them is a mistake of the notebook."""
    with pytest.raises(ValueError, match="row: 1 cells for 2 columns"):
        pictures.matrix({"row": [pictures.Cell("-")]}, columns={"a": 1, "b": 1}, corner="-", alt="-")
