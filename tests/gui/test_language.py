"""The languages of the window, and changing them while it is open."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand
from unet_studio.gui import app as app_module
from unet_studio.gui import language as language_module
from unet_studio.gui.app import Studio
from unet_studio.gui.background.pool import Pool
from unet_studio.gui.language import can_be_written, languages, name_of, speak, usual_language
from unet_studio.gui.problems import Problems
from unet_studio.gui.proposing import Proposing
from unet_studio.gui.session import Session
from unet_studio.gui.training import Training
from unet_studio.gui.translation import tr
from unet_studio.settings.preferences import load_preferences
from unet_studio.settings.training import ObjectClass


@pytest.fixture(autouse=True)
def has_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with Chinese fonts: the one that tests may have none."""
    monkeypatch.setattr(language_module.QFontDatabase, "families", lambda *_: ["A font"])


def titles(studio: Studio) -> list[str]:
    return [action.text() for action in studio.window.menuBar().actions()]


def machine_set_to(monkeypatch: pytest.MonkeyPatch, *tags: str) -> None:
    class Machine:
        def uiLanguages(self) -> list[str]:
            return list(tags)

    class Locale(QLocale):
        @staticmethod
        def system() -> Machine:  # type: ignore[override]
            return Machine()

    monkeypatch.setattr(language_module, "QLocale", Locale)


def test_the_window_speaks_english_and_chinese_and_calls_them_as_their_speakers_do() -> None:
    assert languages() == ("en", "zh_CN")
    assert [name_of(code) for code in languages()] == ["English", "简体中文"]


@pytest.mark.parametrize(
    ("tags", "usual"),
    [
        (("zh-Hans-CN", "zh-CN", "zh"), "zh_CN"),
        (("zh-SG",), "zh_CN"),
        (("de-DE", "zh-CN", "en"), "zh_CN"),
        (("en-GB", "zh-CN"), "en"),
        (("fr-FR",), "en"),
        (("C",), "en"),
        ((), "en"),
    ],
)
def test_the_usual_language_is_the_first_of_the_machines_that_the_window_speaks(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tags: tuple[str, ...], usual: str
) -> None:
    machine_set_to(monkeypatch, *tags)
    assert usual_language() == usual


