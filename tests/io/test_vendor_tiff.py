"""LSM, NDPI, SCN, OIF and OIB: the image is found, and none of the pictures beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.io.vendor_tiff import LEVEL_STEPS, write_lsm, write_ndpi, write_oib, write_oif, write_scn
from unet_studio.core.errors import ImageFileError
from unet_studio.core.geometry import Rect
from unet_studio.io.open_image import open_image, scenes_of


@pytest.fixture
def slide() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (1024, 2048, 3), dtype=np.uint8)


def test_an_lsm_file_is_one_stack_without_its_thumbnails(tmp_path: Path) -> None:
    planes = np.random.default_rng(0).integers(0, 4000, (4, 3, 40, 50), dtype=np.uint16)
    path = tmp_path / "a.lsm"
    write_lsm(path, planes, pixel_size_um=0.25)
    assert len(scenes_of(path)) == 1
    source = open_image(path)
    assert (source.axes.z, source.axes.c, source.axes.y, source.axes.x) == (4, 3, 40, 50)
    assert source.pixel_size_um == pytest.approx(0.25)
    assert not source.is_guessed
    for z in range(4):
        assert (source.read(Rect.of_size(40, 50), z=z) == np.moveaxis(planes[z], 0, -1)).all()


def test_an_ndpi_file_is_a_pyramid_without_its_macro_picture(tmp_path: Path, slide: np.ndarray) -> None:
    path = tmp_path / "a.ndpi"
    write_ndpi(path, slide, pixel_size_um=0.46)
    assert len(scenes_of(path)) == 1
    check_pyramid(path, slide, pixel_size_um=0.46)


@pytest.mark.parametrize("macro_name", ["macro", "image_0000"])
def test_an_scn_file_is_a_pyramid_without_the_picture_of_the_whole_glass(
    tmp_path: Path, slide: np.ndarray, macro_name: str
) -> None:
    path = tmp_path / "a.scn"
    write_scn(path, slide, pixel_size_um=0.5, macro_name=macro_name)
    assert scenes_of(path) == ["image_0001"]
    check_pyramid(path, slide, pixel_size_um=0.5)


def check_pyramid(path: Path, slide: np.ndarray, *, pixel_size_um: float) -> None:
    source = open_image(path)
    assert list(source.levels) == [(1024 // step, 2048 // step) for step in LEVEL_STEPS]
    assert source.is_rgb
    assert source.pixel_size_um == pytest.approx(pixel_size_um, rel=1e-6)
    part = Rect(100, 300, 200, 450)
    assert (source.read(part) == slide[part.slices]).all()
    assert (source.read(Rect.of_size(64, 128), level=2) == slide[::16, ::16]).all()


@pytest.mark.parametrize(("name", "write"), [("a.oif", write_oif), ("a.oib", write_oib)])
def test_an_olympus_file_is_a_stack_with_its_dyes_read_plane_by_plane(
    tmp_path: Path, name: str, write: Callable[..., None]
) -> None:
    planes = np.random.default_rng(0).integers(0, 4095, (2, 5, 40, 50), dtype=np.uint16)
    path = tmp_path / name
    write(path, planes, pixel_size_um=0.207, dyes=["DAPI", "Alexa Fluor 488"])
    source = open_image(path)
    assert (source.axes.c, source.axes.z, source.axes.y, source.axes.x) == (2, 5, 40, 50)
    assert source.pixel_size_um == pytest.approx(0.207)
    assert [channel.name for channel in source.channels] == ["DAPI", "Alexa Fluor 488"]
    assert not source.is_guessed
    part = Rect(3, 5, 20, 40)
    assert (source.read(part, z=4) == np.moveaxis(planes[:, 4], 0, -1)[part.slices]).all()
    assert (source.read(part, z=2, channels=[1])[:, :, 0] == planes[1, 2][part.slices]).all()


def test_an_oif_file_without_one_of_its_planes_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.oif"
    write_oif(path, np.zeros((1, 3, 10, 10), np.uint16), pixel_size_um=0.2, dyes=["DAPI"])
    (tmp_path / "a.oif.files" / "s_C001Z001.tif").write_bytes(b"II*\0")
    with pytest.raises(ImageFileError, match="cannot be read as OIF"):
        open_image(path)
