"""Texts a person reads: English source, translated by Qt."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from unet_studio.core.errors import UserError
from unet_studio.core.sentences import Sentence


def tr(context: str, text: str) -> str:
    """`text` in the person's language; `context` is the name of the module that says it."""
    return QCoreApplication.translate(context, text)


def mark(context: str, text: str) -> str:  # noqa: ARG001 - read by lupdate
    """`text` itself, marked as one that `tr` will be asked for later."""
    return text


def in_a_row(sentences: Iterable[str]) -> str:
    """Sentences one after the other, as the language does it: Chinese leaves no space after a full stop."""
    text = ""
    for sentence in filter(None, sentences):
        both = tr("sentences", "{first} {second}")
        text = both.format(first=text, second=sentence) if text else sentence
    return text


def sentence_text(sentence: Sentence) -> str:
    """A sentence from below the window in the person's language."""
    return tr("sentences", sentence.template).format(**sentence.values)


def error_text(error: UserError) -> str:
    """The sentence of an error in the person's language."""
    return tr("errors", error.template).format(**error.values)
