"""What the window says and offers when files, disks and databases fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from unet_studio.store.backups import list_backups, make_backup
from unet_studio.store.project_store import ProjectStore


def remedy(hand: Hand, text: str) -> QPushButton:
    (button,) = [b for b in hand.window.notice.remedies if b.text() == text]
    return button


def wait_notice(hand: Hand, qtbot: QtBot, words: str) -> None:
    qtbot.waitUntil(lambda: words in hand.window.notice.text, timeout=10_000)


def draw_one(hand: Hand) -> np.ndarray:
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (60, 80))
    document = hand.window.session.document
    assert document is not None
    assert hand.window.session.store.journal.flush(5)
    return document.read(document.bounds)


def now(hand: Hand) -> np.ndarray:
    document = hand.window.session.document
    assert document is not None
    return document.read(document.bounds)


def make_full(store: ProjectStore) -> None:
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


def fill(hand: Hand) -> None:
    """Strokes until the disk is full."""
    hand.key(Qt.Key.Key_B)
    for number in range(60):
        hand.key(Qt.Key.Key_N)
        hand.drag((5 + 4 * number, 5), (5 + 4 * number, 120), (8 + 4 * number, 250))


def test_a_full_disk_offers_another_folder_and_everything_goes_there(
    hand: Hand, folder: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    session = hand.window.session
    old = session.store.folder
    draw_one(hand)
    make_full(session.store)
    fill(hand)
    wait_notice(hand, qtbot, "is not on the disk (database or disk is full)")
    assert "NOT SAVED" in hand.window._saved.text()
    fill(hand)
    expected = now(hand)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(other))
    qtbot.mouseClick(remedy(hand, "Another folder…"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: hand.window._saved.text() == "All changes saved", timeout=10_000)
    qtbot.waitUntil(
        lambda: (
            "The project goes on in" in hand.window.notice.text
            or "on the disk again" in hand.window.notice.text
        )
    )
    assert "is not on the disk" not in hand.window.notice.text
    assert session.store.folder == other / old.name
    assert session.close_project()
    # The same folder of images opens the newer project, and says so.
    hand.window.open_paths([folder])
    hand.wait_image("field1.png")
    assert session.store.folder == other / old.name
    assert "was continued in" in hand.window.notice.text
    assert (now(hand) == expected).all()
    # The older copy says what it is.
    hand.window.open_paths([old])
    wait_notice(hand, qtbot, "older copy")
    # The newer one is away (a stick was pulled out): no older labels are shown as if they were the newest.
    assert session.close_project()
    (other / old.name).rename(tmp_path / "away")
    hand.window.open_paths([folder])
    wait_notice(hand, qtbot, "which is not there now: connect that drive")


def test_a_closed_warning_comes_back_when_asked_for_not_at_every_retry(
    hand: Hand, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    store = hand.window.session.store
    draw_one(hand)
    store.journal._retry_s = 0.1
    make_full(store)
    fill(hand)
    wait_notice(hand, qtbot, "is not on the disk")
    hand.window.notice.problem.hide()
    qtbot.wait(600)
    assert not hand.window.notice.text
    # The red words in the status bar bring it back, with its remedy; so does changing one's mind.
    hand.window._saved.linkActivated.emit("why")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    qtbot.mouseClick(remedy(hand, "Another folder…"), Qt.MouseButton.LeftButton)
    assert remedy(hand, "Another folder…").isVisible()
    # A folder that cannot be used leaves the remedy there, and a lesser problem does not push it away.
    blocked = folder.parent / "blocked"
    blocked.write_text("a file")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(blocked))
    qtbot.mouseClick(remedy(hand, "Another folder…"), Qt.MouseButton.LeftButton)
    wait_notice(hand, qtbot, "cannot be copied to")
    assert remedy(hand, "Another folder…").isVisible()
    hand.window.session._store_signals.backup_failed_now.emit("no room")
    assert remedy(hand, "Another folder…").isVisible()
    hand.window.notice.problem.hide()
    assert "NOT SAVED" in hand.window._saved.text()
    store._connection.execute("PRAGMA max_page_count = 1000000")
    wait_notice(hand, qtbot, "Everything is on the disk again")


def test_a_disk_that_does_not_answer_is_told(
    hand: Hand, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_studio.gui.saving._STALL_S", 0.3)
    hand.open(folder)
    session = hand.window.session
    draw_one(hand)
    with session.store._lock:  # As a commit that hangs on a share.
        hand.drag((140, 40), (160, 80))
        wait_notice(hand, qtbot, "the disk does not answer")
        hand.drag((140, 140), (160, 180))  # Drawing goes on.
        assert session.saving.waiting
    wait_notice(hand, qtbot, "Everything is on the disk again")


@pytest.mark.parametrize("answer", ["Close and lose them", "Go on trying", "Save in another folder…"])
def test_closing_with_changes_that_cannot_be_written_asks(
    hand: Hand, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, answer: str, tmp_path: Path
) -> None:
    monkeypatch.setattr("unet_studio.gui.session._CLOSE_TIMEOUT_S", 0.2)
    hand.open(folder)
    store = hand.window.session.store
    draw_one(hand)
    make_full(store)
    fill(hand)
    wait_notice(hand, qtbot, "is not on the disk")
    seen = []

    def choose(box: QMessageBox) -> int:
        seen.append(box.text())
        for button in box.buttons():
            if button.text() == answer:
                button.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", choose)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "new"))
    closed = hand.window.close()
    assert "could not be written (database or disk is full)" in seen[0]
    assert closed == (answer == "Close and lose them")
    if answer == "Save in another folder…":
        qtbot.waitUntil(lambda: hand.window._saved.text() == "All changes saved", timeout=10_000)
        assert hand.window.session.store.folder.parent == tmp_path / "new"
    elif answer == "Go on trying":
        store._connection.execute("PRAGMA max_page_count = 1000000")
        wait_notice(hand, qtbot, "Everything is on the disk again")


def test_a_damaged_project_offers_its_backup_and_opens_it(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    session = hand.window.session
    expected = draw_one(hand)
    make_backup(session.store._connection, session.store._lock, session.store.folder)
    project = session.store.folder
    assert session.close_project()
    path = project / "project.sqlite"
    data = bytearray(path.read_bytes())
    data[8192 : 8192 + 6000] = bytes(range(250)) * 24
    path.write_bytes(bytes(data))
    hand.window.open_paths([folder])
    wait_notice(hand, qtbot, "is damaged")
    assert list_backups(project)[0].path.name in hand.window.notice.text
    assert path.read_bytes() == bytes(data)
    qtbot.mouseClick(remedy(hand, "Open the backup"), Qt.MouseButton.LeftButton)
    hand.wait_image("field1.png")
    assert (now(hand) == expected).all()
    assert "The damaged database is kept in" in hand.window.notice.text
    assert (project / "damaged-1" / "project.sqlite").read_bytes() == bytes(data)


def test_a_second_window_is_told_who_has_the_project(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    code = (
        "import sys; from pathlib import Path; from unet_studio.store.project_store import ProjectStore\n"
        "store = ProjectStore(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read(); store.close()"
    )
    project = folder / "fields.unetproject"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"open\n"
    hand.window.open_paths([folder])
    wait_notice(hand, qtbot, "is already open (")
    assert f"process {other.pid}, since" in hand.window.notice.text
    other.communicate(timeout=10)
    hand.open(folder)


def test_a_moved_image_is_found_and_keeps_its_labels(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    expected = draw_one(hand)
    project = hand.window.session.store.folder
    assert hand.window.session.close_project()
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "field1.png").rename(folder / "deep" / "er" / "patient7.png")
    hand.window.open_paths([project])
    hand.wait_image("patient7.png")
    assert (now(hand) == expected).all()
    wait_notice(hand, qtbot, "field1.png was moved: it was found at")
    assert hand.window.images_panel._list.item(0).text() == "patient7.png"
    # Remembered, not searched for again.
    assert hand.window.session.close_project()
    hand.window.notice.news.hide()
    hand.window.open_paths([project])
    hand.wait_image("patient7.png")
    qtbot.wait(200)
    assert "was moved" not in hand.window.notice.text


def test_an_image_that_is_nowhere_is_asked_for(
    hand: Hand, folder: Path, qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hand.open(folder)
    expected = draw_one(hand)
    project = hand.window.session.store.folder
    assert hand.window.session.close_project()
    far = tmp_path_factory.mktemp("far") / "x.png"
    (folder / "field1.png").rename(far)
    wrong = far.with_name("wrong.png")
    cv2.imwrite(str(wrong), np.zeros((30, 40), np.uint8))
    hand.window.open_paths([project])
    wait_notice(hand, qtbot, "field1.png is not in")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wrong), ""))
    qtbot.mouseClick(remedy(hand, "Show it…"), Qt.MouseButton.LeftButton)
    wait_notice(hand, qtbot, "its labels were made at 256×256")
    assert hand.window.session.current is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(far), ""))
    hand.window.session.show_image(1)
    wait_notice(hand, qtbot, "field1.png is not in")
    qtbot.mouseClick(remedy(hand, "Show it…"), Qt.MouseButton.LeftButton)
    hand.wait_image("x.png")
    assert (now(hand) == expected).all()


def test_an_altered_image_is_told_until_it_is_confirmed(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    expected = draw_one(hand)
    session = hand.window.session
    project = session.store.folder
    assert session.close_project()
    picture = cv2.imread(str(folder / "field1.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(folder / "field1.png"), picture // 2)
    for _ in range(2):
        hand.window.open_paths([project])
        wait_notice(hand, qtbot, "is not the file its labels were drawn on")
        assert (now(hand) == expected).all()
        assert session.close_project()
        hand.window.notice.problem.hide()
    hand.window.open_paths([project])
    wait_notice(hand, qtbot, "is not the file its labels were drawn on")
    qtbot.mouseClick(remedy(hand, "It is the right one"), Qt.MouseButton.LeftButton)
    qtbot.wait(300)
    assert session.close_project()
    hand.window.open_paths([project])
    hand.wait_image("field1.png")
    qtbot.wait(200)
    assert not hand.window.notice.text
    # A file nothing was drawn on may change as it likes.
    assert session.close_project()
    cv2.imwrite(str(folder / "field2.png"), picture // 3)
    hand.window.open_paths([folder / "field2.png"])
    hand.wait_image("field2.png")
    assert not hand.window.notice.text


def test_an_altered_image_of_another_size_gives_way_to_the_original_near_by(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    expected = draw_one(hand)
    project = hand.window.session.store.folder
    assert hand.window.session.close_project()
    (folder / "old").mkdir()
    (folder / "field1.png").rename(folder / "old" / "field1.png")
    cv2.imwrite(str(folder / "field1.png"), np.zeros((99, 77), np.uint8))
    hand.window.open_paths([project])
    hand.wait_image("field1.png")
    assert hand.window.session.current.path == folder / "old" / "field1.png"
    assert (now(hand) == expected).all()


def test_numbers_that_run_out_are_told_in_one_sentence(
    hand: Hand, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    draw_one(hand)
    monkeypatch.setattr("unet_studio.core.document.MAX_INSTANCE_ID", 1)
    hand.key(Qt.Key.Key_N)
    hand.drag((100, 100), (120, 140))
    wait_notice(hand, qtbot, "has used all 1 instance numbers")


def test_an_image_that_is_located_after_its_project_was_closed_disturbs_nobody(
    hand: Hand, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    hand.open(folder)
    draw_one(hand)
    other = tmp_path / "others"
    other.mkdir()
    cv2.imwrite(str(other / "other.png"), np.zeros((256, 256), np.uint8))
    session = hand.window.session
    session.locate_image(1, folder / "field1.png")
    assert session.close_project()
    hand.window.open_paths([other])
    hand.wait_image("other.png")
    qtbot.wait(300)
    assert session.current.path.name == "other.png"
    assert not session.current.plane.any()
    assert [record.path.name for record in session.images()] == ["other.png"]


def test_a_history_that_is_read_while_its_project_closes_says_nothing(
    hand: Hand, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    draw_one(hand)
    store = hand.window.session.store
    hand.window.actions_by_id["view.history"].trigger()
    with store._lock:
        hand.window.history_panel.reload()
        hand.window.session.abandon_project()
    qtbot.wait(500)
    assert "damaged" not in hand.window.notice.text
    assert not hand.window.notice.remedies


def test_a_stroke_is_kept_when_the_past_arrives_in_it(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    draw_one(hand)
    store = hand.window.session.store
    moment = store.timeline(1).moments[-1]
    hand.key(Qt.Key.Key_N)
    with store._lock:
        hand.window.travel.visit(moment)
        hand.press(150, 150)
        hand.move(160, 190)
    qtbot.wait(300)
    hand.move(170, 200)
    hand.release(170, 200)
    assert hand.window.session.past is None
    assert now(hand)[150, 150] == now(hand)[169, 198] == 2


def test_a_file_renamed_while_it_is_shown_is_followed(hand: Hand, folder: Path, qtbot: QtBot) -> None:
    hand.open(folder)
    expected = draw_one(hand)
    (folder / "field1.png").rename(folder / "renamed.png")
    hand.window.open_paths([folder])
    hand.wait_image("renamed.png")
    assert (now(hand) == expected).all()
    assert [record.path.name for record in hand.window.session.images()] == [
        "renamed.png",
        "field2.png",
        "field3.png",
    ]


def test_a_model_whose_project_went_on_elsewhere_meanwhile_follows_it(
    hand: Hand, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    hand.open(folder)
    session, models = hand.window.session, hand.window.models
    former = session.store.folder / "models"
    session.continue_in(tmp_path / "there")
    qtbot.waitUntil(lambda: session.store.folder.parent == tmp_path / "there", timeout=5_000)
    shutil.copytree(models.current, former / "mine")  # What a training that began there has made.
    models.adopt(former / "mine")
    qtbot.waitUntil(lambda: models.current == session.store.folder / "models" / "mine", timeout=5_000)
    qtbot.waitUntil(lambda: models.known(models.current) is not None, timeout=5_000)
    assert models.is_the_projects


def test_a_project_keeps_its_own_model_when_it_moves(
    hand: Hand, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    hand.open(folder)
    session, models = hand.window.session, hand.window.models
    mine = session.store.folder / "models" / "mine"
    shutil.copytree(models.current, mine)
    models.choose(mine)
    session.continue_in(tmp_path / "there")
    qtbot.waitUntil(lambda: session.store.folder.parent == tmp_path / "there", timeout=5_000)
    qtbot.waitUntil(lambda: models.current == session.store.folder / "models" / "mine", timeout=5_000)
    moved = session.store.folder
    assert session.close_project()
    hand.window.open_paths([moved])
    hand.wait_image("field1.png")
    assert models.current == moved / "models" / "mine"
