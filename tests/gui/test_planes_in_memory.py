"""Which planes stay in memory: what is ahead of the disk must, the oldest of the others go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from unet_studio.core.document import Document
from unet_studio.core.proposals import Proposals
from unet_studio.gui.loaded_image import LoadedImage, PlaneKey, load_image
from unet_studio.gui.planes_in_memory import PlanesInMemory
from unet_studio.store.project_store import ProjectStore

COUNT = 9


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    paths = [tmp_path / f"{number}.png" for number in range(COUNT)]
    for path in paths:
        cv2.imwrite(str(path), np.full((40, 40), 9, np.uint8))
    store = ProjectStore(tmp_path / "fields.unetstudio")
    store.add_images(paths)
    yield store
    assert store.close()


@pytest.fixture
def images(store: ProjectStore) -> list[LoadedImage]:
    return [load_image(store, record, PlaneKey(record.id)) for record in store.images()]


def nothing_waits(plane_id: int) -> bool:
    return False


def test_the_last_six_planes_stay_and_the_oldest_go_first(images: list[LoadedImage]) -> None:
    planes = PlanesInMemory()
    for image in [*images, images[4]]:
        planes.show(image, nothing_waits)
    assert [image.id for image in planes] == [images[n].id for n in (3, 5, 6, 7, 8, 4)]
    assert planes.get(images[0].key) is None
    assert planes.with_id(images[5].plane_id) is images[5]
    assert planes.source_of(images[5].id) is images[5].source


def test_a_plane_ahead_of_the_disk_stays_however_old_it_is(images: list[LoadedImage]) -> None:
    planes = PlanesInMemory()
    for image in images:
        planes.show(image, lambda plane_id: plane_id == images[0].plane_id)
    assert planes.get(images[0].key) is images[0]
    assert len(list(planes)) == 7
    planes.show(images[8], nothing_waits)
    assert planes.get(images[0].key) is None


def test_a_plane_that_is_proposed_on_part_by_part_stays(images: list[LoadedImage]) -> None:
    planes = PlanesInMemory()
    planes.show(images[0], nothing_waits)
    planes.growing = images[0].plane_id
    for image in images[1:]:
        planes.show(image, nothing_waits)
    assert planes.get(images[0].key) is images[0]
    planes.growing = None
    planes.show(images[8], nothing_waits)
    assert planes.get(images[0].key) is None


def test_one_that_is_read_again_is_the_one_that_was_drawn_on(
    store: ProjectStore, images: list[LoadedImage]
) -> None:
    planes = PlanesInMemory()
    planes.show(images[0], nothing_waits)
    again = load_image(store, images[0].record, images[0].key)
    assert planes.newest(again) is images[0]
    assert planes.newest(images[1]) is images[1]


def test_a_plane_that_was_edited_without_being_shown_keeps_its_edits(images: list[LoadedImage]) -> None:
    planes, image = PlanesInMemory(), images[0]
    edited = Document(40, 40)
    planes.was_edited(image.key, image.plane_id, edited)
    assert planes.edited(image.key) == (image.plane_id, edited)
    assert planes.documents(image.id) == {image.plane_id: edited}
    planes.show(images[1], lambda plane_id: plane_id == image.plane_id)
    assert planes.newest(image).document is edited
    assert planes.edited(image.key) == (image.plane_id, edited)
    # Once it is all on the disk, nothing has to be kept of a plane that nobody looked at.
    planes.was_edited(images[2].key, images[2].plane_id, edited)
    planes.show(images[1], nothing_waits)
    assert planes.edited(images[2].key) is None


def test_numbers_are_not_used_twice_in_one_image(images: list[LoadedImage]) -> None:
    planes, image = PlanesInMemory(), images[0]
    other = Document(40, 40)
    other.next_id = 31
    planes.was_edited(PlaneKey(image.id, 0, 1), 999, other)
    planes.show(image, nothing_waits)
    assert image.document.next_id == 31


def test_proposals_that_arrive_early_are_there_when_the_plane_is_shown(images: list[LoadedImage]) -> None:
    planes, image = PlanesInMemory(), images[0]
    labels = np.zeros((40, 40), np.int32)
    labels[2:10, 2:10], labels[20:30, 20:30] = 1, 2
    image.document.accept(Proposals.from_label_image(labels, model="m"), [1], name="accept")
    planes.hold_proposals(image.plane_id, Proposals.from_label_image(labels, model="m"))
    planes.show(image, nothing_waits)
    assert image.proposals is not None
    assert image.proposals.waiting(image.document.instances) == [2]  # A label lies where the other is.
    assert planes.waiting() == {image.plane_id: 1}


def test_the_planes_of_an_image_with_other_axes_are_forgotten(images: list[LoadedImage]) -> None:
    planes = PlanesInMemory()
    planes.show(images[0], nothing_waits)
    planes.show(images[1], nothing_waits)
    planes.was_edited(PlaneKey(images[0].id, 0, 5), 999, Document(40, 40))
    planes.forget_image(images[0].id)
    assert [image.id for image in planes] == [images[1].id]
    assert planes.documents(images[0].id) == {}
    planes.clear()
    assert not list(planes)
