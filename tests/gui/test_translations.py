"""Every text that a person reads is found, goes through Qt's translation, and is translated."""

from __future__ import annotations

import ast
import importlib.util
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QGroupBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui.hand import Hand, at_next_dialog
from unet_studio.gui.app import Studio

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "resources" / "translations"
FILES = sorted(TRANSLATIONS.glob("unet_studio_*.ts"))


def load_updater() -> ModuleType:
    path = ROOT / "packaging" / "translations" / "update.py"
    spec = importlib.util.spec_from_file_location("update_translations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


update = load_updater()


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


# Found


def texts_of(source: str) -> list[tuple[str, str]]:
    errors = {"UserError", "JobFailed", "MissingImageError"}
    carriers = update.CARRIERS | {"UserError": "errors", "JobFailed": "errors"}
    return list(update.texts_of_module(ast.parse(source), carriers, errors))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('tr("menus", "File")', [("menus", "File")]),
        ('from unet_studio.gui.translation import mark as _m\nX = _m("menus", "File")', [("menus", "File")]),
        ('_T = mark\nX = (_T("a", "B"), _T("a", "C"))', [("a", "B"), ("a", "C")]),
        ('tr("a", "One" if n == 1 else "More")', [("a", "One"), ("a", "More")]),
        ('raise UserError("It is so: {why}.", why=1)', [("errors", "It is so: {why}.")]),
        ('JobFailed("crash", "It ended early.")', [("errors", "It ended early.")]),
        ('def f():\n    text = "So it is."\n    return Sentence(text, {})', [("sentences", "So it is.")]),
        (
            'def why(n):\n    return "It is so." if n else "It is not."\n\nJobFailed("crash", why(1))',
            [("errors", "It is so."), ("errors", "It is not.")],
        ),
        (
            'class MissingImageError:\n    def __init__(self, n):\n        super().__init__("It is gone.", n=n)',
            [("errors", "It is gone.")],
        ),
        ("JobFailed(event.kind, event.template, **event.values)", []),
        ('ValueError("for programs only")', []),
    ],
)
def test_texts_are_found_wherever_they_are_written(source: str, found: list[tuple[str, str]]) -> None:
    assert texts_of(source) == found


@pytest.mark.parametrize(
    "source",
    ["UserError(nobody_knows)", 'tr("a", f"{n} cells")', 'tr("a", "two " + "parts")', 'tr("a", text="One")'],
)
def test_a_text_that_cannot_be_found_is_an_error(source: str) -> None:
    with pytest.raises(update.UnreadableTextError, match=r"^1: "):
        texts_of(source)


def test_what_a_translator_has_begun_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "unet_studio_de.ts"
    path.write_text('<TS version="2.1" language="de"/>')
    texts = [("menus", "File"), ("menus", "Edit"), ("menus", "Help")]
    update.write_ts(path, "de", texts, {("menus", "File"): "Datei"}, {("menus", "Edit"): "Bearb"})
    assert update.read_ts(path) == {("menus", "File"): "Datei"}
    drafts = update.read_ts(path, drafts=True)
    assert drafts == {("menus", "File"): "Datei", ("menus", "Edit"): "Bearb"}


# Translated


