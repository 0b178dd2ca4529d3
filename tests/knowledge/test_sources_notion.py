"""Notion as a source: through its API and from exports."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.knowledge.notion_api import TOKEN, Workspace, page_id, rich_text
from tests.knowledge.source_site import Answer, SourceBench, allow, counts, open_site
from vong.errors import InvalidInput, Misconfigured
from vong.knowledge.sources.http import client as client_module
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.knowledge.sources.notion.blocks import BlockRenderer
from vong.knowledge.sources.notion.client import parse_id
from vong.knowledge.sources.notion.export import MIN_BOMB_BYTES, NotionExportConnector
from vong.knowledge.sources.notion.rich_text import property_text, stable_url
from vong.store.blobs import BlobStore
from vong.store.database import Database

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr(SourceHttpClient, "_wait_for_turn", lambda *_: None)
    monkeypatch.setattr(client_module, "FIRST_RETRY_SECONDS", 0.001)
    with open_site() as site:
        yield Workspace(site)


@pytest.fixture
def bench(database: Database, project_id: UUID, tmp_path: Path) -> SourceBench:
    return SourceBench(database, project_id, BlobStore((tmp_path / "blobs").as_uri()))


def archive(files: dict[str, bytes | str]) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    target.seek(0)
    return target


def test_the_block_tree_becomes_markdown(workspace: Workspace) -> None:
    block = workspace.block
    text = lambda value, **marks: rich_text(value, **marks)  # noqa: E731
    rows = [block("table_row", cells=[text("Lamp"), text("a|b")]), block("table_row", cells=[text("Oil"), text("7")])]
    id = workspace.add_page(
        1,
        "Shop",
        block("heading_2", rich_text=text("Prices")),
        block("paragraph", rich_text=[*text("See "), *text("the list ", href="https://x.test/a", bold=True)]),
        block("bulleted_list_item", block("numbered_list_item", rich_text=text("inner")), rich_text=text("outer")),
        block("bulleted_list_item", rich_text=text("second")),
        block("to_do", rich_text=text("call"), checked=True),
        block("toggle", block("paragraph", rich_text=text("hidden")), rich_text=text("Question")),
        block("code", rich_text=text("a = ```1```"), language="python"),
        block("table", *rows, table_width=2),
        block("quote", rich_text=text("said")),
        block("column_list", block("column", block("paragraph", rich_text=text("left")))),
        block("image", type="file", file={"url": "https://prod-files.s3.amazonaws.com/a.png?X-Amz-Date=1"}),
        block("equation", expression="x^2"),
        block("unsupported"),
        workspace.child_page(page_id(2), "Below"),
    )
    found = BlockRenderer(lambda block_id: workspace.blocks.get(block_id, [])).render(id)
    assert [reference.id for reference in found.references] == [page_id(2)]
    assert found.markdown.split("\n") == [
        *("## Prices", "", "See [**the list**](https://x.test/a) ".rstrip() + " ", ""),
        *("- outer", "    1. inner", "- second", "- [x] call", "", "**Question**", "", "hidden", ""),
        *("````python", "a = ```1```", "````", "", "| Lamp | a\\|b |", "| --- | --- |", "| Oil | 7 |", ""),
        *("> said", "", "left", "", "[Image](https://prod-files.s3.amazonaws.com/a.png)", "", "$$x^2$$", ""),
        "Page: Below",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "select", "select": {"name": "red"}}, "red"),
        ({"type": "select", "select": None}, ""),
        ({"type": "multi_select", "multi_select": [{"name": "a"}, {"name": "b"}]}, "a, b"),
        ({"type": "people", "people": [{"object": "user", "id": "7"}]}, ""),
        ({"type": "number", "number": 7.0}, "7"),
        ({"type": "checkbox", "checkbox": False}, "no"),
        ({"type": "date", "date": {"start": "2026-07-04", "end": "2026-07-05"}}, "2026-07-04 to 2026-07-05"),
        ({"type": "formula", "formula": {"type": "number", "number": 0}}, "0"),
        ({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "number", "number": 3}]}}, "3"),
        ({"type": "unique_id", "unique_id": {"prefix": "T", "number": 4}}, "T-4"),
        ({"type": "button", "button": {}}, ""),
        ({"type": "future", "future": {"x": 1}}, ""),
    ],
)
def test_properties_become_text(value: dict[str, object], text: str) -> None:
    assert property_text(value) == text


def test_all_shared_pages_and_rows_are_read_incrementally(workspace: Workspace, bench: SourceBench) -> None:
    first = workspace.add_page(1, "First", workspace.block("paragraph", rich_text=rich_text("one")))
    row = workspace.add_page(2, "Row", Status={"type": "select", "select": {"name": "sold"}})
    workspace.add_page(3, "Third")
    workspace.rows[page_id(9)] = [row]
    workspace.hidden_in_search = {row}
    workspace.install()
    bench.create("notion", api_url=workspace.site.url)
    services = allow(workspace.site.host, secret=TOKEN)
    assert counts(bench.sync(services)) == {"added": 3}
    path = "site/Row 00000002.md"
    assert bench.text(path) == "# Row\n\n- Status: sold\n"
    workspace.site.paths()
    assert counts(bench.sync(services)) == {"unchanged": 3}
    assert not [path for path in workspace.site.paths() if "/blocks/" in path or "/pages/" in path]
    workspace.pages[first]["last_edited_time"] = "2026-07-05T09:08:00.000Z"
    workspace.blocks[first][0]["paragraph"]["rich_text"] = rich_text("two")
    workspace.pages[page_id(3)]["in_trash"] = True
    assert counts(bench.sync(services)) == {"unchanged": 1, "changed": 1, "deleted": 1}


def test_a_page_that_the_search_misses_is_kept(workspace: Workspace, bench: SourceBench) -> None:
    for number in (1, 2, 3):
        workspace.add_page(number, f"Page {number}")
    workspace.install()
    bench.create("notion", api_url=workspace.site.url)
    services = allow(workspace.site.host, secret=TOKEN)
    bench.sync(services)
    workspace.hidden_in_search = {page_id(2), page_id(3)}
    assert counts(bench.sync(services)) == {"unchanged": 1}
    assert len(bench.paths()) == 3


def test_chosen_pages_are_read_with_everything_below(workspace: Workspace, bench: SourceBench) -> None:
    child = workspace.add_page(2, "Child", workspace.block("paragraph", rich_text=rich_text("inside")))
    row = workspace.add_page(3, "Row")
    database = {"object": "block", "id": page_id(9), "type": "child_database", "child_database": {"title": "Lamps"}}
    linked = {"object": "block", "id": page_id(8), "type": "child_database", "child_database": {"title": "View"}}
    workspace.add_page(1, "Root", workspace.child_page(child, "Child"), database, linked)
    workspace.add_page(5, "Elsewhere")
    workspace.rows[page_id(9)] = [row]
    workspace.install()
    bench.create(
        "notion", pages=[f"https://www.notion.so/Root-{page_id(1).replace('-', '')}?pvs=4"], api_url=workspace.site.url
    )
    services = allow(workspace.site.host, secret=TOKEN)
    assert counts(bench.sync(services)) == {"added": 4, "skipped": 1}
    assert [path.split(" ")[0] for path in bench.paths()] == ["site/Child", "site/Lamps", "site/Root", "site/Row"]
    workspace.site.paths()
    assert counts(bench.sync(services)) == {"unchanged": 4, "skipped": 1}
    assert not [path for path in workspace.site.paths() if "/blocks/" in path]


def test_a_refused_token_ends_the_sync_with_a_hint(workspace: Workspace, bench: SourceBench) -> None:
    workspace.add_page(1, "Page")
    workspace.install()
    bench.create("notion", api_url=workspace.site.url)
    with pytest.raises(Misconfigured, match="API token is invalid"):
        bench.sync(allow(workspace.site.host, secret="wrong"))
    assert "token of a Notion integration" in str(bench.last().hint)
    with pytest.raises(Misconfigured, match="no Notion token"):
        bench.sync(allow(workspace.site.host))


def test_rate_limits_are_waited_for(workspace: Workspace, bench: SourceBench) -> None:
    workspace.add_page(1, "Page")
    workspace.install()
    search = workspace.site.pages["/v1/search"]
    limited = [Answer(b'{"code":"rate_limited","message":"slow"}', 429, {"retry-after": "0"})]
    assert callable(search)
    workspace.site.pages["/v1/search"] = lambda headers, body: limited.pop() if limited else search(headers, body)
    bench.create("notion", api_url=workspace.site.url)
    assert counts(bench.sync(allow(workspace.site.host, secret=TOKEN))) == {"added": 1}


def test_ids_are_found_in_links() -> None:
    dashed = "01234567-89ab-cdef-0123-456789abcdef"
    for value in (ID, dashed, f"https://www.notion.so/team/My-page-{ID}?v=1#x", f"https://app.notion.com/p/{ID}"):
        assert parse_id(value) == dashed
    with pytest.raises(InvalidInput):
        parse_id("https://www.notion.so/My-page")
    assert stable_url("https://x.test/a?exp=1") == "https://x.test/a?exp=1"


def test_an_export_is_read_with_its_tables_and_inner_archives(bench: SourceBench) -> None:
    inner = archive(
        {
            f"Shop {ID}.md": "# Shop: lamps\n\nText",
            f"Shop {ID}/Lamps {ID[::-1]}.csv": "Name,Price\nsmall,1\n",
            f"Shop {ID}/Lamps {ID[::-1]}_all.csv": 'Name,Price\nsmall,1\nlarge,"2|3"\n',
            f"Shop {ID}/photo.png": b"\x89PNG",
            f"Shop {ID}/Tài liệu {'a' * 32}.html": "<html><body><p>Giá</p></body></html>",
            "../escape.md": "bad",
            "__MACOSX/._x.md": "bad",
            "index.html": "<a>list</a>",
        }
    ).read()
    outer = archive({"ExportBlock-1-Part-1.zip": inner})
    bench.create("notion_export", archive="0" * 64)
    assert counts(bench.sync(allow(), archive=outer)) == {"added": 3}
    assert bench.paths() == ["site/Shop.md", "site/Shop/Lamps.md", "site/Shop/Tài liệu.html"]
    table = "# Lamps\n\n| Name | Price |\n| --- | --- |\n| small | 1 |\n| large | 2\\|3 |\n"
    assert bench.text("site/Shop/Lamps.md") == table
    assert bench.items()[f"{ID}.md"].title == "Shop: lamps"
    renamed = archive({f"Store {ID}.md": "# Store\n\nText", f"Lamps {ID[::-1]}.csv": "Name,Price\nsmall,1\n"})
    assert counts(bench.sync(allow(), archive=renamed)) == {"changed": 2, "deleted": 1}
    assert bench.paths() == ["site/Lamps.md", "site/Store.md"]


def test_names_without_the_flag_for_unicode_are_read() -> None:
    content = archive({"Tai lieu.md": "# x"}).read().replace(b"Tai lieu.md", "Tài 123.md".encode())
    assert next(iter(NotionExportConnector(io.BytesIO(content)).list_items())).title == "Tài 123.md"


def nested(depth: int) -> bytes:
    content = archive({"a.md": "x"}).read()
    for number in range(depth):
        content = archive({f"{number}.zip": content}).read()
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "not a ZIP file"),
        (archive({"a.txt.exe": "x"}).read(), "holds no pages"),
        (archive({"bomb.md": bytes(MIN_BOMB_BYTES * 2)}).read(), "expands more than"),
        (nested(4), "deep"),
    ],
)
def test_bad_exports_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        list(NotionExportConnector(io.BytesIO(content)).list_items())
