"""Every file of the test data is read as docs/formats.md says, and what the table cannot show."""

from __future__ import annotations

import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from tests.io.formats_table import table, table_in_page
from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.image_source import whole_plane
from unet_studio.io.open_image import open_image, scenes_of


def test_every_file_at_hand_is_read_as_the_page_says(data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert table(data) == table_in_page(), "look at the difference: python -m tests.io.formats_table"


def test_a_file_of_two_scenes_far_apart_opens_as_two_small_images(data: Path) -> None:
    path = data / "formats" / "czi" / "WellD6-7_S2.czi"
    assert scenes_of(path) == ["1", "2"]
    first, second = (whole_plane(open_image(path, scene=n)) for n in range(2))
    assert first.shape == second.shape == (440, 544, 1)
    assert (first != second).any()
    assert min(int(first.min()), int(second.min())) > 0, "no empty space between them"


def test_a_part_of_a_czi_is_that_part_of_the_whole(data: Path) -> None:
    source = open_image(data / "formats" / "czi" / "CellDivision_T3_Z5_CH2_X240_Y170.czi")
    whole = whole_plane(source, t=1, z=3)
    part = source.read(Rect(20, 30, 100, 200), t=1, z=3, channels=[1])
    np.testing.assert_array_equal(part, whole[20:100, 30:200, 1:])
    same = open_image(data / "formats" / "tiff_derived" / "ome_TZCYX_u16_zlib_tiled.ome.tif")
    np.testing.assert_array_equal(whole, whole_plane(same, t=1, z=3))


def test_every_image_of_a_lif_file_has_its_name_and_axes(data: Path) -> None:
    path = data / "formats" / "lif" / "LeicaLASX_wavelength-sweep_example.lif"
    assert scenes_of(path)[2] == "x_y_z_t_lambdaEmi"
    source = open_image(path, scene=2)
    assert (source.axes.t, source.axes.z, source.axes.c) == (2, 11, 10)
    assert (whole_plane(source, t=1, z=10) != whole_plane(source, t=0, z=0)).any()


@pytest.mark.parametrize("name", ["SC_rgb_rle_16bit", "MR_small_jp2klossless", "examples_ybr_color", "MR_small_expb", "693_J2KI"])  # fmt: skip
def test_dicom_pixels_are_those_that_pydicom_decodes(data: Path, name: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    if name != "SC_rgb_rle_16bit":
        pytest.importorskip("PIL", reason="pydicom decodes this with Pillow")
    path = data / "formats" / "dicom" / f"{name}.dcm"
    stored = pydicom.dcmread(path)
    expected = pydicom.pixels.pixel_array(stored)
    expected = expected[0] if expected.shape[0] == 30 else expected
    expected = expected * float(stored.get("RescaleSlope", 1)) + float(stored.get("RescaleIntercept", 0))
    plane = whole_plane(open_image(path))
    # Two decoders of lossy JPEG may round differently.
    assert np.abs(plane.reshape(expected.shape).astype(float) - expected).max() <= (3 if "ybr" in name else 0)


def test_slope_and_intercept_of_a_nifti_volume_are_applied(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    volume = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    image = nibabel.Nifti1Image(volume, np.diag([0.002, 0.002, 0.01, 1]))
    image.header.set_slope_inter(2.5, -7)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "v.nii.gz")
    source = open_image(tmp_path / "v.nii.gz")
    assert source.pixel_size_um == pytest.approx(2.0, rel=1e-5)
    expected = np.asarray(nibabel.load(tmp_path / "v.nii.gz").dataobj)[:, :, 3].T
    np.testing.assert_allclose(whole_plane(source, z=3)[:, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("zipped", [False, True])
def test_ome_zarr_of_both_versions_in_a_folder_or_a_zip(tmp_path: Path, version: int, zipped: bool) -> None:
    folder = tmp_path / "a.zarr"
    group = zarr.open_group(folder, mode="w", zarr_format=version)
    pixels = np.random.default_rng(0).integers(0, 60000, (2, 3, 40, 50)).astype(np.uint16)
    for name, array in (("0", pixels), ("1", pixels[:, :, ::2, ::2])):
        group.create_array(name, data=np.ascontiguousarray(array), chunks=(1, 1, 16, 16))
    multiscales = [{
        "axes": [{"name": "c", "type": "channel"}, {"name": "z", "type": "space"},
                 *({"name": n, "type": "space", "unit": "micrometer"} for n in "yx")],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.25, 0.25]}]},
            {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.5, 0.5]}]},
        ],
    }]  # fmt: skip
    channels = {"channels": [{"label": "DAPI", "color": "0000FF"}, {"label": "GFP", "color": "00FF00"}]}
    attributes = {"multiscales": multiscales, "omero": channels}
    group.attrs.update(attributes if version == 2 else {"ome": {"version": "0.5", **attributes}})
    path = folder
    if zipped:
        path = tmp_path / "a.zarr.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in folder.rglob("*"):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
    source = open_image(path)
    assert source.levels == ((40, 50), (20, 25))
    assert source.pixel_size_um == 0.25
    assert [c.name for c in source.channels] == ["DAPI", "GFP"]
    assert source.channels[0].colour == (0, 0, 255)
    part = source.read(Rect(5, 6, 30, 40), z=2)
    np.testing.assert_array_equal(part, np.moveaxis(pixels[:, 2, 5:30, 6:40], 0, -1))
    np.testing.assert_array_equal(
        source.read(Rect(0, 0, 20, 25), z=1, level=1), np.moveaxis(pixels[:, 1, ::2, ::2], 0, -1)
    )


