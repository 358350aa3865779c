"""What goes wrong, in words and with a way out: the notice over the canvas and the line about saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from unet_studio.core.errors import ClosedProjectError, DamagedProjectError, UserError
from unet_studio.gui import theme
from unet_studio.gui.loaded_image import FileState, LoadedImage, MissingImageError
from unet_studio.gui.panels.notice import Notice, Remedy
from unet_studio.gui.session import Session
from unet_studio.gui.translation import error_text, tr


class Problems(QObject):
    """Tells errors once and offers what can be done."""

    saving_text = Signal(str)  # for the status bar; may be a link

    def __init__(self, session: Session, notice: Notice, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._notice, self._window = session, notice, window
        self._told_problem = self._saving_warning = self._image_warning = self._waiting_warning = ""
        session.said.connect(notice.say)
        session.warned.connect(self._warn)
        session.failed.connect(self.tell)
        session.saving.changed.connect(self.show_saving)

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do it; tell a UserError. True if it was done."""
        try:
            act()
        except UserError as error:
            self.tell(error)
            return False
        return True

    def tell(self, error: UserError) -> None:
        """Show an error with its remedies."""
        if isinstance(error, ClosedProjectError):
            return
        remedies = [self._elsewhere()] if self._session.saving.problem else []
        self._image_warning = error_text(error)  # Over when the next image is shown.
        if isinstance(error, MissingImageError):
            remedies = [Remedy(tr("window", "Show it…"), lambda: self._ask_where(error.image_id))]
        elif isinstance(error, DamagedProjectError) and error.backup is not None:
            remedies = [Remedy(tr("window", "Open the backup"), lambda: self._session.open_backup(error))]
        self._notice.warn(self._image_warning, remedies)

    def tried_again(self) -> None:
        """What failed last is begun anew: the warning is over."""
        self._notice.take_back(self._image_warning)

    def warn_of_waiting(self, count: int, accept_all: Callable[[], object]) -> None:
        """An image was checked while proposals wait on it: they would teach that there is nothing."""
        text = tr(
            "window",
            "Proposals that still wait on this checked image: {count}. Where they lie it teaches that there "
            "is nothing.",
        )
        self._waiting_warning = text.format(count=count)
        self._notice.warn(self._waiting_warning, [Remedy(tr("window", "Accept all"), accept_all)])

    def fewer_wait(self, count: int, accept_all: Callable[[], object]) -> None:
        """So many wait by now: a warning that is there says so, or goes."""
        was_warned = bool(self._waiting_warning) and self._waiting_warning in self._notice.text
        self.none_waits()
        if was_warned and count:
            self.warn_of_waiting(count, accept_all)

    def none_waits(self) -> None:
        """They were accepted or rejected, or the image is no longer checked."""
        self._notice.take_back(self._waiting_warning)

    def image_shown(self, image: LoadedImage) -> None:
        """Another image is there: the last one's problem is over; this one's file may have one."""
        self._notice.take_back(self._image_warning)
        self._notice.take_back(self._waiting_warning)
        if image.file_state is FileState.FOUND:
            text = tr("window", "{name} was moved: it was found at {path}. Its labels are kept.")
            self._notice.say(text.format(name=image.former_path.name, path=image.path))
            image.file_state = FileState.SAME  # Told once.
        elif image.file_state is FileState.ALTERED:
            text = tr(
                "window",
                "{name} is not the file its labels were drawn on: its contents changed. The labels are kept; "
                "look whether they still fit.",
            )
            confirm = Remedy(tr("window", "It is the right one"), self._session.confirm_file)
            locate = Remedy(tr("window", "Show the original…"), self._locate_shown)
            self._image_warning = text.format(name=image.path.name)
            self._notice.warn(self._image_warning, (confirm, locate))

    def show_saving(self) -> None:
        """What the status bar says, and once the full story if something cannot be written."""
        waiting, problem = self._session.saving.waiting, self._session.saving.problem
        if problem:
            text = tr("window", "NOT SAVED: {count} changes wait").format(count=waiting)
            self.saving_text.emit(f'<a href="why" style="color: {theme.BAD.name()}"><b>{text}</b></a>')
            if problem != self._told_problem:
                self.tell_not_saved()  # Once, not at every retry: whoever closed it has read it.
            self._told_problem = problem
            return
        self._told_problem = ""
        self._notice.take_back(self._saving_warning)
        if self._session.store is None:
            self.saving_text.emit("")
        else:
            self.saving_text.emit(tr("window", "Saving…") if waiting else tr("window", "All changes saved"))

    def tell_not_saved(self) -> None:
        """Why nothing is written, and what to do."""
        problem = self._session.saving.problem
        if not problem:
            return
        warning = tr(
            "window",
            "What you draw now is not on the disk ({reason}). It is kept in memory and tried again every 2 "
            "seconds: free some space, reconnect the drive, or go on in another folder.",
        )
        self._saving_warning = warning.format(reason=problem)
        self._notice.warn(self._saving_warning, (self._elsewhere(),))

    def give_up_changes(self) -> bool:
        """Ask what to do with changes that cannot be written; True: close without them."""
        text = tr(
            "window",
            "{count} changes could not be written ({reason}). They are in memory only.",
        ).format(
            count=self._session.saving.waiting,
            reason=self._session.saving.problem or tr("window", "the disk is slow"),
        )
        box = QMessageBox(QMessageBox.Icon.Warning, tr("window", "Close"), text, parent=self._window)
        roles = QMessageBox.ButtonRole
        elsewhere = box.addButton(tr("window", "Save in another folder…"), roles.AcceptRole)
        lose = box.addButton(tr("window", "Close and lose them"), roles.DestructiveRole)
        stay = box.addButton(tr("window", "Go on trying"), roles.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        if box.clickedButton() is elsewhere:
            self._ask_other_folder()
        if box.clickedButton() is not lose:
            return False
        self._session.abandon_project()
        return True

    def _warn(self, sentence: str) -> None:
        """A problem, unless a worse one stands there: that strokes are not saved."""
        if self._session.saving.problem:
            self._notice.say(sentence)
        else:
            self._notice.warn(sentence)

    def _locate_shown(self) -> None:
        if self._session.current is not None:
            self._ask_where(self._session.current.id)

    def _ask_where(self, image_id: int) -> None:
        """Let the person show the file of an image that was moved."""
        record = next((record for record in self._session.images() if record.id == image_id), None)
        if record is None:
            return
        title = tr("window", "Where is {name} now?").format(name=record.title)
        near = str(record.path.parent.parent)
        if record.path.suffix.lower() == ".zarr":  # A folder, as a rule.
            name = QFileDialog.getExistingDirectory(self._window, title, near)
        else:
            name, _ = QFileDialog.getOpenFileName(self._window, title, near)
        if name:
            self._session.locate_image(image_id, Path(name))

    def _elsewhere(self) -> Remedy:
        return Remedy(tr("window", "Another folder…"), self._ask_other_folder)

    def _ask_other_folder(self) -> None:
        title = tr("window", "Go on in which folder? The project is copied there.")
        name = QFileDialog.getExistingDirectory(self._window, title, str(Path.home()))
        if name:
            self._session.continue_in(Path(name))
        else:
            self.tell_not_saved()
