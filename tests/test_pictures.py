"""The pictures of the notebooks: what they say in words, what stands in them, and that they stay the same."""

import struct

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")

from conformance import pictures  # noqa: E402 - matplotlib must be known to be there
from conformance.pictures import canvas  # noqa: E402 - as above

STATIONS = [
    pictures.Station("1", "You", "Begin.", row=0, column=0),
    pictures.Station("2", "Office", "Register.", row=0, column=1),
    pictures.Station("3", "You", "Go left.", row=1, column=0),
    pictures.Station("3", "You", "Go right.", row=2, column=0),
    pictures.Station("4", "Office", "Arrive.", row=1, rows=2, column=1),
]
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
    ],
    ids=["working", "road", "sequence", "bars"],
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
