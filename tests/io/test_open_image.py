"""Reading images: real files of every kind this program promises, and broken ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from tests.conftest import RESOURCES
from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.image_source import whole_plane
from unet_studio.io.open_image import open_image
from unet_studio.io.tiff import glance_at_tiff, write_plane_tiff


def test_png_and_tiff_of_8_and_16_bit_grey_and_colour_are_read_as_written(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    for dtype in (np.uint8, np.uint16):
        top = np.iinfo(dtype).max
        grey = rng.integers(0, top, (20, 30)).astype(dtype)
        rgb = rng.integers(0, top, (20, 30, 3)).astype(dtype)
        cv2.imwrite(str(tmp_path / "grey.png"), grey)
        cv2.imwrite(str(tmp_path / "rgb.png"), rgb[:, :, ::-1])
        tifffile.imwrite(tmp_path / "grey.tif", grey, compression="lzw")
        tifffile.imwrite(tmp_path / "rgb.tif", rgb, photometric="rgb")
        for name, expected in (("grey", grey[:, :, None]), ("rgb", rgb)):
            for ending in (".png", ".tif"):
                plane = whole_plane(open_image(tmp_path / (name + ending)))
                assert plane.dtype == dtype
                assert (plane == expected).all()


def test_a_jpeg_turned_by_its_exif_tag_stands_upright(data: Path) -> None:
    turned = sorted((data / "formats" / "png_jpg_bmp").rglob("*.jp*g"))
    assert turned
    for path in turned:
        assert whole_plane(open_image(path)).ndim == 3


def test_a_jpeg_under_the_name_of_a_png_is_read(tmp_path: Path) -> None:
    cv2.imencode(".jpg", np.full((30, 40), 90, np.uint8))[1].tofile(tmp_path / "a.png")
    assert whole_plane(open_image(tmp_path / "a.png")).shape == (30, 40, 1)


def test_a_grey_image_saved_as_colour_with_alpha_is_grey(data: Path) -> None:
    path = data / "nuclei_dsb2018" / "images" / "00071198d059.png"
    plane = whole_plane(open_image(path))
    assert plane.shape == (256, 256, 1)


def test_paths_in_any_script_are_read(tmp_path: Path) -> None:
    path = tmp_path / "细胞 图像 №7.png"
    cv2.imencode(".png", np.full((5, 6), 9, np.uint8))[1].tofile(path)
    assert (whole_plane(open_image(path)) == 9).all()


@pytest.mark.parametrize("name", ["im.png", "im.jpg", "im.tif"])
@pytest.mark.parametrize("keep", [0, 10, 200, 0.5, 0.95])
def test_a_truncated_image_ends_in_one_sentence(tmp_path: Path, name: str, keep: float) -> None:
    path = tmp_path / name
    image = np.random.default_rng(0).integers(0, 255, (120, 120, 3)).astype(np.uint8)
    if name.endswith(".tif"):
        tifffile.imwrite(path, image, photometric="rgb")
    else:
        cv2.imwrite(str(path), image)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep > 1 or keep == 0 else keep * len(whole))])
    with pytest.raises(ImageFileError) as caught:
        open_image(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["im.png", "im.jpg", "im.tif", "im.tiff"])
def test_a_file_of_something_else_ends_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 this is a zip archive" * 40)
    with pytest.raises(ImageFileError, match=name):
        open_image(path)


def test_a_missing_file_and_a_foreign_ending_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="moved or renamed"):
        open_image(tmp_path / "gone.png")
    (tmp_path / "notes.docx").write_bytes(b"x")
    with pytest.raises(ImageFileError, match="use TIFF, PNG, JPEG"):
        open_image(tmp_path / "notes.docx")


def test_every_tiff_at_hand_opens_or_ends_in_a_sentence(data: Path) -> None:
    opened = 0
    for path in sorted((data / "formats").rglob("*.tif*")):
        if path.stat().st_size > 20_000_000:
            continue
        try:
            source = open_image(path)
            plane = whole_plane(source)
        except ImageFileError as error:
            assert "\n" not in str(error), path
            continue
        assert plane.shape == (source.axes.y, source.axes.x, source.axes.c), path
        opened += 1
    assert opened > 20


def test_axes_of_a_hyperstack_are_found(tmp_path: Path) -> None:
    cube = np.arange(2 * 3 * 4 * 5 * 6, dtype=np.uint16).reshape(2, 3, 4, 5, 6)
    tifffile.imwrite(tmp_path / "stack.tif", cube, imagej=True, metadata={"axes": "TZCYX"})
    source = open_image(tmp_path / "stack.tif")
    assert (source.axes.t, source.axes.z, source.axes.c, source.axes.y, source.axes.x) == (2, 3, 4, 5, 6)
    part = source.read(Rect(1, 2, 4, 6), t=1, z=2, channels=[3, 0])
    assert (part == np.moveaxis(cube[1, 2, [3, 0], 1:4, 2:6], 0, -1)).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_a_plane_written_for_a_run_is_read_back_as_it_was(tmp_path: Path, channels: int) -> None:
    plane = np.random.default_rng(3).integers(0, 60000, (17, 23, channels)).astype(np.uint16)
    write_plane_tiff(tmp_path / "plane.tif", plane)
    assert (whole_plane(open_image(tmp_path / "plane.tif")) == plane).all()


def test_the_demo_images_are_there_and_are_read() -> None:
    names = {path.name for path in (RESOURCES / "demo").glob("*.png")}
    assert names == {"cell.png", "fluorescence.png", "immunohistochemistry.png"}
    for name in names:
        assert min(whole_plane(open_image(RESOURCES / "demo" / name)).shape[:2]) >= 500


@pytest.mark.parametrize("shape", [(6000, 5900), (3000, 4001, 3)])
@pytest.mark.parametrize("dtype", [">u2", "<u2", "u1"])
def test_a_glance_at_a_large_plain_tiff_is_every_nth_pixel(
    tmp_path: Path, shape: tuple[int, ...], dtype: str
) -> None:
    pixels = np.random.default_rng(0).integers(0, 250, shape).astype(dtype)
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, pixels, byteorder=">" if dtype[0] == ">" else "<")
    seen = glance_at_tiff(path)
    assert (seen is None) == (pixels.nbytes < 2**25)
    if seen is not None:
        assert (seen.height, seen.width) == shape[:2]
        assert max(seen.pixels.shape[:2]) < 2200
        expected = pixels[:: seen.factor, :: seen.factor].reshape(
            *pixels[:: seen.factor, :: seen.factor].shape[:2], -1
        )
        h, w = seen.pixels.shape[:2]
        assert (seen.pixels == expected[:h, :w]).all()
        path.write_bytes(path.read_bytes()[: pixels.nbytes // 2])
        assert glance_at_tiff(path) is None, "half a file: reading it says why"


def test_small_packed_and_foreign_files_are_not_glanced_at(tmp_path: Path) -> None:
    large = np.zeros((6000, 6000), np.uint8)
    tifffile.imwrite(tmp_path / "packed.tif", large, compression="zlib")
    tifffile.imwrite(tmp_path / "white.tif", large, photometric="miniswhite")
    (tmp_path / "no.tif").write_bytes(b"not a tiff")
    for name in ("packed.tif", "white.tif", "no.tif", "gone.tif"):
        assert glance_at_tiff(tmp_path / name) is None


def test_what_is_beside_grey_is_a_channel_unless_it_says_that_it_is_alpha(tmp_path: Path) -> None:
    pixels = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    path = tmp_path / "a.tif"
    for count, extra, channels in (
        (2, ["unspecified"], 2),
        (2, ["unassalpha"], 1),
        (3, ["unspecified"] * 2, 3),
    ):
        tifffile.imwrite(
            path, pixels[:, :, :count], photometric="minisblack", planarconfig="contig", extrasamples=extra
        )
        source = open_image(path)
        assert not source.is_rgb
        assert (whole_plane(source) == pixels[:, :, :channels]).all()
    four = np.concatenate([pixels, pixels[:, :, :1]], axis=2)
    tifffile.imwrite(path, four, photometric="rgb", extrasamples=["unspecified"])
    assert open_image(path).is_rgb
    assert (whole_plane(open_image(path)) == pixels).all()


def test_every_file_of_an_ome_data_set_shows_its_own_pixels_names_and_size(tmp_path: Path) -> None:
    images = "".join(
        f'''<Image ID="Image:{n}" Name="{name}"><Pixels ID="Pixels:{n}" DimensionOrder="XYCZT" Type="uint8"
        SizeX="30" SizeY="20" SizeC="1" SizeZ="1" SizeT="1" PhysicalSizeX="{size}" PhysicalSizeXUnit="µm">
        <Channel ID="Channel:{n}:0" Name="{dye}" SamplesPerPixel="1"/>
        <TiffData IFD="0" PlaneCount="1"><UUID FileName="{name}.ome.tif">urn:uuid:0000000{n}</UUID></TiffData>
        </Pixels></Image>'''
        for n, (name, size, dye) in enumerate((("A", 0.1, "DAPI"), ("B", 0.65, "Cy5")))
    )
    for n, name in enumerate("AB"):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:0000000'
            f'{n}">{images}</OME>'
        )
        tifffile.imwrite(
            tmp_path / f"{name}.ome.tif", np.full((20, 30), 111 * (n + 1), np.uint8),
            description=xml.encode(), metadata=None, contiguous=True,
        )  # fmt: skip
    for name in "AB":
        for scene, (value, size, dye) in enumerate(((111, 0.1, "DAPI"), (222, 0.65, "Cy5"))):
            source = open_image(tmp_path / f"{name}.ome.tif", scene=scene)
            assert np.unique(whole_plane(source)).tolist() == [value]
            assert source.pixel_size_um == pytest.approx(size)
            assert [channel.name for channel in source.channels] == [dye]


def test_one_bit_pictures_are_turned_where_white_is_nothing(tmp_path: Path) -> None:
    picture = np.zeros((20, 24), bool)
    picture[5:9, 5:9] = True
    for photometric in ("minisblack", "miniswhite"):
        tifffile.imwrite(tmp_path / f"{photometric}.tif", picture, photometric=photometric)
    black = whole_plane(open_image(tmp_path / "minisblack.tif"))[:, :, 0]
    white = whole_plane(open_image(tmp_path / "miniswhite.tif"))[:, :, 0]
    assert ((black > 0) == picture).all()
    assert ((white > 0) == ~picture).all()


def test_a_palette_of_eight_bits_is_not_black(tmp_path: Path) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[0] = np.arange(256)
    tifffile.imwrite(
        tmp_path / "palette.tif", np.full((8, 9), 200, np.uint8), photometric="palette", colormap=colours
    )
    plane = whole_plane(open_image(tmp_path / "palette.tif"))
    assert plane[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize(
    ("resolution", "unit", "um"),
    [
        ((72 / 2.54, 72 / 2.54), "CENTIMETER", None),
        ((300 / 2.54, 300 / 2.54), "CENTIMETER", None),
        ((20000.0, 20000.0), "CENTIMETER", 0.5),
        ((72.0, 72.0), "INCH", None),
    ],
)
def test_the_dots_of_a_printer_are_no_pixel_size(
    tmp_path: Path, resolution: tuple[float, float], unit: str, um: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 9), np.uint8), resolution=resolution, resolutionunit=unit)
    assert open_image(path).pixel_size_um == (pytest.approx(um) if um else None)
    tifffile.imwrite(
        path, np.zeros((8, 9), np.uint8), imagej=True, resolution=(72, 72), metadata={"unit": "inch"}
    )
    assert open_image(path).pixel_size_um is None
