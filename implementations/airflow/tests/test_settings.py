"""The keys and the password by which Airflow's servers know each other."""

from __future__ import annotations

import warnings
from configparser import RawConfigParser
from pathlib import Path

import jwt
from airflow.configuration import conf

from churn_airflow.adapter import settings
from contract.adapter import Setup

HEX_KEYS = {("api", "secret_key"), ("api_auth", "jwt_secret")}


def keys(home: Path) -> dict[tuple[str, str], str]:
    """Return the keys that a start writes for its servers."""
    home.mkdir()
    setup = Setup("service", "local_executor", "stock", 2, home)
    settings.write_config(home, settings.of_service(setup), 8080)
    config = RawConfigParser()
    config.read(home / "airflow.cfg")
    return {key: config.get(*key) for key in (*HEX_KEYS, ("core", "fernet_key"))}


def test_tuned_is_a_tenth_of_each_default(tmp_path: Path) -> None:
    """Low-latency settings follow one rule, and change nothing else."""
    profiles = [
        settings.of_service(Setup("service", "local_executor", profile, 2, tmp_path)) for profile in ("stock", "tuned")
    ]
    stock, tuned = ({each.name: each for each in profile} for profile in profiles)
    assert stock.items() < tuned.items()
    changed = [tuned[name] for name in tuned.keys() - stock.keys()]
    assert [each.name for each in changed if float(each.value) != float(each.default) / 10] == []


def test_what_is_said_to_be_a_default_is_one() -> None:
    """A run lists each changed setting beside its default; in words, where it is none, or made anew by each start."""
    for setting in (*settings.service(2), *settings.OBJECTS, *settings.TUNED):
        if setting.name.startswith("[") and setting.default not in ("none", settings.GENERATED):
            section, _, option = setting.name[1:].partition("] ")
            assert (setting.name, str(conf.get_default_value(section, option))) == (setting.name, setting.default)


def test_keys_are_new_for_each_start(tmp_path: Path) -> None:
    """No key of one start opens the servers of another one."""
    assert set(keys(tmp_path / "first").values()).isdisjoint(keys(tmp_path / "second").values())


def test_keys_are_long_enough(tmp_path: Path) -> None:
    """256 random bits at least; and as many as the signature of a token has, of which PyJWT warns otherwise."""
    found = keys(tmp_path / "home")
    assert all(len(bytes.fromhex(found[key])) >= 32 for key in HEX_KEYS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jwt.encode({"sub": "admin"}, found["api_auth", "jwt_secret"], algorithm="HS512")
