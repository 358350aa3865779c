"""What networks read: all, one channel, or the nuclear dye."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.color import rgb2hed

from tests.conftest import RESOURCES
from unet_studio.segmentation.model_input import ModelInput, usual_input
from unet_studio.segmentation.stains import haematoxylin_of, is_immunostained

IHC = cv2.imread(str(RESOURCES / "demo" / "immunohistochemistry.png"))[:, :, ::-1]
FIELD = cv2.imread(str(RESOURCES / "demo" / "fluorescence.png"), cv2.IMREAD_UNCHANGED)


def test_brown_tissue_is_read_by_its_haematoxylin_and_nothing_else_is() -> None:
    assert usual_input([None] * 3, [None] * 3, is_rgb=True, sample=IHC) == ModelInput(haematoxylin=True)
    grey = np.repeat(FIELD[:, :, None], 3, 2)
    for other in (grey, 255 - (grey >> 8).astype(np.uint8)):
        assert usual_input([None] * 3, [None] * 3, is_rgb=True, sample=other) == ModelInput()
    assert not is_immunostained(np.full((9, 9, 3), 250, np.uint8))
    assert not is_immunostained(IHC.astype(np.float32))
    dark = np.zeros((9, 9, 3), np.uint8)
    dark[..., 2] = 200  # A blue fluorescent field.
    assert not is_immunostained(dark)


def test_stained_tissue_without_brown_is_read_in_colour(data: object) -> None:
    from pathlib import Path

    folder = Path(str(data)) / "nuclei_dsb2018"
    lines = (folder / "index.csv").read_text().splitlines()[1:]
    names = [line.split(",")[0] for line in lines if "he_purple" in line]
    for name in names:
        plane = cv2.imread(str(folder / "images" / f"{name}.png"))[:, :, ::-1]
        assert not is_immunostained(plane), name


@pytest.mark.parametrize("names", [["GFP", "DAPI"], [None, "Hoechst 33342"], ["actin", "Nuclei"]])
def test_of_channels_the_nuclear_one_is_read(names: list[str | None]) -> None:
    blue_first = [(0, 0, 255), None]
    assert usual_input(names, blue_first, is_rgb=False, sample=np.zeros((4, 4, 2))) == ModelInput(1)
    assert usual_input([None, "GFP"], [None] * 2, is_rgb=False, sample=np.zeros((4, 4, 2))) == ModelInput()


def test_without_a_name_the_only_channel_shown_in_blue_is_the_nuclear_one() -> None:
    def read(*colours: tuple[int, int, int] | None) -> ModelInput:
        return usual_input([None] * 3, colours, is_rgb=False, sample=np.zeros((4, 4, 3)))

    assert read((0, 255, 0), (0, 40, 255), None) == ModelInput(1)
    assert read((0, 255, 255), (255, 0, 255), (255, 255, 255)) == ModelInput()
    assert read((0, 0, 255), (20, 20, 200), None) == ModelInput(), "two: nobody can tell"


def test_haematoxylin_is_that_of_scikit_image() -> None:
    ours, theirs = haematoxylin_of(IHC)[:, :, 0], rgb2hed(IHC)[:, :, 0]
    inside = theirs > 0.01
    assert np.corrcoef(ours[inside], theirs[inside])[0, 1] > 0.99
    assert ((ours > 0) == (theirs > 0)).mean() > 0.95


def test_what_is_read_survives_being_a_setting() -> None:
    for one in (ModelInput(), ModelInput(0), ModelInput(3), ModelInput(haematoxylin=True)):
        assert ModelInput.from_text(one.as_text()) == one
    plane = np.arange(24).reshape(2, 4, 3)
    assert ModelInput(2).of(plane).tolist() == plane[:, :, 2:].tolist()
    assert ModelInput().of(plane) is plane
