"""Drafts that are complete -> the records of functions, classes and main blocks."""

import ast
from collections.abc import Mapping

from canonry.source.facts import ClassFact, FunctionFact, MainBlock
from canonry.source.python.bodies import body_digest
from canonry.source.python.draft import Draft
from canonry.source.python.scope import Scope, parameters
from canonry.source.python.shapes import class_attributes, class_marks, is_named, start_of_tests, switched_off
from canonry.source.syntax.text import SourceText


def function_fact(node: ast.FunctionDef | ast.AsyncFunctionDef, draft: Draft, text: SourceText) -> FunctionFact:
    """The record of a function."""
    is_async = node.__class__ is ast.AsyncFunctionDef
    words = f"async def {node.name}" if is_async else f"def {node.name}"
    return FunctionFact(
        node.name,
        draft.symbol,
        draft.owner,
        draft.nested,
        is_async,
        text.header(node, words=words, symbol=draft.symbol),
        draft.decorators,
        draft.asserts,
        draft.raises,
        draft.generator,
        () if draft.asserts else draft.references(),
        draft.returns,
        draft.swallows(text) if draft.swallowing else (),
        draft.nested and not draft.owner and node.name.startswith("test") and is_named(draft),
        tuple(parameters(node.args)) if draft.decorators or node.name.startswith(("test", "__init__")) else (),
        draft.raised,
        draft.placeholder,
        draft.guarded > 0 and draft.guarded == draft.asserts and not draft.raised,
    )


def class_fact(
    node: ast.ClassDef,
    draft: Draft,
    bases: tuple[str, ...],
    decorators: tuple[str, ...],
    scope: Scope,
    text: SourceText,
) -> ClassFact:
    """The record of a class in a scope, by the draft of its body; ``bases`` and ``decorators`` are references."""
    qualname = draft.symbol
    methods = [s.name for s in node.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    init = next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)
    return ClassFact(
        node.name,
        qualname,
        bases,
        tuple(methods),
        tuple(class_attributes(node)),
        decorators,
        class_marks(node.body, scope),
        text.header(node, words=f"class {node.name}", symbol=qualname),
        draft.nested,
        not switched_off(node),
        text.header(init, words="def __init__", symbol=f"{qualname}.__init__") if init else None,
        0 if any(name.startswith("test") for name in methods) else body_digest(node, text),
    )


def main_block(node: ast.If, block: Draft, drafts: Mapping[str, Draft], text: SourceText) -> MainBlock:
    """The record of a main block, with what it starts in the functions of this file, whose drafts are given by name."""
    starts: dict[str, None] = {}
    direct = False
    seen: set[str] = set()
    waiting = [block]
    while waiting:
        draft = waiting.pop()
        direct = direct or draft.starts_tool
        for call in draft.references():
            kind = start_of_tests(call)
            if kind:
                starts[kind] = None
            name = f"{draft.self_owner}.{call[5:]}" if call.startswith("self.") else call.removeprefix(":")
            if name not in seen and (call[0] in ":s") and name in drafts and name:
                seen.add(name)
                waiting.append(drafts[name])
    site = text.header(node, words='if __name__ == "__main__"', symbol="__main__")
    return MainBlock(site, tuple(starts), direct)
