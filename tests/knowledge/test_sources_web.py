"""Sources of web pages: pages, sitemaps, crawls, what is unchanged, and what disappears."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.knowledge.source_site import Answer, Site, SourceBench, allow, counts, open_site
from vong.errors import JobCancelled, PreconditionFailed, UpstreamFailed
from vong.knowledge.sources.http.client import SourceHttpClient
from vong.knowledge.sources.web.pages import read_page
from vong.store.blobs import BlobStore
from vong.store.database import Database

TEXT = "<p>The lantern costs nineteen crowns and burns for forty hours with one filling of oil.</p>" * 4


@pytest.fixture(scope="module")
def _site() -> Iterator[Site]:
    with open_site() as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    _site.pages.clear()
    _site.requests.clear()
    return _site


@pytest.fixture(autouse=True)
def no_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SourceHttpClient, "_wait_for_turn", lambda *_: None)


@pytest.fixture
def bench(database: Database, project_id: UUID, tmp_path: Path) -> SourceBench:
    return SourceBench(database, project_id, BlobStore((tmp_path / "blobs").as_uri()))


def link(*targets: str) -> str:
    return "".join(f'<a href="{target}">{target}</a> ' for target in targets) + TEXT


def test_a_page_is_stored_and_recognized_as_unchanged(site: Site, bench: SourceBench) -> None:
    site.page("/guide", "<h1>Guide</h1>" + TEXT, etag='"1"')
    bench.create("page", url=f"{site.url}/guide#part")
    assert counts(bench.sync(allow(site.host))) == {"added": 1}
    path = f"site/{site.host.replace(':', '-')}/guide.html"
    assert bench.paths() == [path]
    assert "nineteen crowns" in bench.text(path)
    assert counts(bench.sync(allow(site.host))) == {"unchanged": 1}
    assert site.requests[-1][2]["if-none-match"] == '"1"'
    site.page("/guide", "<h1>Guide</h1><p>New price.</p>" + TEXT, etag='"2"')
    assert counts(bench.sync(allow(site.host))) == {"changed": 1}
    assert "New price" in bench.text(path)


def test_a_crawl_follows_links_in_scope_to_its_depth(site: Site, bench: SourceBench) -> None:
    site.page("/docs/", link("a", "b?utm_source=x", "/blog", "mailto:x@y", "c.png", "http://other.test/docs/z"))
    site.page("/docs/a", link("/docs/deep", "/docs/b", "#top"))
    site.page("/docs/b", link("/docs/"))
    site.page("/docs/deep", link("/docs/deeper"))
    site.page("/docs/deeper", TEXT)
    bench.create("crawl", url=f"{site.url}/docs/", max_depth=2)
    assert counts(bench.sync(allow(site.host))) == {"added": 4}
    assert sorted(site.paths()) == ["/docs/", "/docs/a", "/docs/b", "/docs/deep"]


def test_an_unchanged_page_still_leads_to_its_links(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/a"), etag='"root"')
    site.page("/a", link("/b"), etag='"a"')
    site.page("/b", TEXT, etag='"b"')
    bench.create("crawl", url=f"{site.url}/")
    assert counts(bench.sync(allow(site.host))) == {"added": 3}
    assert counts(bench.sync(allow(site.host))) == {"unchanged": 3}


def test_pages_behind_a_failing_page_stay(site: Site, bench: SourceBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vong.knowledge.sources.http.client.FIRST_RETRY_SECONDS", 0.001)
    site.page("/", link("/a"))
    site.page("/a", link("/b", "/c"))
    for path in ("/b", "/c"):
        site.page(path, TEXT)
    bench.create("crawl", url=f"{site.url}/")
    bench.sync(allow(site.host))
    site.pages["/a"] = Answer(b"oops", 500)
    assert counts(bench.sync(allow(site.host))) == {"unchanged": 3, "failed": 1}
    assert len(bench.paths()) == 4
    assert "status 500" in str(bench.items()[f"{site.url}/a"].reason)


def test_a_page_that_disappears_is_deleted(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/a", "/b", "/c"))
    for path in ("/a", "/b", "/c"):
        site.page(path, TEXT)
    bench.create("crawl", url=f"{site.url}/")
    bench.sync(allow(site.host))
    site.page("/", link("/a", "/b"))
    site.pages["/b"] = Answer(b"", 410)
    assert counts(bench.sync(allow(site.host))) == {"unchanged": 1, "changed": 1, "deleted": 2}
    assert len(bench.paths()) == 2


def test_more_than_half_of_the_documents_are_only_deleted_by_force(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/a", "/b"))
    site.page("/a", TEXT)
    site.page("/b", TEXT)
    bench.create("crawl", url=f"{site.url}/")
    bench.sync(allow(site.host))
    site.page("/", TEXT)
    with pytest.raises(PreconditionFailed, match="2 of 3 documents"):
        bench.sync(allow(site.host))
    assert bench.last().state == "stopped"
    assert bench.last().deleted == 0
    assert len(bench.paths()) == 3
    assert counts(bench.sync(allow(site.host), force=True)) == {"unchanged": 1, "deleted": 2}


def test_an_interrupted_sync_continues_without_repeating_work(site: Site, bench: SourceBench) -> None:
    names = [f"/p{number}" for number in range(6)]
    site.page("/", link(*names))
    for name in names:
        site.page(name, TEXT)
    bench.create("crawl", url=f"{site.url}/")

    def stop() -> None:
        if len(site.requests) >= 5:
            raise JobCancelled("stop", "")

    bench.check = stop
    with pytest.raises(JobCancelled):
        bench.sync(allow(site.host))
    before = site.paths()
    bench.check = lambda: None
    assert counts(bench.run(bench.last().id, allow(site.host))) == {"added": 7}
    after = site.paths()
    assert not set(before) & set(after)
    assert sorted(before + after) == ["/", *names]


def test_robots_txt_is_respected(site: Site, bench: SourceBench) -> None:
    rules = b"User-agent: *\nDisallow: /*.php$\nDisallow: /secret\nAllow: /secret/open\n"
    site.pages["/robots.txt"] = Answer(rules, 200, {"content-type": "text/plain"})
    site.page("/", link("/secret/a", "/secret/open/b", "/x.php"))
    for path in ("/secret/a", "/secret/open/b", "/x.php"):
        site.page(path, TEXT)
    bench.create("crawl", url=f"{site.url}/")
    assert counts(bench.sync(allow(site.host))) == {"added": 2, "skipped": 2}
    assert "robots.txt" in str(bench.items()[f"{site.url}/secret/a"].reason)
    assert "/secret/a" not in site.paths()


def test_unknown_rules_end_the_sync_and_delete_nothing(
    site: Site, bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.knowledge.sources.http.client.FIRST_RETRY_SECONDS", 0.001)
    site.page("/", TEXT)
    bench.create("crawl", url=f"{site.url}/")
    bench.sync(allow(site.host))
    site.pages["/robots.txt"] = Answer(b"", 503)
    with pytest.raises(UpstreamFailed, match="answered with status 503"):
        bench.sync(allow(site.host))
    assert (bench.last().state, len(bench.paths())) == ("failed", 1)


def test_the_limit_of_pages_deletes_nothing(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/x", "/y", "/z"))
    for path in ("/a", "/x", "/y", "/z"):
        site.page(path, TEXT)
    bench.create("crawl", url=f"{site.url}/", max_pages=3)
    first = bench.sync(allow(site.host))
    assert counts(first) == {"added": 3}
    assert "more than 3 pages" in str(first.incomplete)
    site.page("/", link("/a", "/x", "/y", "/z"))
    assert counts(bench.sync(allow(site.host))).get("deleted") is None
    assert len(bench.paths()) >= 3


def test_sitemaps_may_be_indexes_and_compressed(site: Site, bench: SourceBench) -> None:
    def urls(*paths: str) -> str:
        entries = "".join(f"<url><loc> {site.url}{path} </loc></url>" for path in paths)
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'

    parts = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in (f"{site.url}/one.xml.gz", "/two.xml"))
    index = f"<sitemapindex>{parts}</sitemapindex>"
    site.pages["/robots.txt"] = Answer(f"Sitemap: {site.url}/index.xml".encode(), 200, {"content-type": "text/plain"})
    site.pages["/index.xml"] = Answer(index.encode())
    site.pages["/one.xml.gz"] = Answer(
        gzip.compress(urls("/a", "/b").encode()), 200, {"content-type": "application/gzip"}
    )
    site.pages["/two.xml"] = Answer(urls("/c", "/skip/d").encode())
    for path in ("/a", "/b", "/c", "/skip/d"):
        site.page(path, TEXT)
    bench.create("sitemap", url=site.url, exclude=["*/skip/*"])
    assert counts(bench.sync(allow(site.host))) == {"added": 3}
    site.pages["/two.xml"] = Answer(b"gone", 404)
    report = bench.sync(allow(site.host))
    assert counts(report) == {"unchanged": 2}
    assert "two.xml" in str(report.incomplete)
    assert len(bench.paths()) == 3


def test_a_sitemap_without_pages_is_an_error(site: Site, bench: SourceBench) -> None:
    site.pages["/sitemap.xml"] = Answer(b"<html><body>Welcome</body></html>", 200, {"content-type": "text/html"})
    bench.create("sitemap", url=site.url)
    with pytest.raises(UpstreamFailed, match="is no sitemap"):
        bench.sync(allow(site.host))


def test_a_redirect_is_followed_and_duplicates_are_skipped(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/old", "/new", "/new?session=1"))
    site.pages["/old"] = Answer(b"", 301, {"location": "/new"})
    canonical = '<link rel="canonical" href="/new">'
    site.page("/new", canonical + "<h1>New</h1>" + TEXT)
    site.page("/new?session=1", canonical + "<h1>New</h1>" + TEXT)
    bench.create("crawl", url=f"{site.url}/")
    assert counts(bench.sync(allow(site.host))) == {"added": 2, "skipped": 2}
    assert "same page as" in str(bench.items()[f"{site.url}/old"].reason)


def test_documents_of_the_web_keep_their_bytes(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/price.pdf", "/logo", "/data"))
    site.pages["/price.pdf"] = Answer(b"%PDF-1.4 x", 200, {"content-type": "application/pdf"})
    site.pages["/logo"] = Answer(b"\x89PNG", 200, {"content-type": "image/png"})
    site.pages["/data"] = Answer(b"a,b\n1,2\n", 200, {"content-type": "text/csv"})
    bench.create("crawl", url=f"{site.url}/")
    assert counts(bench.sync(allow(site.host))) == {"added": 3, "skipped": 1}
    assert [path.rpartition("/")[2] for path in bench.paths()] == ["data.csv", "index.html", "price.pdf"]


def test_a_page_without_text_states_its_reason(site: Site, bench: SourceBench) -> None:
    site.page("/", link("/app"))
    site.page("/app", "<div id=root></div><script>render()</script>")
    bench.create("crawl", url=f"{site.url}/")
    assert counts(bench.sync(allow(site.host))) == {"added": 1, "skipped": 1}
    assert "JavaScript" in str(bench.items()[f"{site.url}/app"].reason)


def test_the_secret_is_sent_to_its_own_origin_only(site: Site, bench: SourceBench) -> None:
    with open_site() as other:
        site.pages["/"] = Answer(b"", 302, {"location": f"{other.url}/in"})
        other.page("/in", TEXT)
        bench.create("page", url=f"{site.url}/")
        bench.sync(allow(site.host, other.host, secret="Bearer x"))
        assert site.requests[-1][2]["authorization"] == "Bearer x"
        assert all("authorization" not in headers for _, _, headers in other.requests)


def test_main_text_is_used_unless_too_much_is_missing() -> None:
    navigation = "<nav>" + "".join(f"<a href='/n{number}'>Menu {number}</a>" for number in range(30)) + "</nav>"
    prices = "".join(f"<p>The lantern number {n} costs {n + 9} crowns, and burns for {n} hours.</p>" for n in range(30))
    body = f"<html lang=vi><title>T</title><body>{navigation}<main><h2>Prices</h2>{prices}</main></body></html>"
    page = read_page(body.encode(), "http://x.test/a", None, "main")
    assert b"Menu 3" not in page.content
    assert b"<h2>Prices</h2>" in page.content
    assert (page.title, page.language, len(page.links)) == ("T", "vi", 30)
    assert b"Menu 3" in read_page(body.encode(), "http://x.test/a", None, "full").content
    short = (
        "<html><body><main><h1>Opening hours</h1><table><tr><td>Monday</td><td>9</td></tr></table></main></body></html>"
    )
    assert b"Monday" in read_page(short.encode(), "http://x.test/a", None, "main").content


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("Giá đèn là mười chín".encode("utf-16"), None),
        ("<meta charset=windows-1258>Giá".encode("cp1258", errors="replace"), None),
        ("Giá".encode(), "utf-8"),
    ],
)
def test_pages_of_other_encodings_are_read(body: bytes, charset: str | None) -> None:
    assert "Gi" in read_page(body, "http://x.test/", charset, "full").content.decode()
