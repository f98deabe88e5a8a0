"""The report as a browser shows it: on a desk, a phone and paper, light and dark, by mouse and keyboard."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

WIDTHS = [1280, 360]
A4 = 688
"""CSS pixels between the margins of an A4 page."""

OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const scrolls = each => /auto|scroll/.test(getComputedStyle(each).overflowX);
  const hidden = each => getComputedStyle(each).clipPath !== 'none';
  const found = [];
  for (const each of document.querySelectorAll('body *')) {
    if (each.getBoundingClientRect().right <= wide || !each.checkVisibility()) continue;
    let inside = false;
    for (let above = each; above; above = above.parentElement) inside ||= scrolls(above) || hidden(above);
    if (!inside) found.push(each.outerHTML.slice(0, 160));
  }
  const page = document.documentElement.scrollWidth;
  return page > wide ? [`the page is ${page} wide`, ...found] : found;
}"""
"""Elements that stick out to the right, but for those inside something that can be scrolled."""

CONTRAST = {"type": "rule", "values": ["color-contrast"]}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def unfold(page, most=400):
    """Open what is folded, so that it is looked at too; in each section the first ones."""
    page.evaluate(
        """most => document.querySelectorAll('section').forEach(section =>
            [...section.querySelectorAll('details')].slice(0, most).forEach(each => each.open = true))""",
        most,
    )


def violations(page, rules):
    """Return what axe-core, which was put into the page before, finds by these rules."""
    told = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
    return [
        (rule["id"], node["html"][:200], node["failureSummary"])
        for rule in told["violations"]
        for node in rule["nodes"][:3]
    ]


def visible_rows(page):
    return page.locator("#requirements tbody tr:visible")


@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_silent_and_fits(look, address, width):
    """Nothing is said on the console, nothing is asked for but the page itself, and nothing sticks out."""
    page = look(address, width=width)
    unfold(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(OVERFLOWING) == []
    assert page.heard == [f"request: {address}"]


def test_page_fits_on_paper(look, address):
    """Nothing sticks out of the width of an A4 page, and what a reviewer reads first fits one such page."""
    page = look(address, width=A4)
    page.emulate_media(media="print")
    assert page.evaluate(OVERFLOWING) == []
    page.evaluate("document.querySelectorAll('section:not(#verdict), footer').forEach(each => each.remove())")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]


@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_accessible(look, address, axe, width):
    """The rules of axe-core, WCAG 2.2 AA and good practice, find nothing, neither in light nor in dark."""
    page = look(address, width=width)
    unfold(page, 12)
    page.evaluate(axe)
    for scheme, rules in (("light", RULES), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, rules) == []


def test_filters_need_no_script(look, draw):
    """Each filter takes rows away, together they take away more, and all of them can be undone."""
    page = look(draw("failing"))
    every = visible_rows(page).count()
    page.locator("label", has=page.locator("#f-bad")).click()
    assert {row.get_attribute("class") for row in visible_rows(page).all()} == {"bad"}
    missed = visible_rows(page).count()
    assert 0 < missed < every
    page.locator("label", has=page.locator("#t-sts")).click()
    assert [row.get_attribute("id") for row in visible_rows(page).all()] == ["STS-R11", "STS-P06"]
    page.locator("label", has=page.locator("#c-inferred")).click()
    assert [row.get_attribute("id") for row in visible_rows(page).all()] == ["STS-P06"]
    assert page.locator("#requirements-sts tfoot").is_visible()
    page.get_by_role("button", name="Show all").click()
    assert visible_rows(page).count() == every


def test_filters_are_within_reach_of_the_keyboard(look, draw):
    """A filter is chosen with the arrow keys and undone from the keyboard, and Enter sends nothing."""
    page = look(draw("failing"))
    page.locator("#l-all").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#l-MUST").is_checked()
    page.keyboard.press("Enter")
    assert page.locator("#l-MUST").is_checked()
    page.get_by_role("button", name="Show all").press("Enter")
    assert page.locator("#l-all").is_checked()
    assert len(page.heard) == 1


def test_filters_do_not_reach_paper(look, draw):
    """What is printed is whole, whatever was chosen on the screen."""
    page = look(draw("failing"))
    every = visible_rows(page).count()
    page.locator("label", has=page.locator("#f-bad")).click()
    page.emulate_media(media="print")
    assert visible_rows(page).count() == every


def test_linked_row_is_shown_whatever_is_filtered(look, draw):
    """A link to a requirement leads to its row even where a filter would hide it."""
    page = look(draw("failing"))
    page.locator("label", has=page.locator("#f-bad")).click()
    assert not page.locator("#USI-CHK-01").is_visible()
    page.evaluate("location.hash = '#USI-CHK-01'")
    assert page.locator("#USI-CHK-01").is_visible()


def test_linked_transcript_unfolds(look, draw):
    """A link to a transcript opens it."""
    page = look(draw("ready") + "#evidence-verify")
    assert page.locator("#evidence-verify").is_visible()


def test_skip_link_comes_first(look, draw):
    """The first press of Tab leads past the contents."""
    page = look(draw("ready"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#verdict"


def test_page_grows_with_its_text(look, address):
    """With letters twice as large nothing sticks out of a page of 720 pixels (WCAG 1.4.4)."""
    page = look(address, width=720)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(OVERFLOWING) == []


DAMAGES = {
    "fetching": "<style>@import 'https://example.invalid/x.css'</style>",
    "overflow": "<p style='width: 200rem'>wide</p>",
    "contrast": "<p style='color: #999; background: #fff'>pale</p>",
    "name": "<input type='text'>",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed(look, draw, axe, tmp_path, damage):
    """Each of the checks above fails on a page that is wrong in the one way that it looks for."""
    whole = Path(url2pathname(urlsplit(draw("empty")).path)).read_text(encoding="utf-8")
    path = tmp_path / "damaged.html"
    path.write_text(whole.replace("<footer>", f"<footer>{DAMAGES[damage]}"), encoding="utf-8")
    page = look(path.as_uri())
    page.evaluate(axe)
    rules = {"contrast": "color-contrast", "name": "label"}
    noticed = {
        "fetching": {each.partition(":")[0] for each in page.heard} == {"request", "console"},
        "overflow": page.evaluate(OVERFLOWING) != [],
        **{name: bool(violations(page, {"type": "rule", "values": [rule]})) for name, rule in rules.items()},
    }
    assert [name for name, found in noticed.items() if found] == [damage]
