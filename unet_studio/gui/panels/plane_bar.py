"""Under the canvas of a stack: which plane is shown, sliders to another one, and what the axes are taken for
where the file does not say it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from unet_studio.gui.session import Session
from unet_studio.gui.stacks import Stacks
from unet_studio.gui.translation import tr
from unet_studio.io.axis_order import possible_roles


class PlaneBar(QWidget):
    """Hidden for images of one plane whose axes are known. `projection`: shows the maximum of the planes."""

    def __init__(self, session: Session, stacks: Stacks, projection: QAction) -> None:
        super().__init__()
        self._session, self._stacks = session, stacks
        self._labels = {axis: QLabel() for axis in "zt"}
        self.sliders = {axis: QSlider(Qt.Orientation.Horizontal) for axis in "zt"}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 3, 10, 3)
        for axis in "zt":
            layout.addWidget(self._labels[axis])
            layout.addWidget(self.sliders[axis], 1)
            self.sliders[axis].setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.sliders[axis].setPageStep(1)
            self.sliders[axis].valueChanged.connect(self._slid)
        self.maximum = QToolButton()
        self.maximum.setObjectName("flat")
        self.maximum.setDefaultAction(projection)
        self.maximum.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout.addWidget(self.maximum)
        self._question = QLabel(tr("planes", "The file does not name its axes:"))
        self._question.setObjectName("hint")
        self.axes = QComboBox()
        self.axes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.axes.setToolTip(
            tr("planes", "What the planes of this file are. Remembered for files like it in this project.")
        )
        self.axes.activated.connect(lambda row: session.set_axes(self.axes.itemData(row)))
        layout.addWidget(self._question)
        layout.addWidget(self.axes)
        session.image_changed.connect(self._show)
        self._show()

    def _slid(self) -> None:
        self._session.show_plane(self.sliders["t"].value(), self.sliders["z"].value())
        self._name()

    def _show(self) -> None:
        image = self._session.current
        choices = possible_roles(image.source.order) if image is not None and image.source.is_guessed else []
        self.setVisible(self._stacks.is_stack or bool(choices))
        if image is None:
            return
        self._question.setVisible(bool(choices))
        self.axes.setVisible(bool(choices))
        self.axes.clear()
        for roles in choices:
            self.axes.addItem(_in_words(roles, image.source.order.shape), roles)
        axes = image.source.axes
        self.maximum.setVisible(axes.z > 1)
        for axis, size, place in (("z", axes.z, image.z), ("t", axes.t, image.t)):
            slider = self.sliders[axis]
            slider.blockSignals(True)
            slider.setRange(0, size - 1)
            slider.setValue(place)
            slider.blockSignals(False)
            slider.setVisible(size > 1)
            self._labels[axis].setVisible(size > 1)
        self._name()

    def _name(self) -> None:
        for axis, slider in self.sliders.items():
            self._labels[axis].setText(f"{axis} {slider.value() + 1}/{slider.maximum() + 1}")


def _in_words(roles: str, shape: tuple[int, ...]) -> str:
    """The axes that make planes, with their sizes: "t 5, channels 2"."""
    names = {"T": "t", "Z": "z", "C": tr("planes", "channels")}
    return ", ".join(
        f"{names[role]} {size}" for role, size in zip(roles, shape, strict=True) if role in names
    )
