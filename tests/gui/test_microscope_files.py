"""What microscopes write, in the window: several images in a file, axes nobody named, folders, large planes."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
import tifffile
import zarr
from PySide6.QtCore import QPoint, QPointF, Qt

from tests.conftest import RESOURCES
from tests.gui.hand import Hand
from unet_studio.core.errors import ModelError
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.gui import proposing
from unet_studio.gui.canvas.tiled_image import TiledImage
from unet_studio.gui.main_window import MainWindow
from unet_studio.io import image_source, overview, tiff
from unet_studio.io.axis_order import AxisOrder
from unet_studio.io.image_source import ArraySource, is_held_whole
from unet_studio.io.model_folder import ModelConfig, read_model_config
from unet_studio.io.open_image import open_image
from unet_studio.io.raster import open_raster
from unet_studio.jobs.messages import Predict
from unet_studio.settings.training import TrainConfig
from unet_studio.store.proposal_codec import pack_proposals, unpack_proposals


def names(window: MainWindow) -> list[str]:
    rows = window.images_panel._list
    return [rows.item(row).text() for row in range(rows.count())]


def propose(window: MainWindow, hand: Hand) -> None:
    """Press P and wait."""
    window.actions_by_id["propose.run"].trigger()
    hand.qtbot.waitUntil(
        lambda: not window.proposing.is_busy and not window.job_bar.isVisible(), timeout=60_000
    )


def write_zarr(folder: Path, pixels: np.ndarray) -> None:
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    group.create_array("0", data=pixels)
    axes = [{"name": name} for name in "yx"]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]


def test_the_two_scenes_of_a_file_are_two_images(
    window: MainWindow, hand: Hand, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pylibCZIrw")
    folder = tmp_path / "plates"
    folder.mkdir()
    shutil.copy(data / "formats" / "czi" / "WellD6-7_S2.czi", folder)
    hand.open(folder)
    hand.qtbot.waitUntil(lambda: len(names(window)) == 2)
    assert names(window) == ["WellD6-7_S2.czi – 1", "WellD6-7_S2.czi – 2"]
    first, second = window.session.images()
    window.session.show_image(second.id)
    hand.qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.id == second.id
    )
    image = window.session.current
    assert image is not None
    assert image.plane is not None
    whole = open_image(second.path, scene=1)
    np.testing.assert_array_equal(image.plane, whole.read(Rect.of_size(whole.axes.y, whole.axes.x)))
    assert not np.array_equal(image.plane, open_image(first.path).read(Rect.of_size(*image.plane.shape[:2])))
    window.session.show_image(first.id)
    hand.qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.id == first.id)
    assert len(names(window)) == 2


def test_axes_nobody_named_can_be_chosen_and_are_remembered(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = tmp_path / "stacks"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", rng.integers(0, 255, (5, 60, 80)).astype(np.uint8))
    hand.open(folder)
    bar = window.plane_bar
    assert bar.axes.isVisible()
    assert [bar.axes.itemText(row) for row in range(bar.axes.count())] == ["z 5", "t 5", "channels 5"]
    image = window.session.current
    assert image is not None
    assert image.source.axes.z == 5
    bar.axes.setCurrentIndex(2)
    bar.axes.activated.emit(2)
    hand.qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.source.axes.c == 5
    )
    assert not bar.sliders["z"].isVisible()
    assert bar.axes.isVisible(), "a wrong choice can be taken back"
    other = window.session.images()[1]
    window.session.show_image(other.id)
    hand.wait_image("b.npy")
    assert window.session.current is not None
    assert window.session.current.source.axes.c == 5
    assert window.session.close_project()
    hand.open(folder)
    assert window.session.current.source.axes.c == 5
    # A file that names its axes is understood as it says.
    tifffile.imwrite(folder / "c.tif", np.zeros((5, 60, 80), np.uint8), imagej=True, metadata={"axes": "ZYX"})
    window.open_paths([folder / "c.tif"])
    hand.wait_image("c.tif")
    assert window.session.current.source.axes.z == 5
    assert not bar.axes.isVisible()


def test_an_ome_zarr_folder_is_an_image_alone_and_among_others(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = tmp_path / "fields"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (90, 70)).astype(np.uint16)
    write_zarr(folder / "one.ome.zarr", pixels)
    shutil.copy(RESOURCES / "demo" / "fluorescence.png", folder / "two.png")
    (folder / "no_image.zarr").mkdir()
    hand.open(folder)
    assert names(window) == ["one.ome.zarr", "two.png"]
    image = window.session.current
    assert image is not None
    assert image.plane is not None
    np.testing.assert_array_equal(image.plane[:, :, 0], pixels)
    assert window.session.close_project()
    window.open_paths([folder / "one.ome.zarr"])
    hand.wait_image("one.ome.zarr")
    assert window.session.store is not None
    assert window.session.store.folder.parent == folder


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real image, tiled to 3072², in a pyramid; planes above 1 MB count as too large to be held."""
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**20)
    field = open_raster(RESOURCES / "demo" / "fluorescence.png")
    small = field.read(Rect.of_size(512, 512))[:, :, 0]
    plane = np.tile(small, (6, 6))
    folder = tmp_path / "slides"
    folder.mkdir()
    with tifffile.TiffWriter(folder / "slide.tif") as file:
        file.write(plane, tile=(256, 256), subifds=2, metadata={"axes": "YX"})
        file.write(plane[::2, ::2], tile=(256, 256), subfiletype=1)
        file.write(plane[::4, ::4], tile=(256, 256), subfiletype=1)
    return folder


