"""What may be shown of a path or a URL: passwords and signatures stay out of error lines and records."""

from __future__ import annotations

import re


def shown(where: str) -> str:
    """Return a path as it is, and of a URL what holds no secret: no user, no password, no query, no fragment."""
    scheme, is_url, rest = where.partition("://")
    if not is_url:
        return where
    user, _, address = rest.rpartition("@")
    if re.search(r"[@/?#;]", user):  # a password may hold any character: nobody can tell where this one ends
        return f"{scheme}://..."
    return f"{scheme}://{re.split('[?#;]', address)[0]}"
