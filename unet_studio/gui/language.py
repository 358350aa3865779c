"""The languages of the window: which there are, which is the person's, and speaking one of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from unet_studio.settings.locations import resources_folder

SOURCE = "en"
"""What the program's texts are written in."""
_PREFIX = "unet_studio_"
_WRITING = {"zh": QFontDatabase.WritingSystem.SimplifiedChinese}
"""By language, what it is written in; without an entry: Latin letters, which every font has."""
_FONTS = {
    "zh": (
        "Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    )
}  # fmt: skip
"""For letters that the machine's own font lacks: left to itself, Qt may take Japanese forms, or bold ones."""


def languages() -> tuple[str, ...]:
    """The codes of the languages that the window speaks: English, and those that were translated."""
    translated = sorted(path.stem.removeprefix(_PREFIX) for path in _folder().glob(f"{_PREFIX}*.qm"))
    return (SOURCE, *translated)


def name_of(language: str) -> str:
    """What its speakers call a language."""
    return "English" if language == SOURCE else QLocale(language).nativeLanguageName()


def usual_language() -> str:
    """The first of the languages that this machine is set to which the window speaks, and can write."""
    known = {QLocale(code).language(): code for code in reversed(languages())}
    for wanted in QLocale.system().uiLanguages():
        found = known.get(QLocale(wanted).language())
        if found is not None and can_be_written(found):
            return found
    return SOURCE


def can_be_written(language: str) -> bool:
    """True if a font of this machine has the letters."""
    writing = _WRITING.get(language.partition("_")[0])
    return writing is None or bool(QFontDatabase.families(writing))


def speak(app: QApplication, language: str) -> None:
    """What is made from now on speaks this language, Qt's own dialogs too. What is there already keeps its
    texts."""
    for translator in app.findChildren(QTranslator):
        app.removeTranslator(translator)
        translator.deleteLater()
    # A font of one family is the machine's own; those that follow it are ours.
    font = app.font()
    font.setFamilies([font.families()[0], *_FONTS.get(language.partition("_")[0], ())])
    app.setFont(font)
    if language == SOURCE:
        return
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    # Of two that know a text the later one is asked first.
    for file in (Path(qt_folder) / f"qtbase_{language}.qm", _folder() / f"{_PREFIX}{language}.qm"):
        translator = QTranslator(app)
        if translator.load(str(file)):
            app.installTranslator(translator)


def _folder() -> Path:
    return resources_folder() / "translations"