def test_axes_nobody_named_are_guessed_and_can_be_said(tmp_path: Path) -> None:
    cube = np.random.default_rng(0).integers(0, 99, (4, 20, 30)).astype(np.uint8)
    np.save(tmp_path / "a.npy", cube)
    tifffile.imwrite(tmp_path / "a.tif", cube, photometric="minisblack")
    for name in ("a.npy", "a.tif"):
        guessed = open_image(tmp_path / name)
        assert guessed.is_guessed
        assert (guessed.axes.z, guessed.axes.t, guessed.axes.c) == (4, 1, 1)
        assert open_image(tmp_path / name, roles="TYX").axes.t == 4
        channels = open_image(tmp_path / name, roles="CYX")
        np.testing.assert_array_equal(whole_plane(channels), np.moveaxis(cube, 0, -1))
        assert open_image(tmp_path / name, roles="CY").axes.z == 4, "letters that do not fit are not used"
        assert open_image(tmp_path / name, roles="YYX").axes.z == 4


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_numpy_array_is_read_whichever_way_it_lies(tmp_path: Path, order: str) -> None:
    for shape, planes, channels in (
        ((7, 9), 1, 1),
        ((5, 7, 9), 5, 1),
        ((7, 9, 3), 1, 3),
        ((2, 5, 7, 9), 10, 1),
    ):
        array = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        np.save(tmp_path / "a.npy", np.asarray(array, order=order))
        source = open_image(tmp_path / "a.npy")
        assert (source.axes.z, source.axes.c) == (planes, channels)
        expected = array.reshape(planes, 7, 9, channels)
        for z in range(planes):
            np.testing.assert_array_equal(whole_plane(source, z=z), expected[z])


def test_pickles_in_a_numpy_file_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ImageFileError, match="object"):
        open_image(tmp_path / "a.npy")


