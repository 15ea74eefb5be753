from __future__ import annotations

import io
import shlex
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from disentangle_bench.datasets.formats import decode as module
from disentangle_bench.datasets.formats.decode import Form, decode, decoded
from disentangle_bench.datasets.formats.members import Members, open_members
from disentangle_bench.errors import DataError, SettingError

COLORS = {"red.png": (255, 0, 0), "green.jpg": (0, 255, 0), "blue.bmp": (0, 0, 255)}


def encoded(image: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, color in COLORS.items():
        Image.new("RGB", (20, 30), color).save(tmp_path / name)
    return tmp_path


def one(tmp_path: Path, content: bytes, form: Form, name: str = "x.png") -> np.ndarray:
    (tmp_path / name).write_bytes(content)
    return decode(open_members(tmp_path), name, form)


def test_images_come_in_the_order_of_their_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    names = ["green.jpg", "blue.bmp", "red.png"]
    batches = list(decoded(open_members(folder), names, Form(8, 3)))
    assert [batch.shape for batch in batches] == [(2, 3, 8, 8), (1, 3, 8, 8)]
    means = np.concatenate(batches).mean(axis=(2, 3))
    np.testing.assert_allclose(means, [COLORS[name] for name in names], atol=2)


def test_the_middle_square_is_cut_out(tmp_path: Path) -> None:
    pixels = np.zeros((9, 5, 3), np.uint8)
    pixels[2:7] = np.arange(25).reshape(5, 5, 1) * 10
    content = encoded(Image.fromarray(pixels), "PNG")
    np.testing.assert_array_equal(one(tmp_path, content, Form(5, 3))[0], pixels[2:7, :, 0])
    np.testing.assert_array_equal(one(tmp_path, content, Form(3, 3, crop=3))[2], pixels[3:6, 1:4, 0])


def test_detail_does_not_alias(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    small = one(tmp_path, encoded(Image.fromarray(stripes), "PNG"), Form(8, 1))
    assert small.shape == (1, 8, 8)
    np.testing.assert_allclose(small, 127.5, atol=12)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_images_of_every_mode_are_brought_to_gray_or_color(tmp_path: Path, mode: str) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    content = encoded(Image.new("L", (6, 6), 255).convert(mode), kind)
    assert (one(tmp_path, content, Form(4, 1)) == 255).all()
    assert one(tmp_path, content, Form(4, 3)).shape == (3, 4, 4)
    assert (one(tmp_path, content, Form(4, 3)) >= 254).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_may_have_a_background(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (8, 8), 0)
    image.paste(tuple([60] * (len(mode) - 1) + [255]), (0, 0, 4, 8))
    expected = np.full((1, 8, 8), 60)
    expected[..., 4:] = 255
    np.testing.assert_array_equal(one(tmp_path, encoded(image, "PNG"), Form(8, 1, background="white")), expected)
    expected[..., 4:] = 0
    np.testing.assert_array_equal(one(tmp_path, encoded(image, "PNG"), Form(8, 1)), expected)


def test_how_a_camera_was_held_is_made_good(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    upper = np.zeros((8, 8), np.uint8)
    upper[:4] = 255
    turned = one(tmp_path, encoded(Image.fromarray(upper), "PNG", exif=exif), Form(8, 1))
    assert (turned[0, :, 4:] == 255).all()
    assert (turned[0, :, :4] == 0).all()


def test_more_than_8_bits_are_refused(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(np.full((4, 4), 60_000, np.uint16)), "PNG")
    with pytest.raises(DataError, match=r"x\.png has more than 8 bits a channel"):
        one(tmp_path, content, Form(4, 1))


def deep_png(pixels: np.ndarray) -> bytes:
    """An image `(h, w, c)` of 16 bits a channel; of a color Pillow keeps the upper 8 without a word."""
    kind = {1: 0, 3: 2, 4: 6}[pixels.shape[2]]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def deep_tiff() -> bytes:
    """The same as TIFF: a list of tags, the bits of the three channels, and the pixels."""
    tags = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 3, 200), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 300)]
    tags += [(277, 3, 1, 3), (278, 3, 1, 4), (279, 4, 1, 96)]
    listed = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + listed + bytes(4)
    return (content.ljust(200, b"\0") + struct.pack("<3H", 16, 16, 16)).ljust(300, b"\0") + bytes(96)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.png", deep_png(np.zeros((4, 4, 3)))),
        ("x.tif", deep_tiff()),
        ("x.ppm", b"P6 4 4 65535\n" + bytes(96)),
        ("x.ppm", b"P3 4 4 1023\n" + b"0 " * 48),
    ],
)
def test_more_than_8_bits_of_a_color_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    assert Image.open(io.BytesIO(content)).mode == "RGB", "as if it had 8 bits"
    with pytest.raises(DataError, match=rf"{name} has more than 8 bits a channel"):
        one(tmp_path, content, Form(4, 3), name)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", ["x.png", 'it\'s "one" $HOME.png'])
