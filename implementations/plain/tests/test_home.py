"""Where the pipelines keep what they write: nobody else's to read, unless the reader has made the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from churn import home


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_a_new_home_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers and what is predicted of them lie in it."""
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "above" / "home"))
    assert home.folder("frames", "1").is_dir()
    assert mode(tmp_path / "above" / "home") == 0o700


def test_a_home_that_is_there_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it may want to share it."""
    tmp_path.chmod(0o755)
    monkeypatch.setenv("CHURN_HOME", str(tmp_path))
    home.folder("predictions")
    assert mode(tmp_path) == 0o755
