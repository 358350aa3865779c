"""Dialogs that ask for something and then start it: files to open, masks to export, a fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

import unet_studio
from unet_studio.core.errors import ForeignMasksError, UserError
from unet_studio.gui.actions import Actions
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.dialogs.command_palette import CommandPalette
from unet_studio.gui.dialogs.export_dialog import ExportDialog
from unet_studio.gui.dialogs.machine_dialog import MachineDialog
from unet_studio.gui.dialogs.shortcuts_dialog import ShortcutsDialog
from unet_studio.gui.exporting import Exported, export_masks, what_to_export
from unet_studio.gui.label_classes import name_shown
from unet_studio.gui.models import Models, free_name
from unet_studio.gui.panels.notice import Notice
from unet_studio.gui.problems import Problems
from unet_studio.gui.reviewing import Reviewing
from unet_studio.gui.session import Session
from unet_studio.gui.training import Training
from unet_studio.gui.translation import error_text, in_a_row, tr
from unet_studio.io.open_image import IMAGE_ENDINGS


class Asking(QObject):
    """One method for each command that ends in dots."""

    exported = Signal(object)  # the files

    def __init__(
        self,
        window: QWidget,
        session: Session,
        models: Models,
        problems: Problems,
        notice: Notice,
        pool: Pool,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._models = window, session, models
        self._problems, self._notice, self._pool = problems, notice, pool

    def open_images(self) -> None:
        """Choose image files."""
        pattern = " ".join(f"*{ending}" for ending in IMAGE_ENDINGS)
        kinds = f"{tr('window', 'Images')} ({pattern})"
        names, _ = QFileDialog.getOpenFileNames(self._window, tr("window", "Open images"), "", kinds)
        if names:
            self._session.open_paths([Path(name) for name in names])

    def open_folder(self) -> None:
        """Choose a folder of images."""
        self._open_directory(tr("window", "Open a folder of images"))

    def open_project(self) -> None:
        """Choose a project folder."""
        self._open_directory(tr("window", "Open a project (NAME.unetproject)"))

    def _open_directory(self, title: str) -> None:
        name = QFileDialog.getExistingDirectory(self._window, title)
        if name:
            self._session.open_paths([Path(name)])

    def train(self, training: Training, *, new: bool) -> None:
        """Settings of a training, then start it; without anything to learn from, say what is missing.

        `new`: begin with a new network instead of the current model; either can be chosen in the dialog.
        """
        if not self._problems.attempt(training.check):
            return
        # Only a person who trains pays for what the preview needs.
        from unet_studio.gui.dialogs.train_dialog import Start, TrainDialog
        from unet_studio.gui.dialogs.variation_preview import VariationPreview

        current = None if new else self._models.current
        models = self._models.all()
        self._models.look()  # For the next time: the folders may be on a slow share.
        taken = {folder.name for folder in models}
        dialog = TrainDialog(
            self._window,
            models=models,
            start=Start(model=current),
            new_name=lambda wanted: free_name(wanted, taken),
            checked=len(training.checked_images()),
            make_preview=lambda: VariationPreview(
                self._pool, training.preview_sample(), training.image_scale
            ),
        )
        is_wanted = dialog.exec()
        dialog.deleteLater()
        if is_wanted:
            self._problems.attempt(
                lambda: training.start(
                    dialog.config,
                    name=dialog.name,
                    model=dialog.start.model,
                    encoder_weights=dialog.encoder_weights,
                )
            )

    def export_masks(self) -> None:
        """Folder and formats, then write."""
        if self._session.store is None:
            return
        dialog = ExportDialog(self._window, folder=self._session.store.folder.parent / "masks")
        if dialog.exec():
            self.export(dialog.folder, dialog.formats, only_checked=dialog.only_checked)

    def export(
        self,
        folder: Path,
        formats: tuple[str, ...],
        *,
        only_checked: bool = False,
        replaces: bool = False,
    ) -> None:
        """Write the masks in the background and say how many. Before files that the project did not write are
        replaced it asks, unless `replaces` says that they may be."""
        store = self._session.store
        export = what_to_export(self._session, only_checked=only_checked)
        if store is None or not export.items:
            text = tr("window", "There are no masks to export yet: accept proposals or draw some.")
            self._notice.warn(text)
            return
        self._notice.say(tr("window", "Exporting…"))

        def done(exported: Exported) -> None:
            self._notice.say(in_a_row(_said_of(exported, folder)))
            self.exported.emit(exported.files)

        def failed(error: UserError) -> None:
            self._notice.say("")
            if not isinstance(error, ForeignMasksError):
                self._session.failed.emit(error)
            elif self._whether_to_replace(error):
                self.export(folder, formats, only_checked=only_checked, replaces=True)
            else:
                self._notice.say(tr("window", "Nothing was exported: the masks are as they were."))

        self._pool.submit(
            lambda: export_masks(store, export, folder, formats, replaces=replaces),
            done,
            failed,
            must_end=True,
        )

    def _whether_to_replace(self, error: ForeignMasksError) -> bool:
        """True: write over masks that somebody else made."""
        question = QMessageBox(self._window)
        question.setIcon(QMessageBox.Icon.Warning)
        question.setWindowTitle(tr("export", "Export masks"))
        question.setText(error_text(error))
        replace = question.addButton(tr("export", "Replace them"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(question.addButton(QMessageBox.StandardButton.Cancel))
        question.exec()
        return question.clickedButton() is replace

    def proposals_of_class(self, reviewing: Reviewing, act: Callable[[int], None]) -> None:
        """Of which class; with one class waiting there is nothing to ask."""
        waiting = reviewing.classes_waiting()
        if not waiting:
            self._notice.say(tr("window", "No proposal waits on this image."))
            return
        chosen = waiting[0]
        if len(waiting) > 1:
            names = [name_shown(self._session.class_table.get(index)) for index in waiting]
            title, question = tr("window", "Proposals of a class"), tr("window", "Which class?")
            name, is_chosen = QInputDialog.getItem(self._window, title, question, names, 0, False)
            if not is_chosen:
                return
            chosen = waiting[names.index(name)]
        act(chosen)

    def find_command(self, actions: Actions) -> None:
        """The palette; what is chosen runs when it is closed."""
        palette = CommandPalette(self._window, actions)
        if palette.exec():
            actions[palette.chosen].trigger()

    def shortcuts(self, actions: Actions) -> None:
        """The table of all keys."""
        ShortcutsDialog(self._window, actions).exec()

    def about(self) -> None:
        """What this program is."""
        text = tr(
            "window",
            "U-Net Studio {version}\n\nProposes masks of cells with a U-Net (Ronneberger, Fischer, Brox "
            "2015), learns from your corrections, exports masks. BSD-3-Clause.",
        )
        title = tr("window", "About U-Net Studio")
        QMessageBox.about(self._window, title, text.format(version=unet_studio.__version__))

    def machine(self) -> None:
        """What computes here, and why."""
        MachineDialog(self._window, self._pool).exec()

    def whether_to_give_up_training(self) -> bool:
        """True: close although a fine-tuning runs."""
        buttons = QMessageBox.StandardButton
        question = tr(
            "window", "A training is running. Close and interrupt it? Train ▸ Resume can go on with it."
        )
        answer = QMessageBox.question(
            self._window, tr("window", "Close"), question, buttons.Yes | buttons.No, buttons.No
        )
        return answer == buttons.Yes


def _said_of(exported: Exported, folder: Path) -> Iterator[str]:
    """What was written, and what a person may miss in it."""
    text = tr("window", "Masks written to {folder}: {count}.")
    yield text.format(count=len(exported.files), folder=folder)
    if exported.images_without:
        text = tr("window", "Images without a mask there: {count}.")
        yield text.format(count=exported.images_without)
    if exported.masks_of_before:
        text = tr("window", "Masks of such images that an earlier export wrote are still there: {count}.")
        yield text.format(count=exported.masks_of_before)
    if exported.proposals_waiting:
        text = tr(
            "window",
            "Proposals that wait are in no mask: {count} (images: {images}). Accept them, then export again.",
        )
        yield text.format(count=exported.proposals_waiting, images=exported.images_waiting)