def test_a_language_without_letters_on_the_machine_is_not_usual(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_set_to(monkeypatch, "zh-CN")
    monkeypatch.setattr(language_module.QFontDatabase, "families", lambda *_: [])
    assert usual_language() == "en"
    assert not can_be_written("zh_CN")
    assert can_be_written("en")


def test_what_is_made_after_speaking_has_that_languages_texts(qapp: QApplication) -> None:
    speak(qapp, "zh_CN")
    assert tr("menus", "File") == "文件"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消", "Qt's own buttons too"
    assert "Noto Sans CJK SC" in qapp.font().families()
    speak(qapp, "en")
    assert tr("menus", "File") == "File"
    assert len(qapp.font().families()) == 1


def test_the_window_changes_its_language_and_opens_what_was_open(
    hand: Hand, studio: Studio, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    hand.key(Qt.Key.Key_PageDown)
    hand.wait_image("field2.png")
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (60, 70))
    drawn = hand.window.session.document.read(hand.window.session.document.bounds).copy()
    assert drawn.any()
    assert titles(studio)[0] == "File"
    studio.window.actions_by_id["language.zh_CN"].trigger()
    qtbot.waitUntil(lambda: titles(studio)[0] == "文件", timeout=10_000)
    other = Hand(studio.window, qtbot)
    assert other.window is not hand.window
    other.wait_image("field2.png")
    document = other.window.session.document
    assert (document.read(document.bounds) == drawn).all()
    assert studio.window.actions_by_id["language.zh_CN"].isChecked()
    assert load_preferences().language == "zh_CN"
    # It is a window like any other: keys, edits, their names.
    other.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not document.read(document.bounds).any()
    assert studio.window.actions_by_id["edit.redo"].text() == "重做：画笔笔画"
    studio.window.actions_by_id["language.en"].trigger()
    qtbot.waitUntil(lambda: titles(studio)[0] == "File", timeout=10_000)
    assert load_preferences().language == "en"
    Hand(studio.window, qtbot).wait_image("field2.png")


def test_a_program_that_starts_speaks_what_was_chosen(
    studio: Studio, qtbot: QtBot, isolated_home: Path
) -> None:
    studio.change_language("zh_CN")
    again = Studio()
    assert titles(again)[0] == "文件"
    assert again.window.actions_by_id["language.zh_CN"].isChecked()
    again.window.close()
    again.close()
    (isolated_home / "preferences.json").write_text('{"language": "tlh"}')
    third = Studio()
    assert titles(third)[0] == "File", "one that it does not know is the machine's"
    third.window.close()
    third.close()


def test_a_chosen_language_without_letters_is_not_begun_with(
    qtbot: QtBot, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolated_home / "preferences.json").write_text('{"language": "zh_CN"}')
    monkeypatch.setattr(language_module.QFontDatabase, "families", lambda *_: [])
    studio = Studio()
    assert titles(studio)[0] == "File"
    studio.window.close()
    studio.close()


@pytest.mark.parametrize("busy", [Training, Proposing])
def test_the_language_stays_while_the_network_is_at_work(
    hand: Hand, studio: Studio, monkeypatch: pytest.MonkeyPatch, busy: type
) -> None:
    monkeypatch.setattr(busy, "is_busy", True)
    window = studio.window
    studio.change_language("zh_CN")
    assert studio.window is window
    assert window.isVisible()
    assert "change the language when it is done" in window.notice.text
    assert window.actions_by_id["language.en"].isChecked()
    monkeypatch.undo()


def test_the_language_changes_as_soon_as_what_is_read_has_been_read(
    hand: Hand, studio: Studio, folder: Path, qtbot: QtBot
) -> None:
    may_end = threading.Event()
    told: list[bool] = []
    studio.pool.submit(lambda: may_end.wait(30), told.append, told.append)
    studio.window.actions_by_id["language.zh_CN"].trigger()
    qtbot.wait(300)
    assert titles(studio)[0] == "File"
    may_end.set()
    qtbot.waitUntil(lambda: titles(studio)[0] == "文件", timeout=10_000)
    assert told == [True], "who waited for it was told before"


def test_the_language_stays_while_something_is_read_for_long(
    hand: Hand, studio: Studio, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(app_module, "_LANGUAGE_WAIT_MS", 400)
    may_end = threading.Event()
    studio.pool.submit(lambda: may_end.wait(30), lambda _: None, lambda _: None)
    studio.window.actions_by_id["language.zh_CN"].trigger()
    qtbot.waitUntil(lambda: "Something is still being read" in studio.window.notice.text, timeout=5_000)
    assert studio.window.actions_by_id["language.en"].isChecked()
    may_end.set()


def test_a_window_that_cannot_be_made_leaves_the_old_one(
    hand: Hand, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no window today")

    window = studio.window
    monkeypatch.setattr(app_module, "MainWindow", fails)
    with pytest.raises(RuntimeError):
        studio.change_language("zh_CN")
    assert studio.window is window
    assert window.isVisible()
    assert studio.app.quitOnLastWindowClosed()


def test_a_window_that_may_not_close_keeps_its_language(
    hand: Hand, studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.open(folder)
    window = studio.window
    monkeypatch.setattr(Session, "close_project", lambda _: False)
    monkeypatch.setattr(Problems, "give_up_changes", lambda _: False)
    studio.change_language("zh_CN")
    assert studio.window is window
    assert tr("menus", "File") == "File"
    assert window.actions_by_id["language.en"].isChecked()
    assert load_preferences().language == ""
    monkeypatch.undo()


def test_the_usual_class_is_shown_in_the_language_and_is_the_same_class(
    hand: Hand, studio: Studio, folder: Path, qtbot: QtBot
) -> None:
    hand.open(folder)
    studio.change_language("zh_CN")
    other = Hand(studio.window, qtbot)
    other.wait_image()
    window = other.window
    assert window.classes_panel.list.item(0).text() == "细胞"
    assert window.session.class_table.classes[0].name == "Cell", "what models and other languages know"
    assert window.classes.indices_of([ObjectClass("Cell"), ObjectClass("Nucleus")]) == [1, 2]


def test_a_language_without_letters_is_not_spoken(
    hand: Hand, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_module.QFontDatabase, "families", lambda *_: [])
    studio.change_language("zh_CN")
    assert titles(studio)[0] == "File"
    assert "fonts-noto-cjk" in studio.window.notice.text
    assert studio.window.actions_by_id["language.en"].isChecked()


def test_what_an_old_window_waited_for_is_told_to_nobody(qtbot: QtBot) -> None:
    pool, told, done = Pool(), [], []
    pool.submit(lambda: done.append(1), told.append, told.append, must_end=True)
    pool.change_audience()
    pool.submit(lambda: done.append(2), lambda _: told.append("new"), told.append)
    qtbot.waitUntil(lambda: told == ["new"], timeout=5_000)
    qtbot.wait(50)
    assert sorted(done) == [1, 2], "what must end is done all the same"
    assert told == ["new"]
    pool.close()
