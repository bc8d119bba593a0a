"""U01, U03: what a file is, is read in it."""

import io

import pytest
from PIL import Image

from app.core.errors import DomainError
from app.files import kinds, storage
from tests.files import samples

ACCEPTED = [
    ("photo.jpg", samples.image("JPEG"), "image/jpeg"),
    ("photo.jpeg", samples.image("JPEG", mode="CMYK"), "image/jpeg"),
    ("grey.jpg", samples.image("JPEG", mode="L"), "image/jpeg"),
    ("plan.png", samples.image("PNG"), "image/png"),
    ("palette.png", samples.image("PNG", mode="P"), "image/png"),
    ("clear.png", samples.image("PNG", mode="RGBA"), "image/png"),
    ("one-bit.png", samples.image("PNG", mode="1"), "image/png"),
    ("photo.webp", samples.image("WEBP"), "image/webp"),
    ("moving.gif", samples.image("GIF", mode="P", save_all=True, append_images=[Image.new("P", (40, 30), 1)] * 3), "image/png"),
    ("rapport.pdf", samples.PDF, "application/pdf"),
    ("lettre.odt", samples.odt(), kinds.ODT.media_type),
    ("budget.ods", samples.ods(), kinds.ODS.media_type),
    ("lettre.docx", samples.docx(), kinds.DOCX.media_type),
    ("budget.xlsx", samples.xlsx(), kinds.XLSX.media_type),
    ("liste.csv", "nom;âge\r\nZoé;3\r\n".encode(), "text/csv"),
    ("note.txt", "Bonjour 👩‍👩‍👧\n".encode(), "text/plain"),
]


