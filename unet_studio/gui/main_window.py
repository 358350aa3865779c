"""The main window: puts the pieces together and shows what the session says. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QKeyCombination, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QGridLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from unet_studio.core.document import Change, ChangeKind
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import Rect, tile_rect
from unet_studio.gui.actions import CLASS_TABLE, Actions
from unet_studio.gui.asking import Asking
from unet_studio.gui.background.engine_thread import EngineThread
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.canvas.contrast import Contrast
from unet_studio.gui.canvas.image_layer import Picture
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.contrast_keeper import ContrastKeeper
from unet_studio.gui.label_classes import LabelClasses
from unet_studio.gui.language import languages
from unet_studio.gui.menus import add_toolbars, fill_menus
from unet_studio.gui.models import Models
from unet_studio.gui.panels.classes_panel import ClassesPanel
from unet_studio.gui.panels.display_panel import DisplayPanel
from unet_studio.gui.panels.history_panel import HistoryPanel
from unet_studio.gui.panels.images_panel import ImagesPanel
from unet_studio.gui.panels.input_guards import KeepsKeys, PassesWheelOn
from unet_studio.gui.panels.instances_panel import InstancesPanel
from unet_studio.gui.panels.job_bar import JobBar
from unet_studio.gui.panels.model_panel import ModelPanel
from unet_studio.gui.panels.notice import Notice
from unet_studio.gui.panels.past_bar import PastBar
from unet_studio.gui.panels.plane_bar import PlaneBar
from unet_studio.gui.panels.repair_panel import RepairPanel
from unet_studio.gui.panels.section import Section
from unet_studio.gui.panels.tool_panel import ToolPanel
from unet_studio.gui.panels.training_panel import TrainingPanel
from unet_studio.gui.problems import Problems
from unet_studio.gui.projection import Projection
from unet_studio.gui.proposing import Proposing
from unet_studio.gui.repairs import Repairs
from unet_studio.gui.reviewing import Reviewing
from unet_studio.gui.rewriting import Rewriting
from unet_studio.gui.session import Session
from unet_studio.gui.stacks import Stacks
from unet_studio.gui.time_travel import TimeTravel
from unet_studio.gui.tool_box import ToolBox
from unet_studio.gui.tools.tool import ToolSettings, Touch
from unet_studio.gui.training import Training
from unet_studio.gui.translation import error_text, tr

_ZOOM_STEP = 1.5
_FEW_TILES = 8
_SPARSE = 3
_HOVER_MS = 40
_WRITING_MS = 100
"""How often is looked whether files have been written that the window waits for."""
_COMFORTABLE = QSize(1400, 860)
_MOST_CLASSES_SHOWN = 256


class MainWindow(QMainWindow):
    """Canvas in the middle, images on the left, tools, looks, model and training on the right."""

    language_wanted = Signal(str)

    def __init__(self, pool: Pool, proposer: EngineThread, trainer: EngineThread) -> None:
        super().__init__()
        self.session = session = Session(pool, self)
        self.models = Models(session, pool)
        self.classes = LabelClasses(session)
        self.proposing = Proposing(session, self.models, self.classes, proposer, pool)
        self.training = Training(session, self.models, trainer)
        self.travel = TimeTravel(session, pool)
        self.reviewing = Reviewing(session)
        self.stacks = Stacks(session, pool)
        self.settings = ToolSettings()
        self.rewriting = Rewriting(session, pool)
        self.repairs = Repairs(session, self.settings, self.rewriting)
        self.canvas = CanvasView()
        self.tool_box = ToolBox(session, self.canvas, self.settings, self.reviewing, self.rewriting, pool)
        self.notice = Notice()
        self.problems = Problems(session, self.notice, self)
        self.asking = Asking(self, session, self.models, self.problems, self.notice, pool)
        self.actions_by_id = Actions(self, self._handlers())
        self.job_bar = JobBar()
        self.past_bar = PastBar(session, self.travel)
        self.plane_bar = PlaneBar(session, self.stacks, self.actions_by_id["view.projection"])
        self.projection = Projection(session, pool)
        self.images_panel = ImagesPanel(session, pool)
        self.instances_panel = InstancesPanel(session, self.classes)
        self.history_panel = HistoryPanel(session, self.travel, pool)
        self.tool_panel = ToolPanel(self.settings)
        self.repair_panel = RepairPanel(self.repairs, self.settings, self.actions_by_id)
        self.classes_panel = ClassesPanel(self.classes)
        self.display_panel = DisplayPanel(self.actions_by_id)
        self.contrast = ContrastKeeper(session, self.display_panel, self.canvas)
        self.model_panel = ModelPanel(self.models, session)
        self.training_panel = TrainingPanel()
        self._pool = pool
        self._waits_to_close = False
        self._enabled_for: tuple[object, ...] = ()
        self._hiding_key: Qt.Key | None = None
        self._lay_out()
        self._connect()
        self.use_tool("tool.pick")
        self._touch: Touch | None = None
        self._hover_timer = QTimer(self)
        self._hover_timer.setSingleShot(True)
        self._hover_timer.timeout.connect(lambda: self._show_hover(self._touch))
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
        session, asking, repairs, reviewing = self.session, self.asking, self.repairs, self.reviewing
        attempt = self.problems.attempt
        handlers: dict[str, Callable[..., object]] = {
            "file.open_images": asking.open_images,
            "file.open_folder": asking.open_folder,
            "file.open_project": asking.open_project,
            "file.export": asking.export_masks,
            "file.quit": self.close,
            "edit.undo": self._undo,
            "edit.redo": session.redo,
            "edit.new_instance": self._new_instance,
            "edit.delete": session.delete_selected,
            "edit.step_back": self.tool_box.step_back,
            "edit.checked": self._set_checked,
            "tool.smaller": lambda: self.tool_panel.step(-1),
            "tool.larger": lambda: self.tool_panel.step(1),
            "repair.fill_holes": self._fill_holes,
            "repair.smooth": repairs.smooth,
            "repair.grow": repairs.grow,
            "repair.shrink": repairs.shrink,
            "repair.largest_piece": repairs.keep_largest_piece,
            "repair.cut_seams": repairs.cut_seams,
            "repair.delete_small": repairs.delete_small,
            "repair.delete_at_border": repairs.delete_at_border,
            "stack.previous": lambda: self.stacks.step_z(-1),
            "stack.next": lambda: self.stacks.step_z(1),
            "stack.earlier": lambda: self.stacks.step_t(-1),
            "stack.later": lambda: self.stacks.step_t(1),
            "stack.copy": self.stacks.copy_to_next,
            "stack.interpolate": self.stacks.interpolate_selected,
            "propose.run": lambda: attempt(lambda: self.proposing.propose(self.canvas.view_rect)),
            "propose.whole": lambda: attempt(lambda: self.proposing.propose_whole(self.canvas.view_rect)),
            "propose.all": lambda: attempt(self.proposing.propose_all),
            "propose.stop": self._escape,
            "propose.accept_all": lambda: attempt(session.accept_all),
            "propose.accept": self._enter,
            "propose.accept_next": lambda: attempt(reviewing.accept_and_go_on),
            "propose.reject_next": reviewing.reject_and_go_on,
            "propose.accept_class": lambda: attempt(
                lambda: asking.proposals_of_class(reviewing, reviewing.accept_class)
            ),
            "propose.reject_all": session.reject_all,
            "propose.reject_class": lambda: asking.proposals_of_class(reviewing, reviewing.reject_class),
            "train.fine_tune": lambda: asking.train(self.training, new=False),
            "train.new": lambda: asking.train(self.training, new=True),
            "train.resume": lambda: attempt(self.training.resume),
            "train.keep": self.models.keep_for_all,
            "train.stop": self.training.stop_keeping_best,
            "train.cancel": self.training.cancel,
            "view.fit": self.canvas.fit,
            "view.actual": self.canvas.zoom_to_pixels,
            "view.zoom_in": lambda: self.canvas.zoom_by(_ZOOM_STEP),
            "view.zoom_out": lambda: self.canvas.zoom_by(1 / _ZOOM_STEP),
            "view.selected": self._go_to_selected,
            "view.labels": self._show_labels,
            "view.outlines": lambda on: self._style(has_outline=on),
            "view.fill": lambda on: self._style(has_fill=on),
            "view.by_class": lambda on: self._style(by_class=on),
            "view.grid": self._show_grid,
            "view.projection": lambda on: self.projection.want(on),
            "view.invert": lambda _: self.contrast.invert(),
            "view.auto_contrast": lambda: self.contrast.auto(),
            "view.previous": lambda: self._step_image(-1),
            "view.next": lambda: self._step_image(1),
            "view.instances": lambda: self._left.setCurrentWidget(self.instances_panel),
            "view.history": lambda: self._left.setCurrentWidget(self.history_panel),
            "help.palette": lambda: asking.find_command(self.actions_by_id),
            "help.shortcuts": self._change_shortcuts,
            "help.machine": asking.machine,
            "help.about": asking.about,
        }
        for tool_id in self.tool_box.tools:
            handlers[tool_id] = lambda _=False, chosen=tool_id: self.use_tool(chosen)
        for place, row in enumerate(CLASS_TABLE, 1):
            handlers[row.id] = lambda _=False, chosen=place: self.classes.choose_nth(chosen)
        for language in languages():
            handlers[f"language.{language}"] = lambda _, chosen=language: self.language_wanted.emit(chosen)
        return handlers

    def _lay_out(self) -> None:
        self.setCentralWidget(self._centre())
        self._left = _tabs()
        self._left.addTab(self.images_panel, tr("window", "Images"))
        self._left.addTab(self.instances_panel, tr("window", "Instances"))
        self._left.addTab(self.history_panel, tr("window", "History"))
        self._add_dock("images", self._left, Qt.DockWidgetArea.LeftDockWidgetArea)
        self._add_dock("work", self._right_side(), Qt.DockWidgetArea.RightDockWidgetArea)
        fill_menus(self.menuBar(), self.actions_by_id)
        add_toolbars(self, self.actions_by_id)
        self._hint, self._hover, self._saved = QLabel(), QLabel(), QLabel()
        self._saved.linkActivated.connect(lambda _: self.problems.tell_not_saved())
        self._hint.setMinimumWidth(1)  # May be cut: the window must fit a small screen.
        self._hover.setMinimumWidth(self.fontMetrics().horizontalAdvance("00000, 00000: 65535 65535 65535 "))
        self._saved.setMinimumWidth(self.fontMetrics().horizontalAdvance("All changes saved "))
        self.statusBar().addWidget(self._hint, 1)
        self.statusBar().addPermanentWidget(self._hover)
        self.statusBar().addPermanentWidget(self._saved)

    def _centre(self) -> QWidget:
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
        cell.addWidget(self.plane_bar, 1, 0)
        return centre

    def _right_side(self) -> QWidget:
        right = QWidget()
        stack = QVBoxLayout(right)
        stack.setContentsMargins(0, 4, 0, 4)
        stack.setSpacing(2)
        for title, panel, is_open in (
            (tr("window", "Tool"), self.tool_panel, True),
            (tr("window", "Classes"), self.classes_panel, True),
            (tr("window", "Display"), self.display_panel, True),
            (tr("window", "Repair"), self.repair_panel, False),
            (tr("window", "Model"), self.model_panel, True),
        ):
            stack.addWidget(Section(title, panel, is_open=is_open))
        self._training_section = Section(tr("window", "Training"), self.training_panel)
        stack.addWidget(self._training_section)
        stack.addStretch(1)
        self._wheel_guard, self._key_guard = PassesWheelOn(self), KeepsKeys(self)
        self._wheel_guard.guard(right)
        for typed_in in (right, self.instances_panel):
            self._key_guard.guard(typed_in)
        # Who has chosen or typed goes on with the image.
        for box in right.findChildren(QComboBox):
            box.activated.connect(lambda _: self.canvas.setFocus())
        for number in right.findChildren(QAbstractSpinBox):
            number.editingFinished.connect(lambda one=number: self._typed(one))
        self.classes_panel.list.itemDelegate().closeEditor.connect(lambda *_: self._named())
        scroll = QScrollArea()
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(right)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(276)
        self._right_scroll = scroll
        return scroll

    def _typed(self, number: QAbstractSpinBox) -> None:
        if number.hasFocus():  # Return; else another field has been clicked.
            self.canvas.setFocus()

    def _named(self) -> None:
        focused = QApplication.focusWidget()
        if focused is None or self.classes_panel.isAncestorOf(focused):
            self.canvas.setFocus()

    def _add_dock(self, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget()
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setTitleBarWidget(QWidget())  # What is in it has titles of its own.
        self.addDockWidget(area, dock)

    def _connect(self) -> None:
        tools, spoken = QActionGroup(self), QActionGroup(self)
        for tool_id in self.tool_box.tools:
            tools.addAction(self.actions_by_id[tool_id])
        for language in languages():
            spoken.addAction(self.actions_by_id[f"language.{language}"])
        style = self.canvas.layer.style
        for action_id, is_on in (
            ("view.labels", True), ("view.outlines", style.has_outline), ("view.fill", style.has_fill),
            ("view.by_class", style.by_class), ("view.grid", self.canvas.has_grid),
        ):  # fmt: skip
            self.actions_by_id[action_id].setChecked(is_on)
        self.display_panel.show_opacity(style.opacity)
        self.display_panel.opacity_changed.connect(lambda opacity: self._style(opacity=opacity))
        self._connect_session()
        canvas = self.canvas
        canvas.hovered.connect(self._hovered)
        canvas.brush_steps.connect(self.tool_panel.step)
        canvas.key_turned.connect(self._key_turned)
        canvas.released.connect(self.tool_panel.show_values)
        self.tool_panel.changed.connect(canvas.show_tool)
        self.tool_box.hint_changed.connect(self._hint.setText)
        self.tool_box.chosen.connect(self.tool_panel.show_tool)
        self.tool_box.failed.connect(self.problems.tell)
        self.projection.made.connect(self._exchange_picture)
        self.projection.failed.connect(self.problems.tell)
        canvas.view_changed.connect(self._show_checked_part)
        canvas.unreadable.connect(self.problems.tell)
        self.problems.saving_text.connect(self._saved.setText)
        self.contrast.changed.connect(self._show_contrast)
        self.images_panel.chosen.connect(self.session.show_image)
        self.instances_panel.chosen.connect(self._go_to)
        self.reviewing.go_to.connect(canvas.bring_into_view)
        self._connect_jobs()

    def _connect_session(self) -> None:
        session = self.session
        session.project_changed.connect(self._show_title)
        session.closing.connect(self.proposing.cancel)
        session.project_changed.connect(self._forget_training)
        session.image_changed.connect(self.notice.image_changed)
        session.changed.connect(lambda _: self.notice.image_changed())
        session.project_moved.connect(self._show_title)
        session.image_changed.connect(self._show_image)
        session.glanced.connect(self._show_glance)
        session.changed.connect(self._show_change)
        session.proposals_changed.connect(self._show_proposals)
        session.proposals_joined.connect(self._show_joined)
        session.selection_changed.connect(self._show_selection)
        session.past_changed.connect(self._show_past)
        self.classes.changed.connect(self._show_classes)
        self.travel.said.connect(lambda text: self.notice.say(text, of_image=True))
        self.travel.failed.connect(self.problems.tell)

    def _connect_jobs(self) -> None:
        proposing, training = self.proposing, self.training
        self.job_bar.stop_asked.connect(proposing.cancel)
        proposing.started.connect(self.job_bar.begin)
        proposing.progressed.connect(self.job_bar.show_progress)
        proposing.ended.connect(self.job_bar.end)
        proposing.said.connect(lambda text: self.notice.say(text, of_image=True))
        proposing.summed_up.connect(self.notice.say)
        proposing.failed.connect(self.problems.tell)
        self.rewriting.started.connect(self.job_bar.begin_short)
        self.rewriting.ended.connect(self.job_bar.end_short)
        self.models.changed.connect(self._enable_actions)
        self.models.said.connect(self.notice.say)
        self.models.failed.connect(self.problems.tell)
        training.started.connect(self._training_began)
        training.progressed.connect(self.training_panel.show_progress)
        training.begun.connect(self.training_panel.show_begun)
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

    def show_language(self, language: str) -> None:
        """Which language is the window's, in the menu."""
        self.actions_by_id[f"language.{language}"].setChecked(True)

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

    # Commands

    def use_tool(self, tool_id: str) -> None:
        """Give the mouse to a tool."""
        self.tool_box.use(tool_id)
        self.actions_by_id[tool_id].setChecked(True)

    def _escape(self) -> None:
        if self.tool_box.is_drawing or self.tool_box.current.overlay is not None:
            self.tool_box.abort()
        elif self.session.past is not None:
            self.travel.return_to_now()
        elif self.proposing.is_busy:
            self.proposing.cancel()
        else:
            self.session.select()

    def _enter(self) -> None:
        if self.tool_box.current.is_busy:
            self.tool_box.finish()
        else:
            self.problems.attempt(self.session.accept_selected)

    def _undo(self) -> None:
        """While a tool waits for its next click: take back the last one."""
        if self.tool_box.current.is_busy:
            self.tool_box.step_back()
        else:
            self.session.undo()

    def _fill_holes(self) -> None:
        if not self.tool_box.fill_holes():
            self.repairs.fill_holes()

    def _new_instance(self) -> None:
        self.session.new_instance()
        if not self.tool_panel.draws(self.tool_box.current_id):
            self.use_tool("tool.brush")

    def _step_image(self, step: int) -> None:
        among = self.images_panel.shown_ids() if self.images_panel.only_unchecked.isChecked() else None
        self.session.step_image(step, among=among)

    def _go_to(self, instance_id: int) -> None:
        document = self.session.document
        self.session.select(instance=instance_id)
        if document is not None and self.session.past is None:
            self.canvas.bring_into_view(document.instance_rect(instance_id))
        self.canvas.setFocus()  # Its keys go on to work after a click in the table.

    def _go_to_selected(self) -> None:
        image, proposal = self.session.current, self.session.selected_proposal
        if proposal and image is not None and image.proposals is not None:
            self.canvas.bring_into_view(image.proposals.table[proposal].rect)
        elif self.session.selected_instance:
            self._go_to(self.session.selected_instance)

    def _key_turned(self, key: QKeyCombination | None, is_down: bool) -> None:
        """Keys that work while they are held; they end with the focus too."""
        if key is not None:
            # When it comes up other keys may be held with it than when it went down.
            if is_down and self.actions_by_id.held_by(QKeySequence(key)) == "view.labels":
                self._hiding_key = key.key()
            elif is_down or key.key() != self._hiding_key:
                return
        self._set_labels_visible(not is_down and self.actions_by_id["view.labels"].isChecked())

    # Showing

    def _show_title(self) -> None:
        store = self.session.store
        self.setWindowTitle(f"{store.name} – U-Net Studio" if store else "U-Net Studio")

    def _show_image(self) -> None:
        image, layer = self.session.current, self.canvas.layer
        bounds = image.document.bounds if image else Rect(0, 0, 0, 0)
        layer.show_labels(image.document.labels if image else None, bounds)
        if image is not None:
            self.contrast.image_shown(image)
            self.canvas.pixel_size_um = image.pixel_size_um
            self.canvas.set_plane(image.display, bounds, image.contrast)
            self.canvas.setFocus()
        else:
            self.canvas.pixel_size_um = None
            self.canvas.set_plane(None, bounds)
            self.display_panel.show_image(None, None)
        self.canvas.set_empty_text(
            tr("window", "Drop images or a folder here, or open one: Ctrl+Shift+O")
            if not self.session.images()
            else ""
        )
        self._show_title()
        self._show_classes()
        self._show_proposals()
        self._show_checked()
        self.problems.show_saving()
        self._show_hover(None)
        self.projection.show()
        if image is not None:
            self.problems.image_shown(image)

    def _show_glance(self, display: Picture, bounds: Rect) -> None:
        """A large image looks like this; it can be worked on when all of it is read."""
        self.canvas.layer.show_labels(None, bounds)
        self.canvas.set_plane(display, bounds)
        self.canvas.set_empty_text("")

    def _show_past(self) -> None:
        past, document = self.session.past, self.session.document
        labels = past.labels if past else document.labels if document else None
        self.canvas.layer.show_labels(labels, document.bounds if document else Rect(0, 0, 0, 0))
        self._show_classes()
        self._show_proposals()

    def _show_change(self, change: Change) -> None:
        if change.kind & ChangeKind.CHECKED:
            self._show_checked()
        if change.kind & ChangeKind.PIXELS:
            self.canvas.layer.forget(change.rect)
            for rect in _parts(change):
                self.canvas.refresh(rect)
        if change.edit is not None:
            if change.edit.rows and self.canvas.layer.style.by_class:
                self._show_classes()
            self._enable_actions()

    def _show_proposals(self) -> None:
        image = self.session.current
        shown = image.proposals if image and self.session.past is None else None
        bounds = image.document.bounds if image else Rect(0, 0, 0, 0)
        waiting = self.session.open_proposal_mask()
        self.problems.fewer_wait(int(waiting.sum()), self.session.accept_all)
        altered = self.canvas.layer.show_proposals(shown, bounds, waiting)
        if altered is None or shown is None:
            self.canvas.refresh()
        else:
            for proposal_id in altered:
                self.canvas.refresh(shown.table[proposal_id].rect)
        self._enable_actions()

    def _show_joined(self, rect: Rect) -> None:
        self.canvas.layer.proposals_joined(rect, self.session.open_proposal_mask())
        self.canvas.refresh(rect)
        self._enable_actions()

    def _show_selection(self) -> None:
        layer = self.canvas.layer
        before = layer.selected_instance, layer.selected_proposal
        layer.selected_instance = self.session.selected_instance
        layer.selected_proposal = self.session.selected_proposal
        for rect in (
            self._selection_rects(*before),
            self._selection_rects(layer.selected_instance, layer.selected_proposal),
        ):
            self.canvas.refresh(rect)
        self._enable_actions()

    def _selection_rects(self, instance: int, proposal: int) -> Rect | None:
        """What shows a selection; None: who knows, all."""
        image, past = self.session.current, self.session.past
        if image is None or past is not None:
            return None
        rect = Rect(0, 0, 0, 0)
        document = image.document
        if instance and len(document.instances.tiles_of(instance)) <= _FEW_TILES:
            rect = document.instance_rect(instance)
        elif instance:
            for index in document.instances.tiles_of(instance):
                rect = rect.union(tile_rect(index))
        if proposal and image.proposals is not None and proposal in image.proposals.table:
            rect = rect.union(image.proposals.table[proposal].rect)
        return rect

    def _show_checked(self) -> None:
        image = self.session.current
        is_checked = image is not None and image.document.is_checked
        self.canvas.checked = ()
        if image is not None and image.plane is None:
            self.canvas.checked = image.document.checked.rects
            is_checked = image.document.checked.covers(self.canvas.view_rect)
        self.actions_by_id["edit.checked"].setChecked(is_checked)
        if not is_checked:
            self.problems.none_waits()
        self.canvas.update()

    def _show_checked_part(self) -> None:
        """Of a large image what is seen is checked or not."""
        if self.session.current is not None and self.session.current.plane is None:
            self._show_checked()

    def _exchange_picture(self, picture: Picture) -> None:
        self.session.shown_picture = picture
        self.canvas.exchange_picture(picture)

    def _show_classes(self) -> None:
        layer, past, document = self.canvas.layer, self.session.past, self.session.document
        colours = np.zeros((_MOST_CLASSES_SHOWN, 3), np.uint8)
        for index in range(1, _MOST_CLASSES_SHOWN):
            colours[index] = self.session.class_table.get(index).colour[::-1]
        layer.class_colours = colours
        table = past.instances if past is not None else document.instances if document is not None else ()
        layer.show_classes({row.id: row.class_index for row in table}, self.session.active_class)
        if layer.style.by_class:
            self.canvas.refresh()

    def _show_contrast(self, contrast: Contrast) -> None:
        self.actions_by_id["view.invert"].setChecked(contrast.is_inverted)

    def _style(self, **values: object) -> None:
        self.canvas.layer.style = replace(self.canvas.layer.style, **values)  # type: ignore[arg-type]
        self._show_classes()
        self.canvas.refresh()

    def _show_grid(self, is_shown: bool) -> None:
        self.canvas.has_grid = is_shown
        self.canvas.update()

    def _show_labels(self, is_shown: bool) -> None:
        self._set_labels_visible(is_shown)

    def _set_labels_visible(self, is_visible: bool) -> None:
        if self.canvas.layer.is_visible != is_visible:
            self.canvas.layer.is_visible = is_visible
            self.canvas.refresh()

    def _hovered(self, touch: Touch | None) -> None:
        """The eye needs no more than a few words a second, and the hand none while it draws."""
        self._touch = touch
        if not self._hover_timer.isActive():
            self._hover_timer.start(_HOVER_MS)

    def _show_hover(self, touch: Touch | None) -> None:
        image, tag = self.session.current, ""
        if touch is None or image is None or not image.document.bounds.contains_point(*touch.at):
            self._hover.setText(image.shape_text if image else "")
        else:
            y, x = int(touch.at.y), int(touch.at.x)
            values = image.values_at(y, x)
            text = f"{x}, {y}" + (": " + " ".join(map(_grey_text, values)) if values else "")
            past = self.session.past
            under = past.labels.value_at(y, x) if past else image.document.instance_at(y, x)
            if under:
                tag = f"{under}  {self.classes.name_of(under)}"
                text = f"{tag}   {text}"
            self._hover.setText(text)
        is_picking = self.tool_box.current_id == "tool.pick" and self.canvas.layer.is_visible
        self.canvas.set_tag(tag if is_picking else "")

    def _set_checked(self, on: bool) -> None:
        image = self.session.current
        # Not in the middle of a stroke: what it draws belongs to what is checked.
        self.session.when_free(lambda: self._check(on) if self.session.current is image else None)

    def _check(self, on: bool) -> None:
        if on:
            self.session.reject_covered()  # Before: what is undone first is the check.
        self.session.set_checked(on, self.canvas.view_rect)
        self._show_checked()  # It may have been refused: the past is shown, for instance.
        is_checked = self.actions_by_id["edit.checked"].isChecked()
        waiting = self.session.open_proposals()
        if is_checked and waiting:
            self.problems.warn_of_waiting(len(waiting), self.session.accept_all)
        else:
            self.problems.none_waits()

    def _change_shortcuts(self) -> None:
        self.asking.shortcuts(self.actions_by_id)
        self._enabled_for = ()  # The texts were set anew: those of undo and redo name an edit.
        self._enable_actions()

    def _enable_actions(self) -> None:
        session, document, actions = self.session, self.session.document, self.actions_by_id
        has_image = document is not None and session.past is None
        waiting = has_image and bool(self.canvas.layer.open_proposals.any())
        busy, training = self.proposing.is_busy, self.training.is_busy
        undo = document.history.undo_name if document and has_image else None
        redo = document.history.redo_name if document and has_image else None
        axes = self.session.current.source.axes if self.session.current is not None else None
        has_depth, has_time = axes is not None and axes.z > 1, axes is not None and axes.t > 1
        selected = bool(session.selected_instance or session.selected_proposal)
        is_open, of_project = session.store is not None, self.models.is_the_projects
        state = (
            is_open, has_image, waiting, busy, training, undo, redo, has_time, has_depth, selected,
            of_project,
        )  # fmt: skip
        if state == self._enabled_for:
            return  # Most strokes change nothing of it.
        self._enabled_for = state
        enabled = {
            "file.export": is_open,
            "edit.undo": undo is not None,
            "edit.redo": redo is not None,
            "edit.new_instance": has_image,
            "edit.delete": has_image and selected,
            "edit.checked": has_image,
            "propose.run": has_image and not busy,
            "propose.whole": has_image and not busy,
            "propose.all": is_open and not busy,
            "view.projection": has_depth,
            "propose.accept_all": waiting,
            "propose.accept": has_image,
            "propose.accept_next": waiting,
            "propose.reject_next": waiting,
            "propose.accept_class": waiting,
            "propose.reject_all": waiting,
            "propose.reject_class": waiting,
            "train.fine_tune": is_open and not training,
            "train.new": is_open and not training,
            "train.resume": is_open and not training,
            "train.keep": of_project,
            "train.stop": training,
            "train.cancel": training,
            "view.selected": selected,
        }
        enabled |= {row_id: has_depth for row_id in actions.rows if row_id.startswith("stack.")}
        enabled |= {"stack.earlier": has_time, "stack.later": has_time}
        enabled |= {row_id: has_image for row_id in actions.rows if row_id.startswith("repair.")}
        for action_id, on in enabled.items():
            actions[action_id].setEnabled(on)
        actions["edit.undo"].setText(_with_name(tr("actions", "Undo"), undo))
        actions["edit.redo"].setText(_with_name(tr("actions", "Redo"), redo))

    def _training_began(self, title: str) -> None:
        self.problems.tried_again()
        self.training_panel.begin(title)
        self._training_section.fold(is_open=True)
        # When its bar and its curves have got their places.
        QTimer.singleShot(0, lambda: self._right_scroll.ensureWidgetVisible(self._training_section, 0, 0))

    def _forget_training(self) -> None:
        if not self.training.is_busy:
            self.training_panel.forget()

    def _training_said(self, sentence: str) -> None:
        self.training_panel.end(sentence)
        self.notice.say(sentence)

    def _training_failed(self, error: UserError) -> None:
        self.training_panel.end(error_text(error))
        self.problems.tell(error)

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """There is no Save: wait for the last commits; ask only if they cannot be written. While masks are
        written the window closes after them, or when it is asked once more."""
        if self._pool.writes and not (self._waits_to_close and event.spontaneous()):
            event.ignore()
            if not self._waits_to_close:
                self._waits_to_close = True
                self.notice.say(
                    tr("window", "Files are being written: the window closes when they are there.")
                )
            QTimer.singleShot(_WRITING_MS, self, self.close)
            return
        self._waits_to_close = False
        if self.training.is_busy and not self.asking.whether_to_give_up_training():
            event.ignore()
            return
        if not self.session.close_project() and not self.problems.give_up_changes():
            event.ignore()
            return
        event.accept()


def _grey_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _parts(change: Change) -> list[Rect]:
    """What to paint anew: at once, or tile by tile where a long stroke fills little of its rectangle."""
    tiles = change.edit.tiles if change.edit is not None else ()
    if change.rect.is_empty or not 1 < len(tiles) <= _FEW_TILES:
        return [change.rect]
    rects = [delta.rect for delta in tiles]
    return rects if _SPARSE * sum(rect.area for rect in rects) < change.rect.area else [change.rect]


def _tabs() -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    tabs.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
    tabs.tabBar().setDrawBase(False)
    tabs.tabBar().setUsesScrollButtons(False)
    return tabs


def _with_name(verb: str, name: str | None) -> str:
    return tr("actions", "{verb}: {name}").format(verb=verb, name=tr("edits", name)) if name else verb
