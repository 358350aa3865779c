"""Which project belongs to a folder of images."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from unet_studio.store.project_store import DATABASE_NAME, PROJECT_ENDING


def is_project(path: Path) -> bool:
    """True for a project folder."""
    return path.suffix == PROJECT_ENDING and (path / DATABASE_NAME).is_file()


def project_for_folder(images: Path, *, fallback_root: Path) -> Path:
    """IMAGES/IMAGES.unetproject; for a folder that cannot be written, one of the same name under
    `fallback_root`."""
    images = images.absolute()
    beside = images / f"{images.name or 'images'}{PROJECT_ENDING}"
    if beside.is_dir() or os.access(images, os.W_OK):
        return beside
    digest = hashlib.sha256(str(images).encode()).hexdigest()[:8]
    return fallback_root / f"{images.name}-{digest}{PROJECT_ENDING}"
