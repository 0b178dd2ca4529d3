import pytest

from vong import plugins
from vong.errors import NotFound


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_every_built_in_extension_loads(kind: plugins.Kind) -> None:
    assert plugins.names(kind)
    for name in plugins.names(kind):
        assert callable(plugins.load(kind, name))


def test_an_unknown_extension_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 'rouge'"):
        plugins.load("scorer", "roug")
