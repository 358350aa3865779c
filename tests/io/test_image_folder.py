from pathlib import Path

import cv2
import numpy as np
import pytest

from unet_studio.core.errors import FolderError, TrainingDataError
from unet_studio.io.image_folder import expand_paths, list_images, pair_by_stem


def make(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((4, 4), np.uint8))
    return folder


def test_images_are_listed_in_natural_order_and_other_files_left_out(tmp_path: Path) -> None:
    make(tmp_path, "b10.png", "b2.PNG", "a.tif", "1.jpg", ".hidden.png")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in list_images(tmp_path)] == ["1.jpg", "a.tif", "b2.PNG", "b10.png"]


def test_an_empty_folder_says_what_to_put_into_it(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"holds no image: put TIFF, PNG, JPEG"):
        list_images(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="nowhere"):
        list_images(tmp_path / "nowhere")


def test_an_image_without_mask_is_named_with_what_to_add(tmp_path: Path) -> None:
    images = make(tmp_path / "i", "a.png", "b.png", "c.png")
    masks = make(tmp_path / "m", "a.png", "c.tif")
    with pytest.raises(TrainingDataError, match=r"1 of 3 images have no mask .* b\.png: add b\.tif"):
        pair_by_stem(images, masks)


def test_files_and_folders_may_be_mixed_and_each_image_counts_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "i", "a.png", "b.png")
    found = expand_paths([folder / "b.png", folder])
    assert [p.name for p in found] == ["b.png", "a.png"]
