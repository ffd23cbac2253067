"""A Python file, read by its syntax tree: where the parts are, which lines are code, and what the file imports."""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from collections.abc import Iterator, Sequence
from typing import Final

_LAYOUT: Final = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Source:
    """The text of a module; rows count from 1, as in an editor."""

    def __init__(self, text: str) -> None:
        """Read the text, or raise SyntaxError or ValueError if it is not Python, or not for this version of Python."""
        try:
            self._body = ast.parse(text).body
            self.code = _rows_of_code(text)
        except (RecursionError, MemoryError, tokenize.TokenError):  # `1+1+1...` makes a tree as deep as it is long
            raise ValueError("it is no program that anybody has written") from None
        self.lines = text.split("\n")

    def rows_of(self, path: Sequence[str]) -> Sequence[int]:
        """Return the rows of what the names lead to, such as a class and a method; no rows if they lead nowhere."""
        body, rows = self._body, range(0)
        for name in path:
            statement = next((each for each in body if name in _names(each)), None)
            if statement is None:
                return []
            rows = self._span(body, statement)
            body = getattr(statement, "body", [])
        return rows

    def rows_without_imports(self) -> Sequence[int]:
        """Return all rows without imports and the empty rows below them, from the first to the last that is not empty."""
        rows = set(range(1, len(self.lines) + 1))
        for statement in filter(_only_imports, self._body):
            span = self._span(self._body, statement)
            rows -= {*span, *itertools.takewhile(self._is_empty, range(span.stop, len(self.lines) + 1))}
        written = [row for row in rows if not self._is_empty(row)]
        return sorted(row for row in rows if min(written) <= row <= max(written)) if written else []

    def imports(self, package: str) -> Iterator[set[str]]:
        """Yield the files of the package that each import may name, wherever it is."""
        for statement in (each for top in self._body for each in ast.walk(top)):
            match statement:
                case ast.Import():
                    modules = [alias.name for alias in statement.names]
                case ast.ImportFrom():
                    origin = ".".join(filter(None, [package if statement.level else "", statement.module]))
                    modules = [origin, *(f"{origin}.{alias.name}" for alias in statement.names)]
                case _:
                    continue
            inside = [each.removeprefix(f"{package}.") for each in modules if each.startswith(f"{package}.")]
            yield {f"{each.replace('.', '/')}.py" for each in inside}

    def _span(self, body: Sequence[ast.stmt], statement: ast.stmt) -> range:
        """Return the rows of a statement, with the decorators and comments above it and the text below a value."""
        at = body.index(statement)
        top = _rows(body[at - 1]).stop if at else 1
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])
        while first > top and self.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        is_value = isinstance(statement, ast.Assign | ast.AnnAssign)
        last = body[at + 1] if is_value and at + 1 < len(body) and _is_text(body[at + 1]) else statement
        return range(first, _rows(last).stop)

    def _is_empty(self, row: int) -> bool:
        return not self.lines[row - 1].strip()


def _rows(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives to something."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign(targets=targets):
            named: Sequence[ast.expr | None] = targets
        case ast.AnnAssign(target=target):
            named = [target]
        case ast.With(items=items):
            named = [item.optional_vars for item in items]
        case _:
            named = []
    return {each.id for each in named if isinstance(each, ast.Name)}


def _only_imports(statement: ast.stmt) -> bool:
    """Whether a statement only imports, perhaps only for the type checker."""
    if isinstance(statement, ast.If):
        return all(map(_only_imports, [*statement.body, *statement.orelse]))
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _rows_of_code(text: str) -> set[int]:
    """Return the rows with code; a string that is a whole statement is no code, be it a docstring or not."""
    rows: set[int] = set()
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            if any(each.type != tokenize.STRING for each in statement):
                rows |= {row for each in statement for row in range(each.start[0], each.end[0] + 1)}
            statement = []
        elif token.type not in _LAYOUT:
            statement.append(token)
    return rows
