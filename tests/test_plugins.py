import pytest

from vong import plugins
from vong.errors import NotFound


@pytest.mark.parametrize("kind", plugins.EXTENSION_KINDS)
def test_every_built_in_extension_loads(kind: plugins.ExtensionKind) -> None:
    assert plugins.list_extensions(kind)
    for name in plugins.list_extensions(kind):
        assert callable(plugins.load_extension(kind, name))


def test_an_unknown_extension_suggests_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="did you mean 'rouge'"):
        plugins.load_extension("scorer", "roug")
