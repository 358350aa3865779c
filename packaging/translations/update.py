"""Brings the translations up to date with the program's texts.

    python packaging/translations/update.py

Collects every text that a person reads from the sources: what `gui.translation` gets (`tr`, `mark`, under
whatever name they are imported) and the templates of errors and sentences that are made below the window.
Every resources/translations/unet_studio_*.ts keeps what is translated, loses what no source says any more
and gets what is new as unfinished; then `pyside6-lrelease` compiles it. Ends with 1 if something is not
translated yet.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "unet_studio"
FOLDER = ROOT / "resources" / "translations"
BASE = "UserError"
"""What errors for people are made of; its first text is a template."""
CARRIERS = {"Sentence": "sentences", "Failed": "errors"}
"""Other classes that carry a template, and its context."""

Text = tuple[str, str]
"""The context and the English text."""


class UnreadableTextError(Exception):
    """A text that a person reads is nowhere written out where it is used."""


def texts_of_program(package: Path = PACKAGE) -> list[Text]:
    """Every text of the sources, those of one module together, none twice. Raises UnreadableTextError."""
    modules = {path: ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))}
    errors = _error_classes(modules.values())
    carriers = CARRIERS | {name: "errors" for name, takes_template in errors.items() if takes_template}
    found: dict[Text, None] = {}
    for path, module in modules.items():
        try:
            found |= dict.fromkeys(texts_of_module(module, carriers, errors))
        except UnreadableTextError as error:
            raise UnreadableTextError(f"{path.relative_to(package)}:{error}") from None
    return list(found)


def _error_classes(modules: Iterable[ast.Module]) -> dict[str, bool]:
    """UserError and what is derived from it by name: whether it takes a template, or has one of its own."""
    classes = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    names: dict[str, bool] = {BASE: True}
    before = 0
    while len(names) > before:
        before = len(names)
        for one in classes:
            if any(_name(base) in names for base in one.bases):
                names[one.name] = _takes_template(one)
    return names


def _takes_template(error: ast.ClassDef) -> bool:
    """False for a class whose constructor has none among its arguments."""
    made = [item for item in error.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    return all(any(one.arg == "template" for one in item.args.args) for item in made)


def texts_of_module(
    module: ast.Module, carriers: Mapping[str, str], errors: Container[str]
) -> Iterator[Text]:
    """The texts that one module says or marks. `carriers`: classes that take a template, and its context;
    `errors`: classes whose constructors may say one."""
    translating = set(_names_of_translating(module))
    for scope, owner in _scopes(module):
        known = _assigned_texts(scope) | _returned_texts(module)
        for call in _calls_in(scope):
            name = _name(call.func)
            if name in translating:
                yield from _said(call)
            elif name in carriers:
                yield from ((carriers[name], text) for text in _template(call, known))
            elif name == "__init__" and owner in errors and owner != BASE:
                yield from (("errors", text) for text in _template(call, known))


def _said(call: ast.Call) -> Iterator[Text]:
    """What `tr` or `mark` is given, where it is written there; else it is a name of what was marked."""
    if len(call.args) != 2 or call.keywords:
        raise UnreadableTextError(f"{call.lineno}: {ast.unparse(call)}")
    context, text = call.args
    if isinstance(text, ast.JoinedStr | ast.BinOp):
        raise UnreadableTextError(f"{call.lineno}: {ast.unparse(call)}")
    if isinstance(context, ast.Constant) and isinstance(context.value, str):
        yield from ((context.value, one) for one in _literals(text))


def _template(call: ast.Call, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The texts that a carrier may be made with; none where it only hands on the template of another."""
    handed_on = False
    found: list[str] = []
    for value in [*call.args, *(one.value for one in call.keywords if one.arg == "template")]:
        handed_on |= _name(value) == "template"
        found += [text for text in _literals(value) if " " in text]
        found += known.get(_name(value.func) if isinstance(value, ast.Call) else _name(value), [])
    if not found and not handed_on:
        raise UnreadableTextError(f"{call.lineno}: {ast.unparse(call)}")
    yield from found


def _scopes(module: ast.Module) -> Iterator[tuple[ast.Module | ast.FunctionDef, str]]:
    """The module and every function in it, with the class that it is a method of."""
    yield module, ""
    owners = {
        id(item): node.name
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        for item in node.body
    }
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            yield node, owners.get(id(node), "")


def _names_of_translating(module: ast.Module) -> Iterator[str]:
    """What a module calls `tr` and `mark`."""
    known = {"tr", "mark"}
    yield from known
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "unet_studio.gui.translation":
            yield from (one.asname for one in node.names if one.name in known and one.asname)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in known:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _calls_in(scope: ast.Module | ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls of a scope, without those of the functions in it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting = [*ast.iter_child_nodes(node), *waiting]


def _returned_texts(module: ast.Module) -> dict[str, list[str]]:
    """By function of a module: what it returns, where that is text."""
    return {
        node.name: [
            text
            for inner in ast.walk(node)
            if isinstance(inner, ast.Return) and inner.value is not None
            for text in _literals(inner.value)
            if " " in text
        ]
        for node in module.body
        if isinstance(node, ast.FunctionDef)
    }


def _assigned_texts(scope: ast.AST) -> dict[str, list[str]]:
    """What is assigned to the names of a scope, where it is text."""
    out: dict[str, list[str]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    out.setdefault(target.id, []).extend(_literals(node.value))
    return out


def _literals(node: ast.expr) -> Iterator[str]:
    """A text, or either of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _name(node: ast.expr) -> str:
    """The last name of a.b.name."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def read_ts(path: Path, *, drafts: bool = False) -> dict[Text, str]:
    """The translations of a Qt Linguist file that are finished; with `drafts` those that are not, too."""
    out = {}
    for context in ET.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is None or not translation.text:
                continue
            if drafts or translation.get("type") is None:
                out[context.findtext("name", ""), message.findtext("source", "")] = translation.text
    return out


def write_ts(
    path: Path, language: str, texts: list[Text], known: dict[Text, str], drafts: dict[Text, str]
) -> None:
    """A Qt Linguist file of all texts; what is not known is unfinished, with its draft if there is one."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    for name, source in sorted(texts):
        if name not in contexts:
            contexts[name] = ET.SubElement(root, "context")
            ET.SubElement(contexts[name], "name").text = name
        message = ET.SubElement(contexts[name], "message")
        ET.SubElement(message, "source").text = source
        translation = ET.SubElement(message, "translation")
        translation.text = known.get((name, source)) or drafts.get((name, source))
        if (name, source) not in known:
            translation.set("type", "unfinished")
    ET.indent(root, " ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    path.write_text(head + ET.tostring(root, encoding="unicode") + "\n", "utf-8")


def main() -> int:
    """See the module."""
    texts = texts_of_program()
    missing = 0
    for path in sorted(FOLDER.glob("unet_studio_*.ts")):
        known = read_ts(path)
        drafts = read_ts(path, drafts=True)
        write_ts(path, path.stem.removeprefix("unet_studio_"), texts, known, drafts)
        lacking = [text for text in texts if text not in known]
        missing += len(lacking)
        for context, text in lacking:
            print(f"{path.name}: {context}: {text}")
        lrelease = shutil.which("pyside6-lrelease", path=sysconfig.get_path("scripts"))
        subprocess.run([lrelease or "lrelease", "-silent", path, "-qm", path.with_suffix(".qm")], check=True)
        print(f"{path.name}: {len(texts) - len(lacking)} of {len(texts)} texts")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