def test_what_the_message_says_makes_an_image_of_8_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, name: str
) -> None:
    pixels = np.random.default_rng(0).integers(2**16, size=(4, 5, channels))
    with pytest.raises(DataError) as refused:
        one(tmp_path, deep_png(pixels), Form(4, 3), name)
    command, program = shlex.split(refused.value.remedy.partition("in its place: ")[2])[::2]
    assert command == "python"
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, "-c", program], check=True)
    saved = np.asarray(Image.open("8-bit.png"))
    np.testing.assert_array_equal(saved, (pixels >> 8).squeeze())
    assert decode(open_members(tmp_path), "8-bit.png", Form(4, 3)).shape == (3, 4, 4)


def test_numbers_without_a_scale_have_no_command(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF")
    with pytest.raises(DataError, match="Scale its values to 0 to 255"):
        one(tmp_path, content, Form(4, 1), "x.tif")


@pytest.mark.parametrize("name", ["x.bmp", "x.tif", "x.ppm", "x.webp", "x.gif"])
def test_8_bits_are_read_whatever_the_format(tmp_path: Path, name: str) -> None:
    pixels = np.full((4, 4, 3), 200, np.uint8)
    kind = {"x.tif": "TIFF", "x.ppm": "PPM"}.get(name, name[2:].upper())
    content = encoded(Image.fromarray(pixels), kind, **({"lossless": True} if kind == "WEBP" else {}))
    np.testing.assert_array_equal(one(tmp_path, content, Form(4, 3), name), np.full((3, 4, 4), 200))


def test_no_other_format_is_opened_whatever_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would give PostScript to Ghostscript, which runs it."""
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_given, **_named: pytest.fail("run"))
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n"
    assert Image.open(io.BytesIO(content)).format == "EPS"
    with pytest.raises(DataError, match=r"x\.png is not a readable image: its format is not known"):
        one(tmp_path, content, Form(4, 3))


def test_too_many_pixels_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    content = encoded(Image.new("1", (8193, 8192)), "PNG")
    assert len(content) < 20_000
    with pytest.raises(DataError, match=r"x\.png has 67,117,056 pixels\.\nMake it smaller: up to 67,108,864 are read"):
        one(tmp_path, content, Form(4, 3))


@pytest.mark.parametrize("name", ["x.jpg", "x.png"])
@given(cut=st.floats(0, 0.95), place=st.floats(0, 1), value=st.integers(0, 255))
def test_damage_is_reported_by_name_or_does_no_harm(
    name: str, cut: float, place: float, value: int, tmp_path_factory
) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(24, 24, 3), dtype=np.uint8)
    content = bytearray(encoded(Image.fromarray(pixels), "JPEG" if name == "x.jpg" else "PNG"))
    folder = tmp_path_factory.mktemp("damaged")
    with pytest.raises(DataError, match=rf"{name} is not a readable image: .+\.\n"):
        one(folder, bytes(content[: int(cut * len(content))]), Form(8, 3), name)
    content[int(place * (len(content) - 1))] = value
    try:
        assert one(folder, bytes(content), Form(8, 3), name).shape == (3, 8, 8)
    except DataError as error:
        told = str(error)
        assert name in told


@pytest.mark.parametrize("content", [b"", b"no image", b"<svg/>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_reported(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"x\.png is not a readable image: its format is not known"):
        one(tmp_path, content, Form(8, 3))


def test_an_image_that_claims_to_be_huge_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)
    with pytest.raises(DataError, match=r"x\.png is not a readable image: .*decompression bomb"):
        one(tmp_path, encoded(Image.new("L", (9, 9)), "PNG"), Form(8, 1))


def test_the_first_unreadable_image_is_named(folder: Path) -> None:
    (folder / "broken.jpg").write_bytes((folder / "green.jpg").read_bytes()[:-8])
    with pytest.raises(DataError, match=r"broken\.jpg is not a readable image: .*truncated"):
        list(decoded(open_members(folder), ["red.png", "broken.jpg", "blue.bmp"], Form(8, 3)))


def test_another_size_than_it_must_be_is_reported(folder: Path) -> None:
    with pytest.raises(DataError, match=r"red\.png is 20 x 30 pixels instead of 178 x 218 pixels"):
        decode(open_members(folder), "red.png", Form(8, 3, original=(178, 218)))


def test_a_missing_image_is_named(folder: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file other\.png"):
        decode(open_members(folder), "other.png", Form(8, 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0, "channels": 1}, "size = 0 is invalid"),
        ({"size": 8, "channels": 2}, "channels = 2 is invalid"),
        ({"size": 8, "channels": 3, "crop": 200, "original": (178, 218)}, "crop = 200 is invalid"),
        ({"size": 8, "channels": 3, "crop": 0}, "crop = 0 is invalid"),
    ],
)
def test_forms_that_cannot_be_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Form(**settings)


def test_threads_share_an_archive(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(200):
            archive.writestr(f"{number:03}.png", encoded(Image.new("L", (4, 4), number), "PNG"))
    members: Members = open_members(tmp_path / "a.zip")
    (images,) = decoded(members, members.names(".png"), Form(4, 1))
    assert images[:, 0, 0, 0].tolist() == list(range(200))
