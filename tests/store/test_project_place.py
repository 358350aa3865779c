"""Where the project of a folder of images goes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from unet_studio.store import project_place
from unet_studio.store.project_place import project_for_folder


def test_a_project_lies_beside_its_images(tmp_path: Path) -> None:
    images = tmp_path / "day 1"
    images.mkdir()
    assert project_for_folder(images, fallback_root=tmp_path / "home") == images / "day 1.unetproject"
    assert list(images.iterdir()) == [], "asking leaves nothing behind"


def test_a_share_that_says_it_can_be_written_and_refuses_gets_its_project_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network shares and Windows answer os.access with yes."""
    images, home = tmp_path / "day 1", tmp_path / "home"
    images.mkdir()

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    place = project_for_folder(images, fallback_root=home)
    assert place.parent == home
    assert place.name.startswith("day 1-")
    assert project_for_folder(images, fallback_root=home) == place, "and the same one tomorrow"


def test_a_project_that_is_there_already_is_the_one(tmp_path: Path) -> None:
    images = tmp_path / "day 1"
    (images / "day 1.unetproject").mkdir(parents=True)
    assert project_for_folder(images, fallback_root=tmp_path) == images / "day 1.unetproject"


def made(folder: Path) -> Path:
    """A project as it is on the disk."""
    folder.mkdir(parents=True)
    (folder / "project.sqlite").write_bytes(b"")
    return folder


def test_a_folder_that_was_renamed_keeps_its_project(tmp_path: Path) -> None:
    images = tmp_path / "day 1"
    project = made(images / "day 1.unetproject")
    renamed = images.rename(tmp_path / "monday")
    assert project_for_folder(renamed, fallback_root=tmp_path / "home") == renamed / project.name


def test_of_several_projects_in_a_folder_none_is_guessed(tmp_path: Path) -> None:
    images = tmp_path / "monday"
    made(images / "a.unetproject")
    made(images / "b.unetproject")
    assert project_for_folder(images, fallback_root=tmp_path) == images / "monday.unetproject"


def test_a_project_that_was_begun_elsewhere_stays_there_when_the_folder_can_be_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, home = tmp_path / "day 1", tmp_path / "home"
    images.mkdir()
    with monkeypatch.context() as context:
        context.setattr(project_place, "_can_be_made", lambda _: False)
        begun = made(project_for_folder(images, fallback_root=home))
    assert project_for_folder(images, fallback_root=home) == begun


@pytest.mark.parametrize("name", ["a" * 250, "细胞" * 42])
def test_a_folder_with_a_long_name_has_a_project_with_a_shorter_one(tmp_path: Path, name: str) -> None:
    images = tmp_path / name
    images.mkdir()
    place = project_for_folder(images, fallback_root=tmp_path)
    place.mkdir()
    assert place.parent == images
