"""What may be shown of a path or a URL: passwords and signatures stay out of error lines and records."""

from __future__ import annotations

import re
from urllib.parse import unquote


def shown(where: str) -> str:
    """Return a path as it is, and of a URL what holds no secret: no user, no password, no query, no fragment."""
    scheme, is_url, rest = where.partition("://")
    if not is_url:
        return where
    user, _, address = rest.rpartition("@")
    if re.search(r"[@/?#;]", user):  # a password may hold any character: nobody can tell where this one ends
        return f"{scheme}://..."
    return f"{scheme}://{re.split('[?#;]', address)[0]}"


def login_apart(url: str) -> tuple[str, str, str]:
    """Return a URL without its login, the user, and the password; it ends at the last @, as people forget to encode one."""
    scheme, _, rest = url.partition("://")
    login, _, address = rest.rpartition("@")
    user, _, password = login.partition(":")
    return f"{scheme}://{address}", unquote(user), unquote(password)
