"""Errors a person reads: one plain sentence that names the value and the remedy.

The sentence is kept as a template with its values, so that the window can translate the template
(`gui.translation`) while the command line prints the English text.
"""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Something the person can understand and act on; `str()` is the English sentence."""

    def __init__(self, template: str, **values: object) -> None:
        self.template = template
        self.values = values
        super().__init__(template.format(**values))


class ImageFileError(UserError):
    """An image file that cannot be read."""


class LabelFileError(UserError):
    """A mask file that cannot be read or does not fit its image."""


class FolderError(UserError):
    """A folder that is missing, empty or cannot be written."""


class ModelError(UserError):
    """A model folder that is missing something, foreign or corrupt."""


class ProjectError(UserError):
    """A project that cannot be opened or written."""


class PlaneSizeError(ProjectError):
    """A file's pixels are not as many as those that its labels were made for."""


class ClosedProjectError(ProjectError):
    """An answer that comes after its project was closed: nobody needs to hear of it."""


class DamagedProjectError(ProjectError):
    """A project whose database is damaged. `backup`: the file to open instead, if the person wants."""

    def __init__(self, template: str, *, folder: Path, backup: Path | None, **values: object) -> None:
        super().__init__(template, folder=folder, backup=backup, **values)
        self.folder = folder
        self.backup = backup


class ForeignMasksError(UserError):
    """Masks would replace files that this project did not write, or that were changed since."""


class TrainingDataError(UserError):
    """Images and masks that cannot teach the network."""


class SettingsError(UserError):
    """A setting outside its range, or a settings file that cannot be read."""
