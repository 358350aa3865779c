"""Where the project of a folder of images goes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

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