def test_palette_inverted_ink_and_alpha_are_shown_as_they_are_meant(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 255, (20, 30)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "white.tif", grey, photometric="miniswhite")
    np.testing.assert_array_equal(whole_plane(open_image(tmp_path / "white.tif"))[:, :, 0], 255 - grey)
    colours = rng.integers(0, 65535, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "palette.tif", grey, photometric="palette", colormap=colours)
    source = open_image(tmp_path / "palette.tif")
    assert source.is_rgb
    assert source.axes.c == 3
    np.testing.assert_array_equal(whole_plane(source), np.moveaxis(colours[:, grey] >> 8, 0, -1))
    rgba = rng.integers(0, 255, (20, 30, 4)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "alpha.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(whole_plane(open_image(tmp_path / "alpha.tif")), rgba[:, :, :3])
    ink = np.zeros((2, 2, 4), np.uint8)
    ink[0, 0] = 0, 0, 0, 0  # paper
    ink[0, 1] = 0, 0, 0, 255  # black
    ink[1, 0] = 255, 0, 0, 0  # cyan
    ink[1, 1] = 0, 255, 255, 0  # red
    tifffile.imwrite(tmp_path / "ink.tif", ink, photometric="separated", metadata=None)
    expected = [[[255, 255, 255], [0, 0, 0]], [[0, 255, 255], [255, 0, 0]]]
    np.testing.assert_array_equal(whole_plane(open_image(tmp_path / "ink.tif")), expected)


def test_a_missing_reader_is_named_with_the_line_to_type(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, file, extra in (
        ("pylibCZIrw.czi", "czi/100x100.czi", "formats"),
        ("pydicom", "dicom/MR_small_RLE.dcm", "medical"),
        ("nibabel", "nifti/anatomical.nii", "medical"),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ImageFileError, match=rf'pip install "unet-studio\[{extra}\]"'):
            open_image(data / "formats" / file)


def test_sizes_in_a_header_that_the_file_cannot_hold_allocate_nothing(tmp_path: Path) -> None:
    # A NumPy header of a terabyte, a PNG of 10^5 × 10^5, a TIFF of one row that claims a million.
    header = {"descr": "<u2", "fortran_order": False, "shape": (10**6, 10**6)}
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(1000))
    png = bytearray(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (10**5).to_bytes(4, "big") * 2 + bytes(60))
    (tmp_path / "a.png").write_bytes(png + b"IEND\xaeB`\x82")
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((1, 1000), np.uint8))
    raw = (tmp_path / "a.tif").read_bytes()
    length = raw.index((257).to_bytes(2, "little"))
    (tmp_path / "a.tif").write_bytes(raw[: length + 8] + (10**6).to_bytes(4, "little") + raw[length + 12 :])
    for name in ("a.npy", "a.png", "a.tif"):
        with pytest.raises(ImageFileError, match=name):
            whole_plane(open_image(tmp_path / name))


def test_a_file_that_is_cut_short_while_it_is_open_ends_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.random.default_rng(0).integers(0, 255, (600, 700)).astype(np.uint8))
    source = open_image(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ImageFileError, match="drive is gone"):
        whole_plane(source)
    path.unlink()
    with pytest.raises(ImageFileError, match="drive is gone"):
        whole_plane(source)


def test_a_large_compressed_pyramid_is_read_tile_by_tile(tmp_path: Path) -> None:
    path = tmp_path / "p.tif"
    pixels = np.random.default_rng(0).integers(0, 9, (6000, 6016)).astype(np.uint8)
    with tifffile.TiffWriter(path) as file:
        file.write(pixels, tile=(256, 256), compression="zlib", subifds=2)
        file.write(pixels[::2, ::2], tile=(256, 256), compression="zlib", subfiletype=1)
        file.write(pixels[: 6000 // 4, :100], tile=(256, 256), compression="zlib", subfiletype=1)
    source = open_image(path)
    assert source.levels == ((6000, 6016), (3000, 3008)), "the third is of another shape: it is no level"
    np.testing.assert_array_equal(
        source.read(Rect(4000, 5000, 4100, 5300))[:, :, 0], pixels[4000:4100, 5000:5300]
    )
    np.testing.assert_array_equal(
        source.read(Rect(10, 20, 300, 400), level=1)[:, :, 0], pixels[::2, ::2][10:300, 20:400]
    )
