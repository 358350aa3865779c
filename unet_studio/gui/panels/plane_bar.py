"""Under the canvas of a stack: which plane is shown, and sliders to another one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from unet_studio.gui.session import Session
from unet_studio.gui.stacks import Stacks


class PlaneBar(QWidget):
    """Hidden for images of one plane."""

    def __init__(self, session: Session, stacks: Stacks) -> None:
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
        session.image_changed.connect(self._show)
        self._show()

    def _slid(self) -> None:
        self._session.show_plane(self.sliders["t"].value(), self.sliders["z"].value())
        self._name()

    def _show(self) -> None:
        image = self._session.current
        self.setVisible(self._stacks.is_stack)
        if image is None:
            return
        axes = image.source.axes
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