def test_a_plane_of_many_small_pixels_is_not_held_either() -> None:
    def source(side: int) -> ArraySource:
        pixels = np.broadcast_to(np.zeros((), np.uint8), (side, side))
        return ArraySource("flat.tif", (pixels,), AxisOrder("YX", "YX", (side, side)))

    assert is_held_whole(source(8192))
    assert not is_held_whole(source(8193)), "67 Mpx of one byte, of which a network makes gigabytes"


def test_a_plane_too_large_to_be_held_is_seen_measured_and_drawn_on(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    image = window.session.current
    assert image is not None
    assert image.plane is None
    picture = image.display
    assert isinstance(picture, TiledImage)
    canvas = window.canvas
    canvas.zoom_by(1.0 / canvas.transform.scale)
    canvas.centre_on(PixelPoint(1000, 1000))
    canvas._sharpen.stop()
    canvas.repaint()
    hand.qtbot.waitUntil(lambda: not picture.is_waiting)
    whole = open_image(image.path)
    assert image.values_at(1000, 1000) == whole.read(Rect(1000, 1000, 1001, 1001))[0, 0].tolist()
    before = canvas._buffer.copy()
    canvas._pan(QPointF(-40, -30))
    canvas.repaint()
    hand.qtbot.waitUntil(lambda: not picture.is_waiting)
    hand.qtbot.wait(30)
    assert canvas._buffer != before
    scrolled = canvas._buffer.copy()
    canvas.refresh()
    canvas.repaint()
    assert canvas._buffer == scrolled, "what was scrolled is what would have been composed"
    window.actions_by_id["tool.brush"].trigger()
    hand.drag((1000, 1000), (1010, 1030))
    assert len(list(image.document.instances)) == 1


def test_a_large_plane_is_proposed_on_where_it_is_seen_then_whole_and_goes_on_after_a_stop(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    image, canvas = window.session.current, window.canvas
    assert image is not None
    canvas.zoom_by(1.0 / canvas.transform.scale)
    canvas.centre_on(PixelPoint(1536, 1536))
    seen = canvas.view_rect
    propose(window, hand)
    proposals = image.proposals
    assert proposals is not None
    assert len(proposals.table) > 5
    found = len(proposals.table)
    propose(window, hand)
    assert f"Proposals: {found}," in window.notice.text, "proposing again finds as many"
    assert len(proposals.covered or []) == 1, "and covers no more"
    assert all(not p.rect.intersect(seen.grown(256)).is_empty for p in proposals.table.values())
    assert "Ctrl+P" in window.notice.text
    # The whole image, of which the first part is let through.
    seen_parts: list[int] = []
    window.proposing.progressed.connect(lambda done, total: seen_parts.append(done * 100 // total))
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(lambda: len(proposals.covered or []) >= 3, timeout=60_000)
    window.actions_by_id["propose.stop"].trigger()
    hand.qtbot.waitUntil(lambda: not window.job_bar.isVisible(), timeout=30_000)
    assert "are kept" in window.notice.text
    kept = dict(proposals.table)
    assert window.session.close_project()
    hand.open(large)
    image = window.session.current
    assert image is not None
    assert image.proposals is not None
    assert image.proposals.table == kept
    begun = len(image.proposals.covered or [])
    assert begun >= 3
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(
        lambda: image.proposals is not None and image.proposals.covered is None, timeout=120_000
    )
    hand.qtbot.waitUntil(lambda: not window.job_bar.isVisible())
    # All six by six copies of the field hold nearly the same nuclei: nothing is lost or doubled at the seams.
    per_copy = np.zeros((6, 6))
    for p in image.proposals.table.values():
        y, x = (p.rect.top + p.rect.bottom) // 2, (p.rect.left + p.rect.right) // 2
        per_copy[y // 512, x // 512] += 1
    inner = per_copy[1:-1, 1:-1]
    assert inner.min() > 0
    assert np.ptp(inner) <= 0.03 * inner.mean() + 1, per_copy
    window.session.accept_all()
    assert len(list(image.document.instances)) == len(image.proposals.table)


def test_parts_that_are_done_are_kept_when_the_project_is_closed(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    image = window.session.current
    assert image is not None
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(
        lambda: image.proposals is not None and len(image.proposals.covered or []) >= 2, timeout=60_000
    )
    assert window.session.close_project()
    hand.open(large)
    again = window.session.current
    assert again is not None
    assert again.proposals is not None
    assert len(again.proposals.covered or []) >= 2


def test_the_maximum_of_all_planes_is_shown_and_the_labels_stay_those_of_the_plane(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = tmp_path / "stacks"
    folder.mkdir()
    stack = np.zeros((4, 120, 160), np.uint8)
    for z in range(4):
        stack[z, 20 * z + 10 : 20 * z + 25, 40:60] = 200
    stack[:, :, :5] = 255
    tifffile.imwrite(folder / "a.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    hand.open(folder)
    image, canvas = window.session.current, window.canvas
    assert image is not None
    window.actions_by_id["tool.brush"].trigger()
    hand.drag((15, 100), (15, 110))

    def brightness(y: int, x: int) -> int:
        canvas.repaint()
        at = hand.at(y + 0.5, x + 0.5)
        return canvas.grab().toImage().pixelColor(int(at.x()), int(at.y())).lightness()

    assert brightness(77, 50) < 30, "the cell of another plane is not seen"
    assert window.plane_bar.maximum.isVisible()
    hand.qtbot.mouseClick(window.plane_bar.maximum, Qt.MouseButton.LeftButton)
    hand.qtbot.waitUntil(lambda: brightness(77, 50) > 150)
    assert window.plane_bar.maximum.isChecked(), "that it is the maximum is seen"
    assert brightness(17, 50) > 150
    assert len(list(image.document.instances)) == 1
    window.session.show_plane(0, 3)
    hand.qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.z == 3)
    hand.qtbot.waitUntil(lambda: brightness(17, 50) > 150)
    window.actions_by_id["view.projection"].trigger()
    hand.qtbot.waitUntil(lambda: brightness(17, 50) < 30)


def test_the_maximum_of_planes_that_are_read_by_tiles_is_read_by_tiles_too(
    window: MainWindow, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**20)
    monkeypatch.setattr(overview, "_SMALL_PX", 2**16)
    monkeypatch.setattr(overview, "_MOST_PX", 2**16)
    folder = tmp_path / "stacks"
    folder.mkdir()
    stack = np.zeros((3, 1500, 2000), np.uint8)
    for z in range(3):
        stack[z, 400 * z + 100 : 400 * z + 300, 400:600] = 200
        stack[z, 400 * z + 200, :] = 255  # One pixel wide: only full resolution shows it in its brightness.
    tifffile.imwrite(
        folder / "a.tif", stack, tile=(256, 256), photometric="minisblack", metadata={"axes": "ZYX"}
    )
    hand.open(folder)
    image, canvas = window.session.current, window.canvas
    assert image is not None
    assert image.plane is None

    def brightness(y: int, x: int) -> int:
        canvas.repaint()
        at = hand.at(y + 0.5, x + 0.5)
        return canvas.grab().toImage().pixelColor(int(at.x()), int(at.y())).lightness()

    hand.qtbot.waitUntil(lambda: brightness(150, 500) > 150)
    assert brightness(950, 500) < 30
    window.actions_by_id["view.projection"].trigger()
    hand.qtbot.waitUntil(lambda: brightness(950, 500) > 150)
    assert brightness(150, 500) > 150
    canvas.zoom_by(3.0 / canvas.transform.scale)
    canvas.centre_on(PixelPoint(1000, 1000))
    hand.qtbot.waitUntil(lambda: brightness(1000, 1000) > 240)
    assert brightness(1004, 1000) < 30
    window.session.show_plane(0, 1)
    hand.qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.z == 1)
    hand.qtbot.waitUntil(lambda: brightness(1000, 1000) > 240)
    window.actions_by_id["view.projection"].trigger()
    hand.qtbot.waitUntil(lambda: brightness(1000, 1000) < 30)


def test_the_channel_that_models_read_is_the_nuclear_one_can_be_changed_and_is_remembered(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    field = open_raster(RESOURCES / "demo" / "fluorescence.png").read(Rect.of_size(256, 256))
    nuclei = field[:, :, 0]
    rng = np.random.default_rng(0)
    other = rng.integers(0, 30_000, nuclei.shape).astype(np.uint16)
    folder = tmp_path / "two"
    folder.mkdir()
    tifffile.imwrite(
        folder / "a.ome.tif", np.stack([other, nuclei]),
        metadata={"axes": "CYX", "Channel": {"Name": ["GFP", "DAPI"]}},
    )  # fmt: skip
    hand.open(folder)
    box = window.model_panel.channel
    assert [box.itemText(row) for row in range(box.count())] == [
        "Reads all channels",
        "Reads GFP",
        "Reads DAPI",
    ]
    assert box.currentText() == "Reads DAPI"

    def proposals() -> int:
        propose(window, hand)
        return len(window.session.open_proposals())

    found = proposals()
    assert found > 5
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert proposals() != found, "noise holds no such nuclei"
    assert window.session.close_project()
    hand.open(folder)
    assert box.currentText() == "Reads GFP"


def test_a_checked_part_of_a_large_plane_teaches(window: MainWindow, hand: Hand, large: Path) -> None:
    hand.open(large)
    image, canvas = window.session.current, window.canvas
    assert image is not None
    canvas.zoom_by(1.0 / canvas.transform.scale)
    canvas.centre_on(PixelPoint(1536, 1536))
    propose(window, hand)
    window.session.accept_all()
    seen = canvas.view_rect
    window.actions_by_id["edit.checked"].trigger()
    assert image.document.checked.covers(seen)
    assert not image.document.is_checked
    assert window.actions_by_id["edit.checked"].isChecked()
    assert [record.is_checked for record in window.session.images()] == [False]
    canvas.centre_on(PixelPoint(400, 400))
    assert not window.actions_by_id["edit.checked"].isChecked(), "it says what is true of what is seen"
    window.actions_by_id["edit.checked"].trigger()
    window.actions_by_id["edit.checked"].trigger()
    assert image.document.checked.rects == (seen,)
    # Also after the project was closed.
    assert window.session.close_project()
    hand.open(large)
    assert len(window.training.checked_images()) == 1
    config = TrainConfig(steps=2, patch_px=64, batch_size=1, tensorboard=False, norm_statistics="kept")
    window.training.start(config, name="from a part", model=RESOURCES / "models" / "nuclei")
    hand.qtbot.waitUntil(lambda: not window.training.is_busy, timeout=60_000)
    store = window.session.store
    assert store is not None
    (samples,) = store.folder.glob("runs/*/samples")
    pixels = tifffile.imread(samples / "001_slide.tif")
    window_read = seen.grown(96)
    assert pixels.squeeze().shape == window_read.shape
    assert tifffile.imread(samples / "001_slide_labels.tif").max() > 5
    assert (samples / "001_slide_reference.tif").is_file()
    assert (store.folder / "models" / "from a part" / "config.json").is_file()


def test_whether_what_is_seen_of_a_large_plane_is_checked_follows_the_hand_that_moves_it(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    canvas, button = window.canvas, window.actions_by_id["edit.checked"]
    canvas.zoom_by(1.0 / canvas.transform.scale)
    button.trigger()
    assert button.isChecked()
    canvas._pan(QPointF(-300, 0))
    assert not button.isChecked(), "a part of what is seen is not"
    canvas._pan(QPointF(300, 0))
    assert button.isChecked()


def test_proposing_where_nothing_of_a_large_plane_is_in_view_says_so(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    image = window.session.current
    assert image is not None
    assert image.plane is None
    window.canvas.bring_into_view(Rect(9000, 9000, 9400, 9400))
    assert window.canvas.view_rect.intersect(image.document.bounds).is_empty
    window.actions_by_id["propose.run"].trigger()
    assert "Nothing of the image is in view" in window.notice.text
    assert not window.proposing.is_busy


def test_proposals_of_a_large_plane_are_not_lost_before_new_ones_have_come(
    window: MainWindow, hand: Hand, large: Path
) -> None:
    hand.open(large)
    image, canvas = window.session.current, window.canvas
    assert image is not None
    canvas.zoom_by(1.0 / canvas.transform.scale)
    propose(window, hand)
    before = set(window.session.open_proposals())
    assert image.proposals is not None
    image.proposals.covered = None  # As after the whole plane: from here it begins anew.
    window.actions_by_id["propose.whole"].trigger()
    window.actions_by_id["propose.stop"].trigger()
    hand.qtbot.waitUntil(lambda: not window.job_bar.isVisible(), timeout=30_000)
    assert set(window.session.open_proposals()) == before
    assert "Nothing was changed" in window.notice.text


def blank_stacks(tmp_path: Path) -> Path:
    """Two files of four planes, or of four channels: they do not say which."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", np.zeros((4, 60, 80), np.uint8))
    return folder


def test_axes_stay_where_something_was_drawn_and_drawn_on_images_keep_theirs(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = blank_stacks(tmp_path)
    hand.open(folder)
    window.session.show_plane(0, 2)
    hand.qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.z == 2)
    window.actions_by_id["tool.brush"].trigger()
    hand.drag((20, 20), (20, 40))
    window.session.set_axes("CYX")
    hand.qtbot.waitUntil(lambda: "axes stay" in window.notice.text)
    hand.qtbot.waitUntil(lambda: window.session.current is not None)
    current = window.session.current
    assert current is not None
    assert (current.source.axes.z, current.z) == (4, 2)
    assert len(list(current.document.instances)) == 1
    # The other one is blank: it may have other axes, and the drawn-on one keeps its own.
    first, second = window.session.images()
    window.session.show_image(second.id)
    hand.wait_image("b.npy")
    window.session.set_axes("CYX")
    hand.qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.source.axes.c == 4
    )
    window.actions_by_id["edit.checked"].trigger()
    assert [record.is_checked for record in window.session.images()] == [False, True]
    assert window.session.close_project()
    hand.open(folder)
    for record, z in ((first, 4), (second, 1)):
        window.session.show_image(record.id)
        hand.wait_image(record.path.name)
        assert window.session.current is not None
        assert window.session.current.source.axes.z == z


def test_blank_images_whose_axes_another_one_told_have_only_the_planes_they_have(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = blank_stacks(tmp_path)
    hand.open(folder)
    first, second = window.session.images()
    window.session.show_image(second.id)
    hand.wait_image("b.npy")
    window.session.set_axes("CYX")
    window.session.show_image(second.id)  # A click in the list while it is read anew.
    assert window.session.current is None, "nothing can be drawn on planes that go"
    hand.qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.source.axes.c == 4
    )
    window.session.show_image(first.id)
    hand.wait_image("a.npy")
    assert window.session.current is not None
    assert window.session.current.source.axes.c == 4, "what is in memory is understood anew, too"
    window.actions_by_id["edit.checked"].trigger()
    assert [record.is_checked for record in window.session.images()] == [True, False]
    assert window.session.close_project()
    hand.open(folder)
    assert [record.is_checked for record in window.session.images()] == [True, False]


def test_the_other_images_of_a_moved_file_are_found_with_it(
    window: MainWindow, hand: Hand, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    with tifffile.TiffWriter(folder / "two.ome.tif", ome=True) as file:
        file.write(np.full((60, 80), 5, np.uint8))
        file.write(np.full((50, 40), 9, np.uint8))
    hand.open(folder)
    hand.qtbot.waitUntil(lambda: len(names(window)) == 2)
    assert window.session.close_project()
    (folder / "deeper").mkdir()
    (folder / "two.ome.tif").rename(folder / "deeper" / "two.ome.tif")
    window.open_paths([folder / "pages.unetproject"])
    hand.wait_image()
    second = window.session.images()[1]
    assert second.path.parent.name == "deeper"
    window.session.show_image(second.id)
    hand.qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.id == second.id
    )
    assert window.session.current is not None
    assert window.session.current.values_at(3, 3) == [9]


def test_a_slide_that_is_cut_off_while_it_is_proposed_on_ends_in_a_sentence_and_keeps_what_is_done(
    window: MainWindow, hand: Hand, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff, "_IN_MEMORY_BYTES", 0)
    hand.open(large)
    image = window.session.current
    assert image is not None
    window.canvas.zoom_by(1.0 / window.canvas.transform.scale)
    propose(window, hand)
    before = set(window.session.open_proposals())
    assert before
    with (large / "slide.tif").open("r+b") as file:
        file.truncate(5000)
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(lambda: "cannot be read" in window.notice.text, timeout=60_000)
    assert not window.job_bar.isVisible()
    assert set(window.session.open_proposals()) == before
    # What was read before is still shown, and can be drawn on.
    window.actions_by_id["tool.brush"].trigger()
    hand.drag((1536, 1536), (1540, 1550))
    assert len(list(image.document.instances)) == 1


def test_all_parts_of_a_large_plane_are_seen_at_the_scale_of_the_first(
    window: MainWindow, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_source, "_LARGEST_WHOLE_BYTES", 2**20)
    field = open_raster(RESOURCES / "demo" / "fluorescence.png").read(Rect.of_size(512, 512))[:, :, 0]
    wide = cv2.resize(field, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    folder = tmp_path / "wide"
    folder.mkdir()
    tifffile.imwrite(folder / "wide.tif", wide, tile=(256, 256), metadata={"axes": "YX"})
    hand.open(folder)
    requests: list[Predict] = []
    run = window.proposing._engine._connection.run

    def watched(request: Predict, *rest: Any) -> Any:
        requests.append(request)
        return run(request, *rest)

    monkeypatch.setattr(window.proposing._engine._connection, "run", watched)
    window.actions_by_id["propose.whole"].trigger()
    image = window.session.current
    assert image is not None
    hand.qtbot.waitUntil(
        lambda: image.proposals is not None and image.proposals.covered is None, timeout=120_000
    )
    assert len(requests) == 4 + 1, "the first part tells the scale, and is done at it"
    assert requests[0].scale is None
    assert {request.scale for request in requests[1:]} == {requests[1].scale}
    assert requests[1].scale is not None
    assert requests[1].scale <= 0.36
    assert image.proposals is not None
    assert unpack_proposals(pack_proposals(image.proposals)).scale == requests[1].scale, (
        "stored, to go on with"
    )
    assert "how wide its cells are" in window.notice.text
    panel, row = window.model_panel, window.model_panel.scale.findData(0.5)
    panel.scale.setCurrentIndex(row)
    panel.scale.activated.emit(row)
    requests.clear()
    window.canvas.zoom_by(1.0 / window.canvas.transform.scale)
    propose(window, hand)
    assert [request.scale for request in requests] == [0.5], "what a person chooses begins anew"
    assert len(image.proposals.covered or []) == 1


def test_a_model_that_is_exchanged_while_it_proposes_is_told_and_ctrl_p_begins_anew(
    window: MainWindow, hand: Hand, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(large)
    run = window.proposing._engine._connection.run
    parts = 0

    def exchanged(*args: Any) -> Any:
        nonlocal parts
        parts += 1
        outcome, arrays = run(*args)
        return (msgspec.structs.replace(outcome, weights="another") if parts >= 2 else outcome), arrays

    monkeypatch.setattr(window.proposing._engine._connection, "run", exchanged)
    with hand.qtbot.waitSignal(window.proposing.failed, timeout=60_000):
        window.actions_by_id["propose.whole"].trigger()
    assert "was exchanged while it proposed" in window.notice.text
    image = window.session.current
    assert image is not None
    assert image.proposals is not None
    assert len(image.proposals.covered or []) == 1, "what was done is kept, and known to be a part"
    assert not window.job_bar.isVisible()

    def now_there(folder: Path) -> ModelConfig:
        return msgspec.structs.replace(read_model_config(folder), weights_sha256="another")

    monkeypatch.setattr(proposing, "read_model_config", now_there)
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(
        lambda: image.proposals is not None and image.proposals.covered is None, timeout=120_000
    )
    assert parts == 2 + 4, "all four parts again"


def test_a_model_on_a_drive_that_hangs_is_waited_for_without_the_window_and_can_be_given_up(
    window: MainWindow, hand: Hand, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(large)
    image = window.session.current
    assert image is not None
    answers = threading.Event()
    asked: list[Path] = []

    def hanging(folder: Path) -> ModelConfig:
        asked.append(folder)
        answers.wait(60)
        return read_model_config(folder)

    monkeypatch.setattr(proposing, "read_model_config", hanging)
    window.actions_by_id["propose.whole"].trigger()
    hand.qtbot.waitUntil(lambda: len(asked) == 1)
    assert window.job_bar.isVisible()
    assert window.proposing.is_busy
    window.proposing.propose_whole(window.canvas.view_rect)
    hand.qtbot.wait(100)
    assert len(asked) == 1, "it is asked for once"
    window.actions_by_id["tool.brush"].trigger()
    hand.drag((1536, 1536), (1540, 1550))
    assert len(list(image.document.instances)) == 1, "the window goes on"
    window.actions_by_id["propose.stop"].trigger()
    assert not window.job_bar.isVisible()
    assert "was stopped" in window.notice.text
    answers.set()
    hand.qtbot.wait(200)
    assert not window.proposing.is_busy
    assert image.proposals is None

    def gone(folder: Path) -> ModelConfig:
        raise ModelError("The model {folder} cannot be read.", folder=folder)

    monkeypatch.setattr(proposing, "read_model_config", gone)
    window.actions_by_id["propose.run"].trigger()
    hand.qtbot.waitUntil(lambda: "cannot be read" in window.notice.text)
    assert not window.proposing.is_busy
    assert not window.job_bar.isVisible()


def test_the_size_a_person_chooses_is_that_at_which_the_model_sees_the_projects_images(
    window: MainWindow, hand: Hand, folder: Path
) -> None:
    hand.open(folder)
    panel = window.model_panel
    assert panel.scale.currentText() == "Size: automatic"
    propose(window, hand)
    automatic = len(window.session.open_proposals())
    row = panel.scale.findData(0.25)
    panel.scale.setCurrentIndex(row)
    panel.scale.activated.emit(row)
    propose(window, hand)
    assert len(window.session.open_proposals()) < automatic, "nuclei of five pixels are hard to see"
    assert window.training.image_scale == 0.25
    assert window.session.close_project()
    hand.open(folder)
    assert panel.scale.currentData() == 0.25, "it is remembered"


def test_looking_four_times_is_asked_for_with_a_tick_and_remembered(
    window: MainWindow, hand: Hand, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    propose(window, hand)
    image = window.session.current
    assert image is not None
    once = image.probability
    tick = window.model_panel.flips
    hand.qtbot.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert tick.isChecked()
    propose(window, hand)
    assert once is not None
    assert image.probability is not None
    assert (image.probability != once).any(), "another, similar answer"
    assert np.abs(image.probability.astype(int) - once).mean() < 10
    assert window.session.close_project()
    hand.open(folder)
    assert tick.isChecked()
