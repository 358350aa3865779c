from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from tests.conftest import discs
from unet_studio.core.errors import FolderError, LabelFileError
from unet_studio.io.label_files import (
    read_class_image,
    read_label_image,
    write_label_png,
    write_label_tiff,
    write_masks,
)


def test_label_images_come_back_as_they_were_written(tmp_path: Path) -> None:
    labels = discs((40, 50), (10, 10, 5), (30, 30, 8))
    for name, files in (("label-tiff", "a.tif"), ("label-png", "a.png")):
        (path,) = write_masks(tmp_path, "a", labels, (name,))
        assert path == tmp_path / files
        assert (read_label_image(path) == labels).all()


def test_ids_above_16_bit_make_the_tiff_32_bit(tmp_path: Path) -> None:
    labels = np.array([[0, 70_000], [5, 65_535]], np.int32)
    write_label_tiff(tmp_path / "a.tif", labels)
    assert tifffile.imread(tmp_path / "a.tif").dtype == np.int32
    assert (read_label_image(tmp_path / "a.tif") == labels).all()
    write_label_tiff(tmp_path / "b.tif", np.minimum(labels, 65_535))
    assert tifffile.imread(tmp_path / "b.tif").dtype == np.uint16


def test_ids_above_16_bit_are_numbered_anew_in_a_png(tmp_path: Path) -> None:
    write_label_png(tmp_path / "a.png", np.array([[0, 70_000], [5, 5]], np.int32))
    assert cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED).tolist() == [[0, 2], [1, 1]]


def test_a_binary_mask_is_0_and_255(tmp_path: Path) -> None:
    labels = discs((40, 50), (10, 10, 5), (30, 30, 8))
    (path,) = write_masks(tmp_path, "a", labels, ("binary-png",))
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert (mask == np.where(labels > 0, 255, 0)).all()


def test_several_formats_go_into_a_folder_each_so_that_stems_still_pair(tmp_path: Path) -> None:
    files = write_masks(tmp_path, "a", discs((9, 9), (4, 4, 2)), ("label-tiff", "label-png", "binary-png"))
    assert [str(f.relative_to(tmp_path)) for f in files] == [
        "label-tiff/a.tif",
        "label-png/a.png",
        "binary-png/a.png",
    ]


def test_a_mask_of_another_size_names_both_sizes(tmp_path: Path) -> None:
    write_label_tiff(tmp_path / "a.tif", np.zeros((10, 20), np.int32))
    with pytest.raises(LabelFileError, match="10×20 px but its image is 30×40 px"):
        read_label_image(tmp_path / "a.tif", shape=(30, 40))


def test_colours_are_instances(tmp_path: Path) -> None:
    colours = np.zeros((10, 10, 3), np.uint8)
    colours[:3], colours[7:] = (200, 10, 30), (10, 200, 30)
    cv2.imwrite(str(tmp_path / "a.png"), colours)
    labels = read_label_image(tmp_path / "a.png")
    assert len(np.unique(labels)) == 3
    assert (labels[4:6] == 0).all()


def test_minus_one_is_background_and_a_look_up_table_changes_no_number(tmp_path: Path) -> None:
    labels = np.array([[-1, 0, 1], [3, 3, 70_000]], np.int32)
    tifffile.imwrite(tmp_path / "a.tif", labels)
    assert read_label_image(tmp_path / "a.tif").tolist() == [[0, 0, 1], [3, 3, 70_000]]
    small = np.array([[0, 1], [2, 2]], np.uint8)
    tifffile.imwrite(tmp_path / "b.tif", small, photometric="miniswhite")
    assert (read_label_image(tmp_path / "b.tif") == small).all()
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "c.tif", small, photometric="palette", colormap=colours)
    assert (read_label_image(tmp_path / "c.tif") == small).all()


def test_huge_ids_without_any_background_keep_every_instance(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[4_000_000_000, 4_100_000_000]], np.uint32))
    assert read_label_image(tmp_path / "a.tif").tolist() == [[1, 2]]


def test_probabilities_are_refused_as_masks(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 0.3, np.float32))
    with pytest.raises(LabelFileError, match="fractions"):
        read_label_image(tmp_path / "a.tif")


def test_a_folder_that_cannot_be_written_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_label_tiff(path, np.ones((5, 5), np.int32))
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(FolderError, match="Choose another folder"):
        write_label_tiff(blocked / "a.tif", np.zeros((5, 5), np.int32))
    assert (read_label_image(path) == 1).all()


def test_a_class_image_keeps_its_numbers_and_several_colours_are_refused(tmp_path: Path) -> None:
    classes = np.zeros((20, 30), np.uint8)
    classes[2:6, 2:6], classes[10:15, 10:15] = 3, 1
    cv2.imwrite(str(tmp_path / "c.png"), classes)
    assert (read_class_image(tmp_path / "c.png") == classes).all()
    tifffile.imwrite(tmp_path / "grey.tif", np.repeat(classes[:, :, None], 3, axis=2), photometric="rgb")
    assert (read_class_image(tmp_path / "grey.tif") == classes).all()
    one = np.repeat((classes == 3).astype(np.uint8)[:, :, None] * 255, 3, axis=2)
    cv2.imwrite(str(tmp_path / "one.png"), one)
    assert np.unique(read_class_image(tmp_path / "one.png")).tolist() in ([0, 1], [0, 255])
    one[10:15, 10:15] = 0
    one[10:15, 10:15] = 200, 0, 0  # Two kinds of blue are colours too.
    one[2:6, 2:6] = 90, 0, 0
    cv2.imwrite(str(tmp_path / "two.png"), one)
    with pytest.raises(LabelFileError, match="holds colours, and nothing says which class"):
        read_class_image(tmp_path / "two.png")


@pytest.mark.parametrize(
    ("shape", "axes", "said"),
    [((2, 20, 30), "CYX", "holds 2 channels"), ((4, 20, 30), "ZYX", "holds 4 planes")],
)
def test_masks_of_several_channels_or_planes_are_refused(
    tmp_path: Path, shape: tuple[int, ...], axes: str, said: str
) -> None:
    path = tmp_path / "m.tif"
    tifffile.imwrite(path, np.ones(shape, np.uint8), imagej=True, metadata={"axes": axes})
    with pytest.raises(LabelFileError, match=said):
        read_label_image(path)


def test_a_mask_may_have_the_longest_name_a_disk_takes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".tif")
    write_label_tiff(path, np.ones((4, 5), np.int32))
    assert path.is_file()
    assert len(list(tmp_path.iterdir())) == 1
