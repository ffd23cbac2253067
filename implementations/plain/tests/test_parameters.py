"""What can be chosen is checked where it is chosen: a name becomes a part of a path."""

from __future__ import annotations

import pytest

from churn.parameters import Common, Inference, Training
from churn.problem import BadParameters


@pytest.mark.parametrize("kind", [Training, Inference])
@pytest.mark.parametrize("field", ["model", "alias"])
@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "../../evil/x", "/etc/x", "a\\b", "a b", "a\n", "a\0", "a'b", "x" * 101, 7, None],
)
def test_what_is_no_name_is_refused(kind: type[Common], field: str, name: object) -> None:
    """A name that leads out of a folder, or that a file or a query cannot hold, is refused in one line that says which."""
    with pytest.raises(BadParameters) as refusal:
        kind(**{field: name})  # type: ignore[arg-type]
    assert field in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_an_experiment_is_a_name_too() -> None:
    """The folder of models is called after it."""
    with pytest.raises(BadParameters):
        Training(experiment="../x")


@pytest.mark.parametrize("name", ["churn", "churn_prefect_2_1", "v1.2", "EU-west", "-x", "_", "x" * 100])
def test_a_name_is_taken(name: str) -> None:
    """Letters, digits, dashes, underscores and dots make a name."""
    assert Training(model=name, alias=name, experiment=name).model == name
