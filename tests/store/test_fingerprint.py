"""Images that were moved, renamed or altered are found by what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from unet_studio.core.errors import ImageFileError, ProjectError
from unet_studio.gui.loaded_image import FileState, PlaneKey, load_image
from unet_studio.store.fingerprint import UNKNOWN, find_near, fingerprint
from unet_studio.store.project_store import ProjectStore


def write(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, (200, 300), np.uint8))
    return path


@pytest.mark.parametrize("place", ["renamed.png", "sub/a.png", "x/y/z/other name.PNG", "../beside/a.png"])
def test_a_moved_or_renamed_file_is_found_near_by(tmp_path: Path, place: str) -> None:
    home = tmp_path / "home"
    path = write(home / "a.png", 1)
    wanted = fingerprint(path)
    for number in range(20):
        write(home / f"decoy{number}.png", 100 + number)
    target = Path(os.path.normpath(home / place))
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    assert find_near(path, wanted, [home, home.parent]) == target


def test_a_file_of_the_same_name_with_other_contents_is_not_taken_for_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", 1)
    wanted = fingerprint(path)
    path.unlink()
    write(tmp_path / "sub" / "a.png", 2)
    assert find_near(path, wanted, [tmp_path]) is None
    assert find_near(path, UNKNOWN, [tmp_path]) is None


def test_one_byte_at_the_end_or_another_length_is_another_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(1_000_000))
    first = fingerprint(path)
    path.write_bytes(bytes(999_999) + b"\1")
    assert fingerprint(path).digest != first.digest
    path.write_bytes(bytes(1_000_001))
    assert fingerprint(path).digest != first.digest
    assert fingerprint(tmp_path / "none") == UNKNOWN


def test_a_renamed_file_that_is_opened_again_is_the_same_image(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 2)
    store = ProjectStore(tmp_path / "p.unetproject")
    ids = store.add_images([path, other])
    renamed = path.rename(tmp_path / "patient 7.png")
    assert store.add_images([renamed, other]) == ids
    assert [record.path for record in store.images()] == [renamed, other]
    copy = tmp_path / "copy of b.png"
    copy.write_bytes(other.read_bytes())
    assert store.add_images([copy])[0] not in ids, (
        "the original is still there: a copy is an image of its own"
    )
    assert store.close()


def test_the_person_cannot_give_another_images_own_file_to_an_image(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 2)
    store = ProjectStore(tmp_path / "p.unetproject")
    ids = store.add_images([path, other])
    with pytest.raises(ProjectError, match=r"b\.png is an image of this project already"):
        store.set_image_file(ids[0], other)
    assert [record.path for record in store.images()] == [path, other]
    assert store.close()


def test_two_files_that_changed_names_are_told_apart_by_what_is_in_them(tmp_path: Path) -> None:
    tmp_path = tmp_path / "alone" / "here"  # The neighbours of the test's own folder hold twins too.
    path, other = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 2)
    store = ProjectStore(tmp_path / "p.unetproject")
    ids = store.add_images([path, other])
    path.rename(tmp_path / "c.png")
    other.rename(path)
    (tmp_path / "c.png").rename(other)
    first = store.images()[0]
    assert store.find_image_file(first) == other
    store.set_image_file(ids[0], other)
    assert [record.path for record in store.images()] == [other, path]
    assert store.find_image_file(store.images()[1]) is None, "it is in its place"
    assert store.close()


def test_a_twin_of_a_missing_image_is_not_taken_for_it(tmp_path: Path) -> None:
    tmp_path = tmp_path / "alone" / "here"  # The neighbours of the test's own folder hold twins too.
    path, other = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 1)
    store = ProjectStore(tmp_path / "p.unetproject")
    store.add_images([path, other])
    path.unlink()
    assert store.find_image_file(store.images()[0]) is None
    assert store.close()


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_name_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.png"))
    write(tmp_path / "a.png", 1).rename(strange)
    store = ProjectStore(tmp_path / "p.unetproject")
    with pytest.raises(ImageFileError, match="rename the file"):
        store.add_images([strange])
    assert store.close()


def test_a_folder_that_is_one_image_has_a_fingerprint_too(tmp_path: Path) -> None:
    for name in ("a.zarr", "b.zarr"):
        (tmp_path / name / "0").mkdir(parents=True)
        (tmp_path / name / "zarr.json").write_text("{}")
        (tmp_path / name / "0" / "0.0").write_text(name)
    one = fingerprint(tmp_path / "a.zarr")
    assert one.digest
    assert one.file_bytes is None
    assert one != fingerprint(tmp_path / "b.zarr")
    (tmp_path / "there").mkdir()
    moved = tmp_path / "there" / "renamed.zarr"
    (tmp_path / "a.zarr").rename(moved)
    assert fingerprint(moved) == one
    assert find_near(tmp_path / "a.zarr", one, [tmp_path]) == moved
    (moved / "zarr.json").write_text('{"zarr_format": 3}')
    assert fingerprint(moved) != one


def test_what_is_between_the_ends_counts_and_what_older_programs_stored_is_known(tmp_path: Path) -> None:
    """The first and last rows of a picture without background are all alike."""
    empty = bytes(65536)
    one, other = tmp_path / "one.tif", tmp_path / "other.tif"
    one.write_bytes(empty + b"a" * 400_000 + empty)
    other.write_bytes(empty + b"b" * 400_000 + empty)
    assert fingerprint(one).digest != fingerprint(other).digest
    assert fingerprint(one).former == fingerprint(other).former, "which older programs had stored"
    assert fingerprint(one).is_of(fingerprint(one).former)
    assert fingerprint(one).is_of(fingerprint(one).digest)
    assert not fingerprint(one).is_of(fingerprint(other).digest)
    assert not UNKNOWN.is_of("")


def test_the_fingerprint_of_an_older_program_is_brought_up_to_date_when_the_image_is_shown(
    tmp_path: Path,
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
    store = ProjectStore(tmp_path / "p.unetproject")
    (image_id,) = store.add_images([tmp_path / "a.png"])
    now = fingerprint(tmp_path / "a.png")
    store._connection.execute("UPDATE images SET fingerprint = ?", (now.former,))
    image = load_image(store, store.images()[0], PlaneKey(image_id))
    assert image.file_state is FileState.SAME
    assert store.image_file(image_id)[1] == now
    assert store.close()
