"""Text on its way out: nothing in it steers a terminal, and it takes no credentials along."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, what turns the direction of text, and halves of characters, which have no code."""

_SUBSTITUTES: Final = {"≠": "!=", "→": "->"}
"""Signs of ours, for terminals that lack them."""

_LOGIN_BEGINS: Final = re.compile(r"[A-Za-z0-9+.-]:/{1,2}(?!/)")
"""What a login follows: two slashes, or one where a URL was taken for a path. Three are followed by a path."""

_QUERY: Final = re.compile(r"([?&;#])([^=&?#;\s]{1,100})=([^&\s]+)")

_SECRET: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|key|signature|credential|^x-(amz|goog)-|^(pass|pw|sig|auth|code)$", re.IGNORECASE
)
"""The names of query values that open something: passwords, tokens, and what signs a URL at Amazon, Google and Azure."""


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
    return re.sub(r"\S+", lambda word: masked_url(word[0]), text) if ":/" in text or "=" in text else text


def masked_url(url: str) -> str:
    """Return a URL without its credentials, whatever characters they have; in the worst case, more of it is hidden."""
    begins, ends = _login(url)
    return _QUERY.sub(_masked_value, url[:begins] + MASK + url[ends:] if begins < ends else url)


def login_of(url: str) -> str:
    """Return the name and the password that are in a URL."""
    begins, ends = _login(url)
    return url[begins:ends]


def _login(url: str) -> tuple[int, int]:
    """Return where they begin and end: at the last @, as people forget to encode a / or an @ in them."""
    scheme, at = _LOGIN_BEGINS.search(url), url.rfind("@")
    return (scheme.end(), at) if scheme and scheme.end() < at else (0, 0)


def _masked_value(found: re.Match[str]) -> str:
    mark, name, value = found.groups()
    behind = value[len(value.rstrip("'\"`).,;:]}>")) :]  # of the sentence around the URL
    return f"{mark}{name}={MASK}{behind}" if _SECRET.search(name) else found[0]
