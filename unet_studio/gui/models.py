"""The models a person can choose from, and the one that proposes now."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from unet_studio.core.errors import ModelError, UserError
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.session import Session
from unet_studio.gui.translation import tr
from unet_studio.io.model_folder import METRICS_NAME, ModelConfig, copy_model, list_models, read_model_config
from unet_studio.settings.locations import DEFAULT_MODEL, shipped_models_folder, user_folder

_SETTING = "model"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model folder and what its files say; `config` is None for one that cannot be used: `problem` says
    why. `scores`: of its validation images, where they are known."""

    folder: Path
    config: ModelConfig | None
    scores: Mapping[str, Any] | None
    problem: ModelError | None = None


class Models(QObject):
    """Project models, the person's own, the shipped ones; the choice is remembered in the project.

    Folders are looked into in a worker: a project may be on a share that does not answer.
    """

    changed = Signal()
    said = Signal(str)
    failed = Signal(object)  # UserError

    def __init__(self, session: Session, pool: Pool) -> None:
        super().__init__(session)
        self._session, self._pool = session, pool
        # The program's own are there at once.
        self._known = {known.folder: known for known in _look_into([shipped_models_folder()])}
        self._current: Path | None = None
        self._looks = 0
        session.project_changed.connect(self._restore)
        session.project_moved.connect(self._restore)
        self._restore()

    @property
    def current(self) -> Path | None:
        """The model folder that proposes; None if there is no model at all."""
        return self._current

    def all(self) -> list[Path]:
        """Every model folder that is known: this project's first, the newest on top."""
        return list(self._known)

    def known(self, folder: Path) -> KnownModel | None:
        """What is known of a model; None before it has been looked into."""
        return self._known.get(folder)

    def choose(self, folder: Path) -> None:
        """Use this model from now on."""
        self._current = folder
        if self._session.store is not None:
            self._session.store.record_setting(_SETTING, self._stored(folder))
        self.changed.emit()
        if folder not in self._known:
            self.look()

    def adopt(self, folder: Path) -> None:
        """Use a model that was made for the open project. If the project was continued in another folder
        meanwhile, the model follows it there."""
        root = self.project_models_folder()
        if root is None or folder.parent == root:
            self.choose(folder)
        else:
            self._pool.submit(lambda: _follow(folder, root), self.choose, self.failed.emit, must_end=True)

    @property
    def is_the_projects(self) -> bool:
        """True if the current model is the open project's: others do not know it."""
        return self._current is not None and self._current.parent == self.project_models_folder()

    def keep_for_all(self) -> None:
        """Copy the project's current model to where every project finds it."""
        folder, root = self._current, user_folder() / "models"
        if folder is None or not self.is_the_projects:
            return

        def kept(name: str) -> None:
            self.look()
            text = tr("model", "Every project can choose the model {name} now. A copy is in {folder}.")
            self.said.emit(text.format(name=name, folder=root))

        self._pool.submit(lambda: _keep(folder, root), kept, self.failed.emit, must_end=True)

    def project_models_folder(self) -> Path | None:
        """Where fine-tuned models of the open project go."""
        return self._session.store.folder / "models" if self._session.store else None

    def _restore(self) -> None:
        """Another project: the model it used, its other models as soon as they have been found."""
        shipped = shipped_models_folder()
        self._known = {folder: known for folder, known in self._known.items() if folder.parent == shipped}
        self._current = self._remembered() or self._usual()
        self.changed.emit()
        self.look()

    def _remembered(self) -> Path | None:
        """The model that the project names, whether it is there or not."""
        stored = self._session.store.setting(_SETTING) if self._session.store else None
        project = self.project_models_folder()
        if not stored or project is None:
            return None
        where, _, name = stored.partition(":")
        if where == "shipped":
            return shipped_models_folder() / name
        return project / name if where == "project" else Path(stored)

    def _usual(self) -> Path | None:
        usual = shipped_models_folder() / DEFAULT_MODEL
        return usual if usual in self._known else next(iter(self._known), None)

    def look(self) -> None:
        """Look for models that came or went meanwhile, made by another program for instance."""
        roots = self._roots()
        self._looks += 1
        this_look = self._looks

        def found(known: list[KnownModel]) -> None:
            if this_look == self._looks:  # Else there is another project, or another model, meanwhile.
                self._learn(known)

        def failed(_: UserError) -> None:
            pass  # A drive that is lost: whoever proposes is told. What was known stays known.

        self._pool.submit(lambda: _look_into(roots), found, failed)

    def _learn(self, known: list[KnownModel]) -> None:
        self._known = {model.folder: model for model in known}
        if self._current not in self._known:
            self._current = self._usual()
        self.changed.emit()

    def _stored(self, folder: Path) -> str:
        """Shipped and project models by name: program and project may be elsewhere tomorrow."""
        if folder.parent == shipped_models_folder():
            return f"shipped:{folder.name}"
        return f"project:{folder.name}" if folder.parent == self.project_models_folder() else str(folder)

    def _roots(self) -> list[Path]:
        project = self.project_models_folder()
        return [*([project] if project else []), user_folder() / "models", shipped_models_folder()]


def _keep(folder: Path, root: Path) -> str:
    """Copy a model, unless it is there; the name of the copy."""
    weights = read_model_config(folder).weights_sha256
    there = {known.folder.name: known.config for known in _look_into([root])}
    for name, config in there.items():
        if config is not None and config.weights_sha256 == weights:
            return name
    return copy_model(folder, root / free_name(folder.name, there)).name


def _follow(folder: Path, root: Path) -> Path:
    target = root / free_name(folder.name, {other.name for other in list_models(root)})
    copy_model(folder, target)
    return target


def _look_into(roots: Sequence[Path]) -> list[KnownModel]:
    return [_read(folder) for folder in list_models(*roots)]


def _read(folder: Path) -> KnownModel:
    try:
        config = read_model_config(folder)
    except ModelError as error:
        return KnownModel(folder, None, None, error)
    try:
        metrics = msgspec.json.decode((folder / METRICS_NAME).read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        return KnownModel(folder, config, None)
    scores = metrics.get("validation")
    return KnownModel(folder, config, scores if isinstance(scores, dict) else None)


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The wanted name if it is not taken, else one with a number: nuclei-1, nuclei-2, …"""
    if wanted not in taken:
        return wanted
    base = re.sub(r"-\d+$", "", wanted)
    number = 1
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
