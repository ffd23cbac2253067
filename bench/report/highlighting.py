"""Python in colours: the code of an excerpt as HTML."""

from __future__ import annotations

import itertools
from typing import Final

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
from pygments.token import Comment, Keyword, Name, Number, Operator, String  # type: ignore[import-untyped]

from bench.base.text import visible

_KINDS: Final = (
    ("k", (Keyword, Operator.Word)),
    ("s", (String,)),
    ("c", (Comment,)),
    ("n", (Name.Function, Name.Class, Name.Decorator)),
    ("m", (Number,)),
)
"""The classes of the style sheet, and what Pygments calls that."""

_LEXER: Final = PythonLexer(stripnl=False, ensurenl=False, tabsize=8)


def highlighted(text: str) -> Markup:
    """Return the code as HTML; whatever it holds is text, and stands where Python has it."""
    html = []
    for kind, tokens in itertools.groupby(_LEXER.get_tokens(text), lambda token: _kind(token[0])):
        value = escape(visible("".join(value for _, value in tokens), lines=True))
        html.append(Markup('<span class="{}">{}</span>').format(kind, value) if kind else value)
    return Markup().join(html)


def _kind(token: object) -> str:
    return next((kind for kind, types in _KINDS if any(token in each for each in types)), "")