def test_there_are_translations() -> None:
    assert [path.name for path in FILES] == ["unet_studio_zh_CN.ts"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_translated_and_none_too_many(path: Path) -> None:
    known, texts = update.read_ts(path), set(update.texts_of_program())
    assert texts - known.keys() == set(), "python packaging/translations/update.py tells what is new"
    assert known.keys() - texts == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_translations_name_the_same_values_and_end_alike(path: Path) -> None:
    for (_, source), translation in update.read_ts(path).items():
        assert fields(translation) == fields(source), source
        assert translation.endswith("…") == source.endswith("…"), source
        assert translation.count("\n") == source.count("\n"), source
        assert translation == translation.strip() or source != source.strip(), source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_compiled_is_what_the_translators_wrote(path: Path) -> None:
    translator = QTranslator()
    assert translator.load(str(path.with_suffix(".qm")))
    for (context, source), translation in update.read_ts(path).items():
        assert translator.translate(context, source) == translation


# Asked for

_OPEN, _CLOSE = "⟦", "⟧"
_SAME_EVERYWHERE = re.compile(
    r"U-Net Studio|nuclei(-\d+)?|standard|English|简体中文|field\d\.png|fields|(Ctrl|Shift|Alt)\+|[KMG]iB|Esc|AP50|"
    r"(Return|Enter|Del|Backspace|Home|PgUp|PgDown|Space|Tab)\b|(?<![A-Za-z])[A-Z](?![A-Za-z])|F\d+|/\S+|px"
)


class Bracketing(QTranslator):
    """A language whose words are the English ones in brackets."""

    def translate(self, context: str, source: str, *_: object) -> str:
        return f"{_OPEN}{source}{_CLOSE}"


@pytest.fixture
def brackets(qapp: QApplication) -> Iterator[None]:
    translator = Bracketing()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def shown(widget: QWidget) -> Iterator[str]:
    """What a person can read on a widget and on those in it."""
    for one in (widget, *widget.findChildren(QWidget)):
        yield one.toolTip()
        if isinstance(one, QDialog):
            yield one.windowTitle()
        if isinstance(one, QLabel | QAbstractButton):
            yield one.text()
        if isinstance(one, QGroupBox):
            yield one.title()
        if isinstance(one, QLineEdit):
            yield one.placeholderText()
        if isinstance(one, QComboBox):
            yield from (one.itemText(row) for row in range(one.count()))
        if isinstance(one, QTabBar):
            yield from (one.tabText(tab) for tab in range(one.count()))
        if isinstance(one, QTableView):
            header = one.horizontalHeader()
            columns = range(header.count())
            yield from (str(one.model().headerData(c, Qt.Orientation.Horizontal) or "") for c in columns)
    for action in widget.findChildren(QAction):
        yield action.text()
        yield action.toolTip()


def untranslated(widget: QWidget) -> set[str]:
    """What is left of the texts without what is translated and what is the same in every language."""
    left = set()
    for text in shown(widget):
        plain = re.sub(r"<[^>]*>|&(?=\S)", "", text)
        while _OPEN in plain:  # A name in a sentence is bracketed by itself.
            before, plain = plain, re.sub(rf"{_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE}", "", plain)
            if plain == before:
                break
        if re.search(r"[A-Za-z]{2}", _SAME_EVERYWHERE.sub("", plain)):
            left.add(text)
    return left


def test_what_goes_past_the_translation_is_seen(qtbot: QtBot) -> None:
    label = QLabel(f"{_OPEN}Model {_CLOSE}")
    qtbot.addWidget(label)
    assert untranslated(label) == set()
    label.setToolTip("A tip nobody translates")
    assert untranslated(label) == {"A tip nobody translates"}


def test_no_text_of_the_window_goes_past_the_translation(
    brackets: None, studio: Studio, folder: Path, qtbot: QtBot
) -> None:
    window, hand = studio.window, Hand(studio.window, qtbot)
    assert untranslated(window) == set()
    hand.open(folder)
    hand.wait_proposals()
    hand.key(Qt.Key.Key_A)
    hand.key(Qt.Key.Key_C)
    qtbot.waitUntil(lambda: window.session.saving.waiting == 0, timeout=10_000)
    assert untranslated(window) == set()
    for tool in window.tool_box.tools:
        window.use_tool(tool)
        assert untranslated(window) == set(), tool


@pytest.mark.parametrize(
    "command",
    [
        "train.fine_tune",
        "train.new",
        "file.export",
        "help.shortcuts",
        "help.palette",
        "help.machine",
        "help.about",
    ],
)
def test_no_text_of_a_dialog_goes_past_the_translation(
    brackets: None, studio: Studio, folder: Path, qtbot: QtBot, command: str
) -> None:
    window, hand = studio.window, Hand(studio.window, qtbot)
    hand.open(folder)
    hand.key(Qt.Key.Key_B)
    hand.drag((40, 40), (60, 70))
    hand.key(Qt.Key.Key_C)
    found: list[set[str]] = []

    def look_at(dialog: QDialog) -> None:
        found.append(untranslated(dialog))
        dialog.reject()

    at_next_dialog(QDialog, look_at)
    window.actions_by_id[command].trigger()
    assert found == [set()]
    assert QCoreApplication.translate("menus", "File") == f"{_OPEN}File{_CLOSE}", "it was asked"
