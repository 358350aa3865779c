"""The models a person can choose from, and the one that proposes now."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unet_studio.gui.session import Session
from unet_studio.io.model_folder import list_models
from unet_studio.settings.locations import DEFAULT_MODEL, shipped_models_folder, user_folder

_SETTING = "model"


class Models(QObject):
    """Project models, the person's own, the shipped ones; the choice is remembered in the project."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._current: Path | None = None
        session.project_changed.connect(self._restore)
        self._restore()

    @property
    def current(self) -> Path | None:
        """The model folder that proposes; None if there is no model at all."""
        return self._current

    def all(self) -> list[Path]:
        """Every model folder: this project's first, the newest on top."""
        return list_models(*self._roots())

    def choose(self, folder: Path) -> None:
        """Use this model from now on."""
        self._current = folder
        if self._session.store is not None:
            self._session.store.record_setting(_SETTING, self._stored(folder))
        self.changed.emit()

    def project_models_folder(self) -> Path | None:
        """Where fine-tuned models of the open project go."""
        return self._session.store.folder / "models" if self._session.store else None

    def project_moved(self) -> None:
        """The project goes on in another folder, and its models with it."""
        project = self.project_models_folder()
        if self._current is not None and project is not None and (project / self._current.name).is_dir():
            self.choose(project / self._current.name)
        else:
            self.changed.emit()

    def _restore(self) -> None:
        stored = self._session.store.setting(_SETTING) if self._session.store else None
        found = self.all()
        wanted = [f for f in found if stored in (self._stored(f), str(f))] if stored else []
        shipped = [f for f in found if f.name == DEFAULT_MODEL and f.parent == shipped_models_folder()]
        self._current = next(iter(wanted + shipped + found), None)
        self.changed.emit()

    def _stored(self, folder: Path) -> str:
        """Shipped and project models by name: program and project may be elsewhere tomorrow."""
        if folder.parent == shipped_models_folder():
            return f"shipped:{folder.name}"
        return f"project:{folder.name}" if folder.parent == self.project_models_folder() else str(folder)

    def _roots(self) -> list[Path]:
        project = self.project_models_folder()
        return [*([project] if project else []), user_folder() / "models", shipped_models_folder()]


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The wanted name if it is not taken, else one with a number: nuclei-1, nuclei-2, …"""
    if wanted not in taken:
        return wanted
    base = re.sub(r"-\d+$", "", wanted)
    number = 1
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