@pytest.mark.parametrize(("name", "content", "media_type"), ACCEPTED)
def test_what_people_send_is_taken(store, name, content, media_type):
    assert store(content, name).media_type == media_type


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
REFUSED = [
    ("x.svg", SVG),
    ("x.png", SVG),
    ("x.txt", SVG),
    ("x.txt", b"\n \t<ScRiPt>alert(1)</script>"),
    ("x.txt", b"\xef\xbb\xbf<?xml version='1.0'?><svg/>"),
    ("x.csv", "<html>".encode("utf-16")),
    ("x.svgz", b"\x1f\x8b\x08\x00" + b"\x00" * 20),
    ("x.html", HTML),
    ("x.pdf", HTML),
    ("x.jpg", HTML),
    ("x.php.jpg", b"<?php system($_GET['c']); ?>"),
    ("x.html", b"alert(1)"),
    ("x.js", b"alert(1)"),
    ("x", b"alert(1)"),
    (None, b"alert(1)"),
    ("x.exe", b"MZ\x90\x00" + b"\x00" * 100),
    ("x.txt", b"MZ\x90\x00" + b"\x00" * 100),
    ("x.txt", b"abc\x00def"),
    ("x.txt", b"\x81\x8d\x8f"),
    ("x.pdf", b"%PDF-1.7 cut short"),
    ("x.pdf", b"<html>" + samples.PDF),
    ("x.gif", b"GIF89a/*" + b"*/=alert(1)//"),
    ("x.png", samples.image("PNG")[:60]),
    ("x.jpg", samples.image("JPEG", size=(400, 400))[:-200]),
    ("x.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
    ("x.bmp", samples.image("BMP")),
    ("x.tiff", samples.image("TIFF")),
    ("x.ico", samples.image("ICO")),
    ("x.zip", samples.package({"a.txt": "a"})),
    ("x.docx", samples.package({"a.txt": "a"})),
    ("x.jar", samples.package({"META-INF/MANIFEST.MF": "a"})),
    ("x.epub", samples.package({"mimetype": "application/epub+zip", "content.xml": "a"})),
    ("x.txt", b""),
]


@pytest.mark.parametrize(("name", "content"), REFUSED)
def test_everything_else_is_refused_with_a_sentence(store, on_disk, name, content):
    with pytest.raises(DomainError) as refusal:
        store(content, name)
    assert refusal.value.field == "file"
    assert refusal.value.message.endswith(".")
    assert on_disk() == [], "nothing stays of what was refused"


def test_the_type_comes_from_the_content_and_the_name_follows(store):
    file = store(samples.image("PNG"), "facture.pdf.exe")
    assert (file.media_type, file.name) == ("image/png", "facture.pdf.exe.png")


@pytest.mark.parametrize("content", [samples.photo_that_tells(), samples.png_that_tells()])
def test_images_keep_nothing_but_their_pixels(store, content):
    assert b"SECRET" in content
    file = store(content, "photo.jpg")
    kept = storage.path_of(file.stored_as).read_bytes()
    assert b"SECRET" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp", "Author"} & set(image.info)


def test_a_photo_taken_on_its_side_stands_upright(store):
    file = store(samples.photo_that_tells(), "photo.jpg")
    assert (file.width, file.height) == (30, 40)


def test_a_large_photo_is_made_smaller(store):
    file = store(samples.image("JPEG", size=(6000, 3000)), "photo.jpg")
    assert max(file.width, file.height) <= 2560
    assert abs(file.width - 2 * file.height) <= 1


@pytest.mark.parametrize("size", [(30_000, 30_000), (8_000, 6_000), (100_000, 401), (65_535, 65_535)])
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(store, size, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DomainError, match="24 millions de pixels"):
        store(samples.huge_png(*size), "x.png")


def test_latin_1_text_is_kept_in_utf_8(store):
    file = store("nom;prénom\r\nLefèvre;Zoé\r\n".encode("cp1252"), "liste.csv")
    assert storage.path_of(file.stored_as).read_bytes().decode("utf-8-sig") == "nom;prénom\r\nLefèvre;Zoé\r\n"


def test_utf_8_text_is_kept_octet_for_octet(store):
    for content in ("é\r\n".encode(), "é\n".encode("utf-8-sig")):
        assert storage.path_of(store(content, "liste.csv").stored_as).read_bytes() == content


HIDING = {
    "a table of 100 000 entries": (samples.package({f"{n}": "" for n in range(2_500)}), "trop lourd"),
    "200 MB in 200 kB": (samples.docx(**{"word/big.xml": b"a" * 200_000_000}), "trop lourd"),
    "a size that lies": (samples.lying_about_its_size(), "ne peut pas être lu"),
    "an archive": (samples.docx(**{"word/embeddings/a.bin": samples.package({"a": "b"})}), "archive"),
    "a document": (samples.odt(**{"Object 1": samples.ods()}), "archive"),
    "a program": (samples.docx(**{"word/a.bin": b"MZ\x90\x00"}), "programme"),
    "macros": (samples.docx(**{"word/vbaProject.bin": b"x"}), "macros"),
    "macros of an open document": (samples.ods(**{"Basic/Standard/Module1.xml": "x"}), "macros"),
    "a password": (samples.encrypted(), "mot de passe"),
    "an external entity": (samples.xlsx(**{"xl/a.xml": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'}), "ne peut pas"),
    "a billion laughs": (samples.odt(**{"styles.xml": "<!DOCTYPE a [<!ENTITY l 'ha'>]><a/>"}), "ne peut pas"),
    "an entity across two chunks": (samples.docx(**{"word/a.xml": "<a>" + " " * (64 * 1024 - 6) + "<!DOCTYPE a>"}), "ne peut pas"),
    "an entity in UTF-16": (samples.docx(**{"word/a.xml": "<!DOCTYPE a SYSTEM 'http://x/'><a/>".encode("utf-16")}), "ne peut pas"),
    "an entity in UTF-7": (samples.docx(**{"word/a.xml": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE'}), "ne peut pas"),
    "a path that climbs": (samples.docx(**{"../../etc/passwd": "x"}), "ne peut pas"),
    "an absolute path": (samples.docx(**{"/etc/passwd": "x"}), "ne peut pas"),
    "something behind its end": (samples.docx() + b"<script>", "ne peut pas"),
    "its second half missing": (samples.docx()[:-30], "ne peut pas"),
}


@pytest.mark.parametrize("what", HIDING)
def test_a_document_that_hides_something_is_refused(store, on_disk, what):
    content, sentence = HIDING[what]
    with pytest.raises(DomainError, match=sentence):
        store(content, "x.docx")
    assert on_disk() == []


def test_a_100_000_entry_archive_is_refused_without_being_listed(store, monkeypatch):
    import zipfile

    content = samples.package({f"{n}": "" for n in range(2_001)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("opened"))
    with pytest.raises(DomainError, match="trop lourd"):
        store(content, "x.docx")


def test_only_what_is_asked_for_is_taken(store):
    with pytest.raises(DomainError, match="Envoyez une image"):
        store(samples.PDF, "logo.pdf", accept=kinds.IMAGES)
    with pytest.raises(DomainError, match="Types acceptés : CSV, ODS, XLSX"):
        store(samples.image(), "logo.png", accept=kinds.TABLES)


def test_a_file_too_heavy_is_refused_while_it_comes_in(store, on_disk, monkeypatch):
    class Endless:
        given = 0

        def seekable(self):
            return False

        def read(self, size):
            Endless.given += size
            return b"a" * size

    from app.files import services

    with pytest.raises(DomainError, match="trop lourd : 24 Mo au plus"):
        services.prepare(Endless(), name="x.pdf")
    assert Endless.given < 25 * 1024 * 1024
    assert on_disk() == []
