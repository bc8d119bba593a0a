"""Files as people send them, and files made to do harm, built here so that nothing hostile lies in the tree."""

import io
import struct
import zipfile
import zlib

from PIL import Image, PngImagePlugin

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
XML = '<?xml version="1.0" encoding="UTF-8"?>'
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def image(format="PNG", size=(40, 30), mode="RGB", color=(200, 30, 30), **options):
    out = io.BytesIO()
    Image.new(mode, size, color if mode == "RGB" else 0).save(out, format=format, **options)
    return out.getvalue()


def photo_that_tells():
    """A JPEG, lying on its side, that says where and with what it was taken, with a comment and something behind its end."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 43.0, 0.0)})
    return image("JPEG", exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE" * 20) + b"<script>SECRET-TAIL</script>"


def png_that_tells():
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "SECRET-AUTHOR")
    told.add_itxt("XML:com.adobe.xmp", "SECRET-XMP")
    return image("PNG", pnginfo=told) + b"<?php SECRET ?>"


def huge_png(width=30_000, height=30_000):
    """A few hundred octets that would be 2.7 GB of pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def package(parts, *, compress=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else compress)
    return out.getvalue()


def docx(**more):
    types = f'{XML}<Types><Override PartName="/word/document.xml" ContentType="{WORD}"/></Types>'
    return package({"[Content_Types].xml": types, "word/document.xml": f"{XML}<w:document/>"} | more)


def xlsx(**more):
    types = f'{XML}<Types><Override PartName="/xl/workbook.xml" ContentType="{EXCEL}"/></Types>'
    return package({"[Content_Types].xml": types, "xl/workbook.xml": f"{XML}<workbook/>"} | more)


def odt(kind="text", **more):
    return package({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": f"{XML}<office/>"} | more)


def ods(**more):
    return odt("spreadsheet", **more)


def lying_about_its_size():
    """An entry that says it is 10 octets and is 200 MB."""
    whole = bytearray(docx(**{"word/big.xml": b"a" * 200_000_000}))
    at = whole.rfind(b"PK\x01\x02")
    whole[at + 24 : at + 28] = struct.pack("<I", 10)
    local = whole.find(b"word/big.xml") - 30
    whole[local + 22 : local + 26] = struct.pack("<I", 10)
    return bytes(whole)


def encrypted():
    whole = bytearray(docx())
    at = whole.find(b"PK\x01\x02")
    whole[at + 8] |= 1
    return bytes(whole)
