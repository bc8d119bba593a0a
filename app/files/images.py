"""Images are decoded and written anew: what comes out is pixels, without place, device, comment or anything hidden behind them."""

import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.core.errors import DomainError
from app.core.i18n import _
from app.core.logs import log

MOST_PIXELS = 24_000_000  # in the file given: some 100 MB once decoded
LONGEST_SIDE = 2560  # pixels, in the file kept: a large screen, not a print
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# How each kind is written again. A GIF's first picture becomes a PNG.
WRITTEN = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}
SAVED = {"JPEG": {"quality": 85, "progressive": True}, "PNG": {"compress_level": 6}, "WEBP": {"quality": 85, "method": 4}}
_one_at_a_time = threading.Lock()  # memory for one large image, not for as many as there are threads


@dataclass(frozen=True)
class Picture:
    format: str
    width: int
    height: int


def rewrite(source: Path, target: Path, kind: str) -> Picture:
    """Decode `source` as `kind` ("PNG", "JPEG", "WEBP", "GIF") and write its first picture, upright and bounded, to `target`."""
    with _one_at_a_time:
        try:
            return _rewrite(source, target, kind)
        except DomainError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_many_pixels() from error
        except Exception as error:  # a decoder may raise anything on bytes made to break it
            log.info("image refused", kind=kind, error=type(error).__name__)
            raise DomainError(_("Cette image est abîmée ou incomplète. Ouvrez-la, enregistrez-la à nouveau, puis renvoyez-la.")) from error


def _rewrite(source: Path, target: Path, kind: str) -> Picture:
    with Image.open(source, formats=[kind]) as image:
        if image.width * image.height > MOST_PIXELS:
            raise _too_many_pixels()
        turn = TURNS.get(_orientation(image))
        if kind == "JPEG":
            image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # decoded smaller from the start, when it is much larger
        image.load()
        mode = _plain_mode(image, WRITTEN[kind])
        picture = image if image.mode == mode else image.convert(mode)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        if turn is not None:
            picture = picture.transpose(turn)
        bare = Image.new(mode, picture.size)  # a new image has no metadata to forget
        bare.paste(picture)
    bare.save(target, format=WRITTEN[kind], **SAVED[WRITTEN[kind]])
    return Picture(WRITTEN[kind], bare.width, bare.height)


def _plain_mode(image: Image.Image, format: str) -> str:
    if format != "JPEG" and ("A" in image.getbands() or "transparency" in image.info):
        return "RGBA"
    return "L" if image.mode in {"1", "L"} else "RGB"


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, EOFError, OSError, struct.error):  # a camera's own mistakes
        return 1


def _too_many_pixels() -> DomainError:
    most = MOST_PIXELS // 1_000_000
    return DomainError(_("Cette image est trop grande : %(n)s millions de pixels au plus. Réduisez-la, puis renvoyez-la.", n=most))
