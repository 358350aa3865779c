"""What a training learns from: the split, the single image, classes, and what is said about bad data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import QuietContext, discs
from unet_studio.core.errors import TrainingDataError
from unet_studio.engine.training_data import (
    Truth,
    check_truths,
    components_of_classes,
    highest_class,
    hold_out_region,
    hold_out_regions,
    part_binary,
    read_truths,
    split_samples,
)
from unet_studio.io.label_files import write_label_tiff
from unet_studio.jobs.messages import SampleFiles
from unet_studio.settings.training import ObjectClass

CELL = (ObjectClass("cell"),)


def files(count: int) -> list[SampleFiles]:
    return [SampleFiles(f"{n}.png", f"{n}.tif") for n in range(count)]


def truth(labels: np.ndarray, semantic: np.ndarray | None = None, channels: int = 1) -> Truth:
    return Truth(np.repeat(labels[:, :, None] * 10.0, channels, 2), labels, semantic, None)


@given(st.integers(1, 60), st.floats(0, 0.9), st.integers(0, 99))
def test_the_split_is_by_image_complete_and_the_same_for_a_seed(
    count: int, fraction: float, seed: int
) -> None:
    train, val = split_samples(files(count), None, fraction, seed)
    assert sorted(s.image for s in train + val) == sorted(s.image for s in files(count))
    assert train, "something must teach"
    assert bool(val) == (count > 1 and fraction * count >= 1 - 1e-9), "of less, regions validate"
    assert (train, val) == split_samples(files(count), None, fraction, seed)


def test_given_validation_images_are_taken_as_they_are() -> None:
    train, val = split_samples(files(4), files(2), 0.5, 0)
    assert (len(train), len(val)) == (4, 2)


@pytest.mark.parametrize("shape", [(200, 300), (300, 200)])
def test_of_a_single_image_one_part_validates_and_the_other_trains(shape: tuple[int, int]) -> None:
    labels = discs(shape, *[(y, x, 9) for y in range(20, shape[0], 40) for x in range(20, shape[1], 40)])
    (train,), (val,) = hold_out_region(truth(labels, labels % 3))
    assert val.labels.shape == ((200, 75) if shape[1] == 300 else (75, 200)), "the last quarter"
    assert train.checked is not None
    assert val.labels.size + train.checked.sum() == labels.size
    assert val.checked is not None
    assert val.checked.all()
    assert val.semantic is not None
    assert (val.semantic == val.labels % 3).all()


def test_a_small_image_is_not_cut() -> None:
    small = truth(np.zeros((60, 60), np.int32))
    assert hold_out_region(small) == ([small], [])


def test_the_quarter_that_validates_has_an_instance_and_the_rest_too() -> None:
    labels = discs((200, 320), (100, 40, 20), (100, 200, 15))
    (train,), (val,) = hold_out_region(truth(labels))
    assert val.has_instances
    assert train.has_instances
    assert set(np.unique(val.labels)) == {0, 2}, "the third quarter: the last one is empty"
    lonely = truth(discs((200, 320), (100, 290, 20)))
    assert hold_out_region(lonely) == ([lonely], []), "then nothing validates"


def test_of_few_images_a_quarter_of_each_validates_and_all_of_them_teach() -> None:
    labels = discs((200, 300), *[(y, x, 9) for y in range(20, 200, 40) for x in range(20, 300, 40)])
    train, val = hold_out_regions([truth(labels), truth(np.zeros_like(labels)), truth(labels)])
    assert len(train) == 3
    assert len(val) == 2, "the empty image has nothing to validate"
    assert all(v.labels.shape == (200, 75) for v in val)


def test_of_few_small_images_the_last_validates() -> None:
    small = [truth(discs((60, 60), (30, 30, 9))) for _ in range(3)]
    train, val = hold_out_regions(small)
    assert (len(train), len(val)) == (2, 1)
    assert hold_out_regions(small[:1]) == (small[:1], [])


def test_planes_of_one_stack_stay_on_one_side() -> None:
    planes = [SampleFiles(f"{n}.tif", f"{n}_l.tif", source=f"stack{n // 2}.tif") for n in range(12)]
    for seed in range(10):
        train, val = split_samples(planes, None, 0.3, seed)
        assert len(val) == 4
        assert not {s.source for s in train} & {s.source for s in val}
    one = [SampleFiles(f"{n}.tif", f"{n}_l.tif", source="stack.tif") for n in range(5)]
    assert split_samples(one, None, 0.2, 0) == (one, [])


def test_a_binary_mask_of_any_value_is_a_mask_of_class_1(tmp_path: Path) -> None:
    labels = discs((40, 60), (20, 15, 8), (20, 45, 8))
    cv2.imwrite(str(tmp_path / "a.png"), (labels * 90).astype(np.uint8))
    cv2.imwrite(str(tmp_path / "m.png"), ((labels > 0) * 255).astype(np.uint8))
    file = SampleFiles(str(tmp_path / "a.png"), str(tmp_path / "m.png"))
    (read,) = read_truths([file], "classes", QuietContext())
    assert highest_class([read]) == 1
    write_label_tiff(tmp_path / "m.tif", labels * 1000)
    with pytest.raises(TrainingDataError, match="hold class 2000, more than 254 are not possible"):
        read_truths(
            [SampleFiles(str(tmp_path / "a.png"), str(tmp_path / "m.tif"))], "classes", QuietContext()
        )


def test_nothing_checked_in_the_held_out_quarter_leaves_all_for_training() -> None:
    labels = discs((200, 300), (50, 50, 20))
    checked = np.zeros(labels.shape, bool)
    checked[:, :100] = True
    one = Truth(labels * 1.0, labels, None, checked)
    assert hold_out_region(one) == ([one], [])


def test_masks_of_classes_become_instances_and_keep_their_class() -> None:
    semantic = np.zeros((20, 30), np.int32)
    semantic[2:8, 2:8], semantic[2:8, 12:18], semantic[12:18, 2:28] = 1, 1, 2
    labels = components_of_classes(semantic)
    assert np.unique(labels).tolist() == [0, 1, 2, 3]
    assert ((labels > 0) == (semantic > 0)).all()
    assert len({int(labels[5, 5]), int(labels[5, 15]), int(labels[15, 15])}) == 3


def test_truths_are_read_with_their_classes(tmp_path: Path) -> None:
    labels = discs((40, 60), (20, 15, 8), (20, 45, 8))
    cv2.imwrite(str(tmp_path / "a.png"), (labels * 90).astype(np.uint8))
    write_label_tiff(tmp_path / "m.tif", labels)
    write_label_tiff(tmp_path / "c.tif", np.where(labels > 0, 3 - labels, 0).astype(np.int32))
    one = SampleFiles(str(tmp_path / "a.png"), str(tmp_path / "m.tif"), classes=str(tmp_path / "c.tif"))
    (read,) = read_truths([one], "instances", QuietContext())
    assert highest_class([read]) == 2
    as_classes = SampleFiles(str(tmp_path / "a.png"), str(tmp_path / "m.tif"))
    (read,) = read_truths([as_classes], "classes", QuietContext())
    assert read.semantic is not None
    assert (read.semantic == labels).all()


def test_what_teaches_nothing_or_too_much_is_refused_in_words() -> None:
    empty, labels = np.zeros((30, 30), np.int32), discs((30, 30), (15, 15, 8))
    with pytest.raises(TrainingDataError, match="None of the 2 training masks holds an instance"):
        check_truths([truth(empty), truth(empty)], [], CELL, 1)
    outside = Truth(labels * 1.0, labels, None, labels == 0)
    with pytest.raises(TrainingDataError, match="None of the 1 training masks holds an instance"):
        check_truths([outside], [], CELL, 1)
    with pytest.raises(TrainingDataError, match="hold class 4, the network knows 1 besides background"):
        check_truths([truth(labels)], [truth(labels, labels * 4)], CELL, 1)
    assert check_truths([truth(labels), truth(empty)], [], CELL, 1) == [], "an empty image teaches background"
    (note,) = check_truths([truth(labels)], [truth(empty)], CELL, 1)
    assert "What validates holds no instance" in str(note)
    (note,) = check_truths([truth(labels, channels=5)], [], CELL, 3)
    assert "Only the first 3 of the image's 5 channels" in str(note)


def test_what_a_person_should_know_is_said() -> None:
    labels = discs((30, 30), (15, 15, 8))
    odd = truth(labels)
    odd.plane[3, 3] = np.nan
    notes = check_truths(
        [odd, truth(labels, labels, channels=3)], [], (ObjectClass("cell"), ObjectClass("mitosis")), 3
    )
    said = " ".join(map(str, notes))
    assert "The images have 1, 3 channels; all were brought to the network's 3." in said
    assert "NaN" in said
    assert "No training image holds mitosis" in said


def test_the_command_line_learns_from_the_channel_it_proposes_on(tmp_path: Path) -> None:
    labels = discs((40, 60), (20, 15, 8), (20, 45, 8))
    both = np.stack([np.full(labels.shape, 7), labels * 90]).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "a.ome.tif", both, photometric="minisblack",
        metadata={"axes": "CYX", "Channel": {"Name": ["GFP", "DAPI"]}},
    )  # fmt: skip
    write_label_tiff(tmp_path / "m.tif", labels)
    file = SampleFiles(str(tmp_path / "a.ome.tif"), str(tmp_path / "m.tif"))
    (usual,) = read_truths([file], "instances", QuietContext(), usual_input=True)
    assert (usual.plane == both[1][:, :, None]).all()
    (whole,) = read_truths([file], "instances", QuietContext())
    assert whole.plane.shape == (40, 60, 2)


def test_a_stack_cannot_teach_from_one_mask(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 20, 30), np.uint8), metadata={"axes": "ZYX"})
    write_label_tiff(tmp_path / "m.tif", np.ones((20, 30), np.int32))
    with pytest.raises(TrainingDataError, match="holds 4 planes, and a mask is of one"):
        read_truths(
            [SampleFiles(str(tmp_path / "a.tif"), str(tmp_path / "m.tif"))], "instances", QuietContext()
        )


def test_masks_of_one_value_are_taken_apart_and_no_others() -> None:
    two_pieces = np.zeros((40, 50), np.int32)
    two_pieces[5:10, 5:10] = two_pieces[20:30, 20:30] = 255
    one_piece = np.where(two_pieces[::-1] > 0, 0, 0)
    one_piece[3:9, 3:9] = 7
    numbered = discs((40, 50), (10, 10, 5), (30, 30, 5))
    out, parted = part_binary([truth(two_pieces), truth(one_piece), truth(numbered)])
    assert parted == 1
    assert sorted(np.unique(out[0].labels)) == [0, 1, 2]
    assert ((out[0].labels > 0) == (two_pieces > 0)).all()
    assert (out[1].labels == one_piece).all()
    assert (out[2].labels == numbered).all()


def test_pixels_that_are_no_number_stay_the_darkest_when_the_image_is_made_smaller() -> None:
    plane = np.full((40, 40, 1), -50.0, np.float32)
    plane[20:] = -10.0
    plane[:10] = np.nan
    seen = Truth(plane, np.zeros((40, 40), np.int32), None, None).scaled(0.5).plane
    assert seen[:3].max() <= -50.0 + 1e-3
    assert seen[-3:].min() >= -10.0 - 1e-3
