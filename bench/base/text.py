"""Text on its way out: nothing in it steers a terminal, and it takes no credentials along."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

_STEERING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, line separators, what turns the direction of text, and codes that are no characters."""

_SUBSTITUTES: Final = {"≠": "!=", "→": "->"}
"""Signs of ours, for terminals that lack them."""

_AT_SIGNS: Final = "@\uff20\ufe6b"
"""The sign, and the two that Unicode takes for it: whoever writes Chinese or Japanese types one of these by mistake."""

_LOGIN_BEGINS: Final = (
    # Two slashes, or one where a URL was taken for a path. Three are followed by a path.
    re.compile(r"[A-Za-z0-9+.-]:/{1,2}(?!/)"),
    # Without a scheme, or behind a slash too many: a user and a colon. A time begins with no letter, and C:\ is a drive.
    re.compile(r"""(?<![\w.+-])(?!mailto:)(?=[^\W\d][^\s/:@='"]{0,99}:(?![/\\]))"""),
)
"""What is before a login; the first one that is found counts."""

_MARK: Final = r"(?:[?&;#=]|%(?:26|3[BDF]))"
"""What is before a name in a query, and, encoded or not, in a value of it: drivers of databases have a list in one value."""

_LETTER: Final = rf"(?:(?!{_MARK})\S)"

_SECRET: Final = re.compile(
    rf"""
    ({_MARK}
    (?: {_LETTER}{{0,99}}? (?:passw|passphrase|pwd|secret|token|key|signature|credential|bearer|shared_?access)
        {_LETTER}{{0,99}}
      | x-(?:amz|goog)-{_LETTER}{{0,99}}
      | pass | pw | sig | auth | auth[_-]?header | code)
    (?:=|%3D))
    ([^&\s]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Query values that open something: passwords, tokens, and what signs a URL at Amazon, Google and Azure."""


def visible(text: str, *, encoding: str = "utf-8", lines: bool = False) -> str:
    """Return the text with escapes for what steers a terminal or cannot be encoded; `lines` keeps the ends of lines."""
    shown = _STEERING.sub(lambda found: found[0] if lines and found[0] == "\n" else _escape(found[0]), text)
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        for sign, substitute in _SUBSTITUTES.items():
            shown = shown.replace(sign, substitute)
        return shown.encode(encoding, "backslashreplace").decode(encoding)
    return shown


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def masked(text: str) -> str:
    """Return the text without the credentials that are in its URLs."""
    if not any(sign in text for sign in ("=", "%", *_AT_SIGNS)):  # as almost everywhere: a page has thousands of texts
        return text
    return re.sub(r"\S+", lambda word: masked_url(word[0]), text)


def masked_url(url: str) -> str:
    """Return a URL without its credentials, whatever characters they have; in the worst case, more of it is hidden."""
    begins, ends = _login(url)
    return _SECRET.sub(_masked_value, url[:begins] + MASK + url[ends:] if begins < ends else url)


def login_of(url: str) -> str:
    """Return the name and the password that are in a URL."""
    begins, ends = _login(url)
    return url[begins:ends]


def _login(url: str) -> tuple[int, int]:
    """Return where they begin and end: at the last @, as people forget to encode a / or an @ in them."""
    ends = max(0, *map(url.rfind, _AT_SIGNS))
    found = (pattern.search(url, 0, ends) for pattern in _LOGIN_BEGINS)
    return next(((each.end(), ends) for each in found if each), (0, 0))


def _masked_value(found: re.Match[str]) -> str:
    name, value = found.groups()
    behind = value[len(value.rstrip("'\"`).,;:]}>")) :]  # of the sentence around the URL
    return f"{name}{MASK}{behind}"
