"""The main window: puts the pieces together. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QGridLayout,
    QLabel,
    QMainWindow,
    QMessageBox,
    QScrollArea,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

import unet_studio
from unet_studio.core.document import Change, ChangeKind
from unet_studio.core.errors import ClosedProjectError, DamagedProjectError, UserError
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.gui import theme
from unet_studio.gui.actions import TABLE, Actions
from unet_studio.gui.background.engine_thread import EngineThread
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.dialogs.export_dialog import ExportDialog
from unet_studio.gui.dialogs.fine_tune_dialog import FineTuneDialog
from unet_studio.gui.exporting import export_masks, items_to_export
from unet_studio.gui.fine_tuning import FineTuning
from unet_studio.gui.loaded_image import FileState, LoadedImage, MissingImageError
from unet_studio.gui.models import Models
from unet_studio.gui.panels.brush_panel import BrushPanel
from unet_studio.gui.panels.history_panel import HistoryPanel
from unet_studio.gui.panels.images_panel import ImagesPanel
from unet_studio.gui.panels.job_bar import JobBar
from unet_studio.gui.panels.model_panel import ModelPanel
from unet_studio.gui.panels.notice import Notice, Remedy
from unet_studio.gui.panels.past_bar import PastBar
from unet_studio.gui.panels.training_panel import TrainingPanel
from unet_studio.gui.proposing import Proposing
from unet_studio.gui.session import Session
from unet_studio.gui.time_travel import TimeTravel
from unet_studio.gui.tools.pick_tool import PickTool
from unet_studio.gui.tools.stroke_tool import BrushTool, EraserTool
from unet_studio.gui.tools.tool import BrushSettings, Tool
from unet_studio.gui.translation import error_text, mark, tr
from unet_studio.io.open_image import IMAGE_ENDINGS
from unet_studio.settings.training import TrainConfig

_MENUS = (
    (
        mark("menus", "File"),
        ("file.open_images", "file.open_folder", "file.open_project", "", "file.export", "", "file.quit"),
    ),
    (
        mark("menus", "Edit"),
        ("edit.undo", "edit.redo", "", "edit.new_instance", "edit.delete", "", "edit.checked"),
    ),
    (
        mark("menus", "Tools"),
        ("tool.pick", "tool.brush", "tool.eraser", "", "tool.smaller", "tool.larger"),
    ),
    (
        mark("menus", "Propose"),
        ("propose.run", "propose.stop", "", "propose.accept_all", "propose.accept"),
    ),
    (mark("menus", "Train"), ("train.fine_tune", "", "train.stop", "train.cancel")),
    (
        mark("menus", "View"),
        (
            "view.fit", "view.actual", "view.zoom_in", "view.zoom_out", "", "view.labels", "",
            "view.previous", "view.next", "", "view.history",
        ),
    ),
    (mark("menus", "Help"), ("help.shortcuts", "help.about")),
)  # fmt: skip
_TOOLBAR = (
    "file.open_folder", "", "edit.undo", "edit.redo", "", "tool.pick", "tool.brush", "tool.eraser",
    "edit.new_instance", "edit.delete", "", "propose.run", "propose.stop", "propose.accept_all",
    "propose.accept", "", "edit.checked", "train.fine_tune", "file.export", "", "view.fit",
)  # fmt: skip
_TEXT_BESIDE_ICON = ("propose.run", "propose.accept_all", "edit.checked", "train.fine_tune", "file.export")
_ZOOM_STEP = 1.5
_COMFORTABLE = QSize(1400, 860)


class MainWindow(QMainWindow):
    """Canvas in the middle, images on the left, brush, model and training on the right."""

    exported = Signal(object)  # the files

    def __init__(self, pool: Pool, proposer: EngineThread, trainer: EngineThread) -> None:
        super().__init__()
        self._pool = pool
        self.session = Session(pool, self)
        self.models = Models(self.session)
        self.proposing = Proposing(self.session, self.models, proposer)
        self.fine_tuning = FineTuning(self.session, self.models, trainer)
        self.travel = TimeTravel(self.session, pool)
        self.brush = BrushSettings()
        self.canvas = CanvasView()
        self.notice = Notice()
        self.job_bar = JobBar()
        self.past_bar = PastBar(self.session, self.travel)
        self.images_panel = ImagesPanel(self.session)
        self.history_panel = HistoryPanel(self.session, self.travel, pool)
        self.brush_panel = BrushPanel(self.brush)
        self.model_panel = ModelPanel(self.models)
        self.training_panel = TrainingPanel()
        self.tools: dict[str, Tool] = {
            "tool.pick": PickTool(self.session.select_at),
            "tool.brush": BrushTool(self.brush, self.session.instance_for_stroke),
            "tool.eraser": EraserTool(self.brush),
        }
        self.tool: Tool = self.tools["tool.pick"]
        self._told_problem = self._saving_warning = self._image_warning = ""
        self.actions_by_id = Actions(self, self._handlers())
        self._lay_out()
        self._connect()
        self.use_tool("tool.pick")
        self.setAcceptDrops(True)
        self._show_image()
        self._resize_to_screen()

    def _resize_to_screen(self) -> None:
        """A comfortable size that a small laptop can show with its task bar."""
        available = self.screen().availableGeometry().size()
        frame = QSize(10, 40)
        self.resize(_COMFORTABLE.boundedTo(available - frame))

    # Building

    def _handlers(self) -> dict[str, Callable[..., object]]:
        session = self.session
        handlers: dict[str, Callable[..., object]] = {
            "file.open_images": self._ask_images,
            "file.open_folder": self._ask_folder,
            "file.open_project": self._ask_project,
            "file.export": self._ask_export,
            "file.quit": self.close,
            "edit.undo": session.undo,
            "edit.redo": session.redo,
            "edit.new_instance": self._new_instance,
            "edit.delete": session.delete_selected,
            "edit.checked": session.set_checked,
            "tool.smaller": lambda: self.brush_panel.step(-1),
            "tool.larger": lambda: self.brush_panel.step(1),
            "propose.run": lambda: self._try(self.proposing.propose),
            "propose.stop": self._escape,
            "propose.accept_all": lambda: self._try(session.accept_all),
            "propose.accept": lambda: self._try(session.accept_selected),
            "train.fine_tune": self._ask_fine_tune,
            "train.stop": self.fine_tuning.stop_keeping_best,
            "train.cancel": self.fine_tuning.cancel,
            "view.fit": self.canvas.fit,
            "view.actual": self.canvas.zoom_to_pixels,
            "view.zoom_in": lambda: self.canvas.zoom_by(_ZOOM_STEP),
            "view.zoom_out": lambda: self.canvas.zoom_by(1 / _ZOOM_STEP),
            "view.labels": self._show_labels,
            "view.previous": lambda: session.step_image(-1),
            "view.next": lambda: session.step_image(1),
            "view.history": self._show_history,
            "help.shortcuts": self._show_shortcuts,
            "help.about": self._show_about,
        }
        for tool_id in self.tools:
            handlers[tool_id] = lambda _=False, chosen=tool_id: self.use_tool(chosen)
        return handlers

    def _lay_out(self) -> None:
        centre = QWidget()
        cell = QGridLayout(centre)
        cell.setContentsMargins(0, 0, 0, 0)
        # All in one cell: a notice that comes and goes must not move the image under the hand.
        cell.addWidget(self.canvas, 0, 0)
        cell.addWidget(self.notice, 0, 0, Qt.AlignmentFlag.AlignTop)
        foot = QWidget()
        stacked = QVBoxLayout(foot)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.past_bar)
        stacked.addWidget(self.job_bar)
        cell.addWidget(foot, 0, 0, Qt.AlignmentFlag.AlignBottom)
        self.setCentralWidget(centre)
        left = QTabWidget()
        left.setDocumentMode(True)
        left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        left.tabBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        left.tabBar().setDrawBase(False)
        left.addTab(self.images_panel, tr("window", "Images"))
        left.addTab(self.history_panel, tr("window", "History"))
        self._left = left
        self._add_dock("images", "", left, Qt.DockWidgetArea.LeftDockWidgetArea)
        right = QWidget()
        stack = QVBoxLayout(right)
        stack.setContentsMargins(4, 4, 4, 4)
        for title, panel in (
            (tr("window", "Brush"), self.brush_panel),
            (tr("window", "Model"), self.model_panel),
            (tr("window", "Training"), self.training_panel),
        ):
            heading = QLabel(title)
            heading.setStyleSheet(
                f"font-weight: 600; color: {theme.FAINT_TEXT.name()}; padding: 4px 8px 0 8px;"
            )
            stack.addWidget(heading)
            stack.addWidget(panel)
        stack.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(right)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(270)
        self._add_dock("work", tr("window", "Work"), scroll, Qt.DockWidgetArea.RightDockWidgetArea)
        self._make_menus()
        self._make_toolbar()
        self._hint, self._hover, self._saved = QLabel(), QLabel(), QLabel()
        self._saved.linkActivated.connect(lambda _: self._tell_not_saved())
        self._hint.setMinimumWidth(1)  # May be cut: the window must fit a small screen.
        self._hover.setMinimumWidth(self.fontMetrics().horizontalAdvance("00000, 00000: 65535 65535 65535 "))
        self._saved.setMinimumWidth(self.fontMetrics().horizontalAdvance("All changes saved "))
        self.statusBar().addWidget(self._hint, 1)
        self.statusBar().addPermanentWidget(self._hover)
        self.statusBar().addPermanentWidget(self._saved)

    def _add_dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(widget)
        if title:
            dock.setFeatures(
                QDockWidget.DockWidgetFeature.DockWidgetMovable
                | QDockWidget.DockWidgetFeature.DockWidgetFloatable
            )
        else:
            dock.setTitleBarWidget(QWidget())  # Its tabs are its title.
        self.addDockWidget(area, dock)

    def _make_menus(self) -> None:
        for title, ids in _MENUS:
            menu = self.menuBar().addMenu(tr("menus", title))
            for action_id in ids:
                if action_id:
                    menu.addAction(self.actions_by_id[action_id])
                else:
                    menu.addSeparator()

    def _make_toolbar(self) -> None:
        toolbar = QToolBar(tr("window", "Tools"))
        toolbar.setObjectName("toolbar")
        toolbar.setMovable(False)
        toolbar.setIconSize(QSize(20, 20))
        for action_id in _TOOLBAR:
            if not action_id:
                toolbar.addSeparator()
                continue
            toolbar.addAction(self.actions_by_id[action_id])
            if action_id in _TEXT_BESIDE_ICON:
                button = toolbar.widgetForAction(self.actions_by_id[action_id])
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)  # type: ignore[attr-defined]
        self.addToolBar(toolbar)

    def _connect(self) -> None:
        tools = QActionGroup(self)
        for tool_id in self.tools:
            tools.addAction(self.actions_by_id[tool_id])
        self.actions_by_id["view.labels"].setChecked(True)
        session, canvas = self.session, self.canvas
        session.project_changed.connect(self._show_title)
        session.image_changed.connect(self._show_image)
        session.changed.connect(self._show_change)
        session.proposals_changed.connect(self._show_proposals)
        session.selection_changed.connect(self._show_selection)
        session.saving_changed.connect(self._show_saving)
        session.drawing_must_end.connect(self._finish_drawing)
        session.project_changed.connect(self.proposing.cancel)
        session.project_moved.connect(self._show_title)
        session.past_changed.connect(self._show_past)
        session.said.connect(self.notice.say)
        session.warned.connect(self._warn)
        session.project_moved.connect(self.models.project_moved)
        session.failed.connect(self._fail)
        self.travel.said.connect(self.notice.say)
        self.travel.failed.connect(self._fail)
        canvas.pressed.connect(self._press)
        canvas.moved.connect(self._move)
        canvas.released.connect(self._release)
        canvas.hovered.connect(self._show_hover)
        canvas.brush_steps.connect(self.brush_panel.step)
        self.brush_panel.changed.connect(canvas.tool_changed_size)
        self.images_panel.chosen.connect(session.show_image)
        self.job_bar.stop_asked.connect(self.proposing.cancel)
        proposing, training = self.proposing, self.fine_tuning
        proposing.started.connect(self.job_bar.begin)
        proposing.progressed.connect(self.job_bar.show_progress)
        proposing.ended.connect(self.job_bar.end)
        proposing.said.connect(self.notice.say)
        proposing.failed.connect(self._fail)
        training.started.connect(self.training_panel.begin)
        training.progressed.connect(self.training_panel.show_progress)
        training.point.connect(self.training_panel.add)
        training.said.connect(self._training_said)
        training.failed.connect(self._training_failed)
        self.training_panel.stop_asked.connect(training.stop_keeping_best)
        self.training_panel.cancel_asked.connect(training.cancel)
        for signal in (proposing.started, training.started):
            signal.connect(lambda _: self._enable_actions())
        for ended in (proposing.ended, training.ended):
            ended.connect(self._enable_actions)

    # Opening

    def open_paths(self, paths: list[Path]) -> None:
        """Open images, a folder or a project; a problem is shown, the open project stays."""
        self.session.open_paths(paths)

    def _ask_images(self) -> None:
        pattern = " ".join(f"*{ending}" for ending in IMAGE_ENDINGS)
        title = tr("window", "Open images")
        names, _ = QFileDialog.getOpenFileNames(self, title, "", f"{tr('window', 'Images')} ({pattern})")
        if names:
            self.open_paths([Path(name) for name in names])

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("window", "Open a folder of images"))
        if name:
            self.open_paths([Path(name)])

    def _ask_project(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("window", "Open a project (NAME.unetproject)"))
        if name:
            self.open_paths([Path(name)])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the window."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    # Tools

    def use_tool(self, tool_id: str) -> None:
        """Give the mouse to a tool."""
        self._abort_drawing()
        self.tool = self.tools[tool_id]
        self.actions_by_id[tool_id].setChecked(True)
        self._hand_over_mouse()

    def _hand_over_mouse(self) -> None:
        """The canvas gets the tool in use; in the past one can only choose, whatever the tool."""
        past = self.session.past is not None
        tool = self.tools["tool.pick"] if past else self.tool
        self.canvas.set_tool(tool)
        text = tr("window", "The past: click an instance to choose it. Esc returns to now.")
        self._hint.setText(text if past else tool.hint)

    def _press(self, at: PixelPoint) -> None:
        document = self.session.document
        if self.session.past is not None:
            self.session.select_at(at)
        elif document is not None:
            self._try(lambda: self.session.publish(self.tool.press(at, document)))

    def _move(self, at: PixelPoint) -> None:
        self.session.publish(self.tool.move(at))

    def _release(self) -> None:
        self.session.publish(self.tool.release())

    def _abort_drawing(self) -> None:
        if self.canvas.is_drawing:
            self.session.publish(self.tool.abort())
            self.canvas.cancel_drawing()

    def _finish_drawing(self) -> None:
        """Something else comes on the canvas: what was drawn so far is the stroke."""
        if self.canvas.is_drawing:
            self.canvas.cancel_drawing()
            self._release()

    def _escape(self) -> None:
        if self.canvas.is_drawing:
            self._abort_drawing()
        elif self.session.past is not None:
            self.travel.return_to_now()
        elif self.proposing.is_busy:
            self.proposing.cancel()
        else:
            self.session.select()

    def _new_instance(self) -> None:
        self.session.new_instance()
        self.use_tool("tool.brush")

    def _show_labels(self, shown: bool) -> None:
        self.canvas.layer.visible = shown
        self.canvas.refresh()

    # Asking

    def _ask_fine_tune(self) -> None:
        checked = len(self.fine_tuning.checked_images())
        current = self.models.current
        if not checked or current is None:
            self._try(lambda: self.fine_tuning.start(TrainConfig(), name=""))  # Says what is missing.
            return
        dialog = FineTuneDialog(
            self,
            base=current.name,
            name=self.models.new_name(),
            checked=checked,
            taken_names={folder.name for folder in self.models.all()},
        )
        if dialog.exec():
            self._try(lambda: self.fine_tuning.start(dialog.config, name=dialog.name))

    def _ask_export(self) -> None:
        if self.session.store is None:
            return
        dialog = ExportDialog(self, folder=self.session.store.folder.parent / "masks")
        if dialog.exec():
            self.export(dialog.folder, dialog.formats, only_checked=dialog.only_checked)

    def export(self, folder: Path, formats: tuple[str, ...], *, only_checked: bool = False) -> None:
        """Write the masks in the background and say how many."""
        store = self.session.store
        items = items_to_export(self.session, only_checked=only_checked)
        if store is None or not items:
            self.notice.warn(tr("window", "There are no masks to export yet: accept proposals or draw some."))
            return
        self.notice.say(tr("window", "Exporting…"))

        def done(files: list[Path]) -> None:
            text = tr("window", "Masks written to {folder}: {count}.")
            self.notice.say(text.format(count=len(files), folder=folder))
            self.exported.emit(files)

        self._pool.submit(lambda: export_masks(store, items, folder, formats), done, self.session.failed.emit)

    def _show_shortcuts(self) -> None:
        rows = [
            (tr("actions", row.text).rstrip("…"), ", ".join(
                key.toString(QKeySequence.SequenceFormat.NativeText)
                for key in self.actions_by_id[row.id].shortcuts()
            ))
            for row in TABLE
            if row.keys
        ]  # fmt: skip
        rows += [
            (tr("window", "Brush size"), tr("window", "Wheel")),
            (tr("window", "Zoom at the pointer"), tr("window", "Ctrl+Wheel")),
            (tr("window", "Pan"), tr("window", "Space+drag, middle drag")),
        ]
        half = (len(rows) + 1) // 2
        cells = [
            f"<td>{a[0]}&nbsp;&nbsp;</td><td><b>{a[1]}</b></td><td width=30></td>"
            + (f"<td>{b[0]}&nbsp;&nbsp;</td><td><b>{b[1]}</b></td>" if b else "")
            for a, b in zip(rows[:half], [*rows[half:], None][:half], strict=True)
        ]
        box = QMessageBox(self)
        box.setWindowTitle(tr("actions", "Keyboard shortcuts"))
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText("<table cellpadding=3>" + "".join(f"<tr>{c}</tr>" for c in cells) + "</table>")
        box.exec()

    def _show_about(self) -> None:
        text = tr(
            "window",
            "U-Net Studio {version}\n\nProposes masks of cells with a U-Net (Ronneberger, Fischer, Brox "
            "2015), learns from your corrections, exports masks. BSD-3-Clause.",
        )
        QMessageBox.about(
            self, tr("actions", "About U-Net Studio"), text.format(version=unet_studio.__version__)
        )

    # Showing

    def _show_title(self) -> None:
        store = self.session.store
        self.setWindowTitle(f"{store.name} – U-Net Studio" if store else "U-Net Studio")

    def _show_image(self) -> None:
        image, layer = self.session.current, self.canvas.layer
        layer.labels = image.document.labels if image else None
        if image is not None:
            self.canvas.set_plane(image.display, image.document.bounds)
            self.canvas.setFocus()
        else:
            self.canvas.set_plane(None, Rect(0, 0, 0, 0))
        self.canvas.set_empty_text(
            tr("window", "Drop images or a folder here, or open one: Ctrl+Shift+O")
            if not self.session.images()
            else ""
        )
        self._show_title()
        self._show_proposals()
        self._show_checked()
        self._show_saving()
        self._show_hover(None)
        if image is not None:
            self.notice.take_back(self._image_warning)
            self._tell_of_file(image)

    def _tell_of_file(self, image: LoadedImage) -> None:
        if image.file_state is FileState.FOUND:
            text = tr("window", "{name} was moved: it was found at {path}. Its labels are kept.")
            self.notice.say(text.format(name=image.former_path.name, path=image.path))
            image.file_state = FileState.SAME  # Told once.
        elif image.file_state is FileState.ALTERED:
            text = tr(
                "window",
                "{name} is not the file its labels were drawn on: its contents changed. The labels are kept; "
                "look whether they still fit.",
            )
            confirm = Remedy(tr("window", "It is the right one"), self.session.confirm_file)
            locate = Remedy(tr("window", "Show the original…"), self._locate_shown)
            self._image_warning = text.format(name=image.path.name)
            self.notice.warn(self._image_warning, (confirm, locate))

    def _locate_shown(self) -> None:
        if self.session.current is not None:
            self._ask_where(self.session.current.id)

    def _ask_where(self, image_id: int) -> None:
        """Let the person show the file of an image that was moved."""
        record = next((record for record in self.session.images() if record.id == image_id), None)
        if record is None:
            return
        title = tr("window", "Where is {name} now?").format(name=record.path.name)
        name, _ = QFileDialog.getOpenFileName(self, title, str(record.path.parent.parent))
        if name:
            self.session.locate_image(image_id, Path(name))

    def _show_history(self) -> None:
        self._left.setCurrentWidget(self.history_panel)

    def _show_past(self) -> None:
        past, layer, document = self.session.past, self.canvas.layer, self.session.document
        layer.labels = past.labels if past else document.labels if document else None
        self._hand_over_mouse()
        self._show_proposals()

    def _show_change(self, change: Change) -> None:
        if change.kind & ChangeKind.CHECKED:
            self._show_checked()
        if change.kind & ChangeKind.PIXELS:
            self.canvas.refresh(change.rect)
        if change.edit is not None:
            self._enable_actions()

    def _show_proposals(self) -> None:
        image, layer = self.session.current, self.canvas.layer
        layer.proposals = image.proposals if image and self.session.past is None else None
        layer.open_proposals = self.session.open_proposal_mask()
        self.canvas.refresh()
        self._enable_actions()

    def _show_selection(self) -> None:
        self.canvas.layer.selected_instance = self.session.selected_instance
        self.canvas.layer.selected_proposal = self.session.selected_proposal
        self.canvas.refresh()
        self._enable_actions()

    def _show_checked(self) -> None:
        document = self.session.document
        self.actions_by_id["edit.checked"].setChecked(document is not None and document.is_checked)

    def _show_saving(self) -> None:
        waiting, problem = self.session.unsaved, self.session.saving_problem
        if problem:
            text = tr("window", "NOT SAVED: {count} changes wait").format(count=waiting)
            self._saved.setText(f'<a href="why" style="color: {theme.BAD.name()}"><b>{text}</b></a>')
            if problem != self._told_problem:
                self._tell_not_saved()  # Once, not at every retry: whoever closed it has read it.
            self._told_problem = problem
            return
        self._told_problem = ""
        self.notice.take_back(self._saving_warning)
        if self.session.store is None:
            self._saved.setText("")
        else:
            self._saved.setText(tr("window", "Saving…") if waiting else tr("window", "All changes saved"))

    def _tell_not_saved(self) -> None:
        problem = self.session.saving_problem
        if not problem:
            return
        warning = tr(
            "window",
            "What you draw now is not on the disk ({reason}). It is kept in memory and tried again every 2 "
            "seconds: free some space, reconnect the drive, or go on in another folder.",
        )
        self._saving_warning = warning.format(reason=problem)
        self.notice.warn(self._saving_warning, (self._elsewhere(),))

    def _elsewhere(self) -> Remedy:
        return Remedy(tr("window", "Another folder…"), self._ask_other_folder)

    def _ask_other_folder(self) -> None:
        title = tr("window", "Go on in which folder? The project is copied there.")
        name = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if name:
            self.session.continue_in(Path(name))
        else:
            self._tell_not_saved()

    def _show_hover(self, at: PixelPoint | None) -> None:
        image = self.session.current
        if at is None or image is None:
            self._hover.setText(image.shape_text if image else "")
            return
        y, x = int(at.y), int(at.x)
        values = " ".join(f"{value:g}" for value in image.plane[y, x].tolist())
        self._hover.setText(f"{x}, {y}: {values}")

    def _enable_actions(self) -> None:
        session, document, actions = self.session, self.session.document, self.actions_by_id
        has_image = document is not None and session.past is None
        waiting = has_image and bool(self.canvas.layer.open_proposals.any())
        busy, training = self.proposing.is_busy, self.fine_tuning.is_busy
        undo = document.history.undo_name if document and has_image else None
        redo = document.history.redo_name if document and has_image else None
        enabled = {
            "file.export": session.store is not None,
            "edit.undo": undo is not None,
            "edit.redo": redo is not None,
            "edit.new_instance": has_image,
            "edit.delete": has_image and bool(session.selected_instance or session.selected_proposal),
            "edit.checked": has_image,
            "propose.run": has_image and not busy,
            "propose.stop": True,
            "propose.accept_all": waiting,
            "propose.accept": has_image and bool(session.selected_proposal),
            "train.fine_tune": session.store is not None and not training,
            "train.stop": training,
            "train.cancel": training,
        }
        for action_id, on in enabled.items():
            actions[action_id].setEnabled(on)
        actions["edit.undo"].setText(_with_name(tr("actions", "Undo"), undo))
        actions["edit.redo"].setText(_with_name(tr("actions", "Redo"), redo))

    # Problems

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except UserError as error:
            self._fail(error)

    def _warn(self, sentence: str) -> None:
        """A problem, unless a worse one stands there: that strokes are not saved."""
        if self.session.saving_problem:
            self.notice.say(sentence)
        else:
            self.notice.warn(sentence)

    def _fail(self, error: UserError) -> None:
        if isinstance(error, ClosedProjectError):
            return
        remedies = [self._elsewhere()] if self.session.saving_problem else []
        self._image_warning = error_text(error)  # Over when the next image is shown.
        if isinstance(error, MissingImageError):
            remedies = [Remedy(tr("window", "Show it…"), lambda: self._ask_where(error.image_id))]
        elif isinstance(error, DamagedProjectError) and error.backup is not None:
            remedies = [Remedy(tr("window", "Open the backup"), lambda: self.session.open_backup(error))]
        self.notice.warn(self._image_warning, remedies)

    def _training_said(self, sentence: str) -> None:
        self.training_panel.end(sentence)
        self.notice.say(sentence)

    def _training_failed(self, error: UserError) -> None:
        self.training_panel.end(error_text(error))
        self._fail(error)

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """There is no Save: wait for the last commits; ask only if they cannot be written."""
        if self.fine_tuning.is_busy and not self._confirm(
            tr("window", "A fine-tuning is running. Close and give it up?")
        ):
            event.ignore()
            return
        if not self.session.close_project() and not self._give_up_changes():
            event.ignore()
            return
        event.accept()

    def _give_up_changes(self) -> bool:
        """Ask what to do with changes that cannot be written; True: close without them."""
        text = tr(
            "window",
            "{count} changes could not be written ({reason}). They are in memory only.",
        ).format(
            count=self.session.unsaved,
            reason=self.session.saving_problem or tr("window", "the disk is slow"),
        )
        box = QMessageBox(QMessageBox.Icon.Warning, tr("window", "Close"), text, parent=self)
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
        self.session.abandon_project()
        return True

    def _confirm(self, question: str) -> bool:
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self, tr("window", "Close"), question, buttons.Yes | buttons.No, buttons.No
        )
        return answer == buttons.Yes


def _with_name(verb: str, name: str | None) -> str:
    return f"{verb}: {tr('edits', name)}" if name else verb
