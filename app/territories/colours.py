"""A territory's accent: read well on every ground, in light and in dark (WCAG 2.2, 1.4.3)."""

import colorsys
import re
from functools import lru_cache

from app.core.errors import DomainError
from app.core.i18n import _

LEAST = 4.5  # contrast of text with its ground
LIGHT_GROUNDS = {"#ffffff": "le blanc", "#faf7f2": "le fond des pages"}
DARK_GROUNDS = ("#14191e", "#1c2329", "#232b32")
DARK_LEAST = 6.0  # what glows may glow a little more
NEARLY_BLACK, WHITE = "#14191e", "#ffffff"
Rgb = tuple[float, float, float]


def rgb(colour: str) -> Rgb:
    """Three parts from 0 to 1 of `#rrggbb`."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def as_hex(parts: Rgb) -> str:
    return "#" + "".join(f"{round(min(1, max(0, part)) * 255):02x}" for part in parts)


def luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def checked(colour: str, field: str = "accent") -> str:
    """`#rrggbb` in lower case, if text in this colour reads well on white and on the page."""
    colour = colour.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", colour):
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise DomainError(_("Une couleur s’écrit comme #9c3222 : un dièse et six chiffres ou lettres de a à f."), field=field)
    for ground, name in LIGHT_GROUNDS.items():
        measured = contrast(colour, ground)
        if measured < LEAST:
            raise DomainError(
                _(
                    "Cette couleur se lit mal sur %(ground)s : son contraste est de %(measured)s, il faut 4,5 au moins. "
                    "Choisissez-la plus foncée.",
                    ground=name,
                    measured=f"{int(measured * 100) / 100:.2f}".replace(".", ","),
                ),
                field=field,
            )
    return colour


def moved(colour: str, lightness: float) -> str:
    """The same hue, softened as it gets paler, at another lightness."""
    hue, _light, saturation = colorsys.rgb_to_hls(*rgb(colour))
    return as_hex(colorsys.hls_to_rgb(hue, lightness, saturation * (1 if lightness < 0.5 else 0.85)))


def lighter_for_the_dark(colour: str) -> str:
    start = int(colorsys.rgb_to_hls(*rgb(colour))[1] * 100)
    shades = (moved(colour, light / 100) for light in range(start, 101))
    return next(shade for shade in shades if all(contrast(shade, ground) >= DARK_LEAST for ground in DARK_GROUNDS))


def variables(accent: str, deep: str, on: str) -> str:
    parts = ", ".join(str(round(part * 255)) for part in rgb(accent))
    return f"--accent: {accent}; --accent-rgb: {parts}; --accent-deep: {deep}; --on-accent: {on};"


@lru_cache(maxsize=256)
def theme(accent: str) -> str:
    """The stylesheet of a territory. Print keeps its black."""
    lightness = colorsys.rgb_to_hls(*rgb(accent))[1]
    dark = lighter_for_the_dark(accent)
    dark_lightness = colorsys.rgb_to_hls(*rgb(dark))[1]
    on_dark = max((NEARLY_BLACK, WHITE), key=lambda ink: contrast(ink, dark))
    light = variables(accent, moved(accent, lightness * 0.75), WHITE)
    night = variables(dark, moved(dark, dark_lightness + (1 - dark_lightness) * 0.4), on_dark)
    return f"@media screen {{ :root {{ {light} }} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n"
