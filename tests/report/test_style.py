"""The colours of the page can be read."""

import re
from pathlib import Path

import pytest

import conformance.report

STYLE = (Path(conformance.report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")


def palettes():
    blocks = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks[:2])
    return {"light": light, "dark": light | dark}


def luminance(colour):
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *[(text, ground) for text in ("ink", "muted", "accent") for ground in ("page", "sheet", "wash")],
        *[(tone, f"{tone}-bg") for tone in ("ok", "bad", "warn", "none")],
        *[("ink", f"{tone}-bg") for tone in ("ok", "bad", "warn", "none", "accent")],
        *[("muted", f"{tone}-bg") for tone in ("none", "accent")],
    ],
)
def test_contrast_is_enough(scheme, text, ground):
    """Text stands out from its ground by at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    palette = palettes()[scheme]
    lighter, darker = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
