"""The public names are exactly those that are promised, and each is there."""

import harness


def test_public_names_are_sorted_and_few() -> None:
    assert harness.__all__ == sorted(harness.__all__)
    assert len(harness.__all__) <= 25


def test_every_public_name_is_there_and_listed() -> None:
    assert dir(harness) == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name).__name__.lower().replace("_", "") == name.lower() or name == "Rounds"
