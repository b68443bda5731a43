"""Pictures behind addresses and in buckets: real servers on this machine, which fail when told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

from data.cache import Cache
from data.errors import InputError, Unreachable
from data.sources import open_source
from data.sources import remote as remote_module
from tests.buckets import S3
from tests.listed import content, ids
from tests.shelf import Shelf, jpeg
from tests.unit.test_storage import open_services


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(remote_module, "READ_TIMEOUT_S", 2)
    monkeypatch.setattr(remote_module, "LEFT_ALONE_S", 0)


# ---- addresses that fail ----


@pytest.mark.parametrize("wrong", [["503", "429"], ["hang up", "hang up"], ["500", "hang up", "503"]])
def test_what_fails_is_tried_again(cache: Cache, shelf: Shelf, wrong: list[str]) -> None:
    shelf.files = {"/all.txt": b"1.jpg\n", "/1.jpg": jpeg(size=(900, 700))}
    source = open_source([f"{shelf.url}/all.txt"], cache)
    [found] = source.walk()
    shelf.wrong = list(wrong)
    assert source.fetch(found.location, found.version).read_bytes() == shelf.files["/1.jpg"]
    asked = len(shelf.asked)
    source.fetch(found.location, found.version)
    assert len(shelf.asked) == asked  # it is kept


@pytest.mark.parametrize(("wrong", "kind", "says"), [
    ("503", Unreachable, "cannot be fetched, tried 4 times"),
    ("hang up", Unreachable, "cannot be fetched, tried 4 times"),
    ("403", Unreachable, "access is refused"),
    ("404", Unreachable, "is not there"),
])  # fmt: skip
def test_what_goes_on_failing_is_named_without_secrets(
    cache: Cache, shelf: Shelf, tmp_path: Path, wrong: str, kind: type, says: str
) -> None:
    shelf.files = {"/1.jpg": jpeg()}
    (tmp_path / "list.txt").write_text(f"{shelf.url}/1.jpg?signature=secret\n")
    source = open_source([str(tmp_path / "list.txt")], cache)
    [found] = source.walk()
    shelf.wrong = [wrong] * 4
    with pytest.raises(kind, match=says) as raised:
        source.fetch(found.location, found.version)
    assert type(raised.value) is kind
    assert "secret" not in str(raised.value)
    assert not [one for one in cache.folder.rglob("*") if one.is_file()]


def test_a_picture_that_could_not_be_fetched_is_tried_again_the_next_time(tmp_path: Path, shelf: Shelf) -> None:
    shelf.files = {"/1.jpg": jpeg()}
    (tmp_path / "list.txt").write_text(f"{shelf.url}/1.jpg\n")
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "list.txt")
    shelf.wrong = ["503"] * 4
    name = "127.0.0.1/1.jpg"
    assert "tried 4 times" in services.batch.picture(name).error
    assert (services.batch.picture(name).width, services.batch.picture(name).error) == (64, "")
    services.database.engine.dispose()


def test_a_host_that_is_down_keeps_nobody_waiting(cache: Cache, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "LEFT_ALONE_S", 3600)
    shelf.files = {"/all.txt": b"1.jpg\n2.jpg\n", "/1.jpg": jpeg(), "/2.jpg": jpeg()}
    source = open_source([f"{shelf.url}/all.txt"], cache)
    first, second = source.walk()
    shelf.failing = True
    for one in (first, second):
        with pytest.raises(Unreachable, match="tried 4 times"):
            source.fetch(one.location, one.version)
    assert shelf.asked.count("/1.jpg") == 4
    assert shelf.asked.count("/2.jpg") == 0
    monkeypatch.setattr(remote_module, "LEFT_ALONE_S", 0)
    shelf.failing = False
    assert source.fetch(second.location, second.version).is_file()


@pytest.mark.parametrize("wrong", ["500", "501", "page"])
def test_one_address_that_fails_keeps_nobody_from_the_others(
    tmp_path: Path, cache: Cache, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr(remote_module, "LEFT_ALONE_S", 60)
    shelf.files = {"/1.jpg": jpeg(), "/2.jpg": jpeg()}
    (tmp_path / "list.txt").write_text(f"{shelf.url}/1.jpg\n{shelf.url}/2.jpg\n")
    source = open_source([str(tmp_path / "list.txt")], cache)
    first, second = source.walk()
    if wrong == "page":
        shelf.kind = "text/html"
    else:
        shelf.wrong = [wrong] * 4
    for _ in range(2):  # the second time nobody is asked
        with pytest.raises(Unreachable, match="tried 4 times"):
            source.fetch(first.location, first.version)
    assert len(shelf.asked) == 4
    shelf.kind = ""
    assert source.fetch(second.location, second.version).is_file()


def test_a_query_is_in_no_id(cache: Cache, shelf: Shelf) -> None:
    """It may be a signature; the browser sees ids, and addresses made of them."""
    lines = ("img/rel.jpg?sig=SECRET", f"{shelf.url}/abs.jpg?sig=SECRET", "get.jpg/?sig=SECRET", "x/y.jpg")
    shelf.files = {"/all.txt": "\n".join(lines).encode(), "/img/rel.jpg": jpeg(), "/x/y.jpg": jpeg("blue")}
    source = open_source([f"{shelf.url}/all.txt"], cache)
    found = list(source.walk())
    assert [one.id for one in found][:2] == ["img/rel.jpg", "127.0.0.1/abs.jpg"]
    assert found[-1].id == "x/y.jpg"
    assert not any("SECRET" in one.id for one in found)
    assert source.fetch(found[0].location, found[0].version).read_bytes() == jpeg()
    assert "/img/rel.jpg?sig=SECRET" in shelf.asked


def test_no_password_is_shown(cache: Cache) -> None:
    source = open_source(["http://u:hunter2@127.0.0.1:9/l.csv?sig=TOP"], cache)
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/l\.csv: cannot be fetched") as raised:
        ids(source)
    with pytest.raises(InputError, match=r"found ftp://h/a\.png") as refused:
        open_source(["ftp://u:hunter2@h/a.png?sig=TOP"], cache)
    for text in (str(raised.value), str(refused.value), source.name):
        assert "hunter2" not in text
        assert "TOP" not in text


def test_a_page_instead_of_a_picture_is_not_taken(tmp_path: Path, cache: Cache, shelf: Shelf) -> None:
    shelf.files = {"/1.jpg": b"<html>log in</html>"}
    shelf.kind = "text/html; charset=utf-8"
    (tmp_path / "list.txt").write_text(f"{shelf.url}/1.jpg\n")
    source = open_source([str(tmp_path / "list.txt")], cache)
    [found] = source.walk()
    with pytest.raises(Unreachable, match="answers with a web page"):
        source.fetch(found.location, found.version)
    shelf.files, shelf.kind = {"/1.jpg": jpeg()}, "image/jpeg"
    assert source.fetch(found.location, found.version).read_bytes() == jpeg()


def test_a_body_without_end_is_cut_off(cache: Cache, shelf: Shelf) -> None:
    shelf.files = {"/1.jpg": bytes(3_000_000)}
    with pytest.raises(InputError, match="more than 2,000,000 bytes"):
        remote_module.Remote(cache).fetch(f"{shelf.url}/1.jpg", "", 2_000_000)


# ---- buckets ----


@pytest.mark.parametrize("wrong", ["503", "hang up"])
def test_a_bucket_is_asked_as_often_as_we_say(
    cache: Cache, bucket: Callable[[dict[str, bytes]], None], shelf: Shelf, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Its package would try again by itself each time, and half a minute would pass before anybody is told."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", shelf.url)
    monkeypatch.setattr(remote_module.file_system("s3").__class__, "_cache", {})  # of systems, by their options
    shelf.files, shelf.wrong = {"/pics": b""}, [wrong] * 99
    with pytest.raises(Unreachable, match="cannot be fetched, tried 4 times"):
        ids(open_source(["s3://pics/set"], cache))
    assert len(shelf.asked) == 4


@pytest.fixture
def google_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, bytes]], None]]:
    """As `bucket`, at Google's storage, or what stands for it here."""
    storage = Storage(use_memory_fs=True)
    create_bucket("pics", storage)
    # The package's own server waits for ever if its port is taken, and for each connection that says nothing.
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(RequestHandler, storage))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # what it asks for then, only Google's own answers
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # and no machine of Google's is looked for in the network

    def fill(files: dict[str, bytes]) -> None:
        for name, data in files.items():
            address = f"{url}/upload/storage/v1/b/pics/o?uploadType=media&name={quote(name, safe='')}"
            requests.post(address, data=data, timeout=10).raise_for_status()

    yield fill
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("scheme", "service"), [("s3", "bucket"), ("gs", "google_bucket")])
def test_a_bucket(request: pytest.FixtureRequest, cache: Cache, scheme: str, service: str) -> None:
    bucket = request.getfixturevalue(service)
    bucket(
        {
            "set/img10.jpg": jpeg(),
            "set/img2.jpg": jpeg("blue"),
            "set/ü & b/1.png": b"x",
            "set/notes.txt": b"notes",
            "setter/img1.jpg": jpeg(),
        }
    )
    source = open_source([f"{scheme}://pics/set"], cache)
    assert ids(source) == ["img2.jpg", "img10.jpg", "ü & b/1.png"]
    assert content(source)["img2.jpg"] == jpeg("blue")
    before = {one.id: one.version for one in source.walk()}
    bucket({"set/img2.jpg": jpeg("green"), "set/img3.jpg": jpeg()})
    after = {one.id: one.version for one in source.walk()}
    assert set(after) - set(before) == {"img3.jpg"}
    assert [name for name in before if before[name] != after[name]] == ["img2.jpg"]
    assert content(source)["img2.jpg"] == jpeg("green")


def test_a_bucket_that_is_down_says_so_and_what_was_listed_stays(
    tmp_path: Path, bucket: Callable[[dict[str, bytes]], None], s3: S3
) -> None:
    bucket({"set/img1.jpg": jpeg(), "set/img2.jpg": jpeg()})
    services = open_services(str(tmp_path / "a.db"), tmp_path, "s3://pics/set")
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert ([one.id for one in window.entries], window.problem) == (["img1.jpg", "img2.jpg"], "")
    bucket({"set/img3.jpg": jpeg()})
    s3.stop()
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert [one.id for one in window.entries] == ["img1.jpg", "img2.jpg"]
    assert "s3://pics/set: cannot be fetched, tried 4 times" in window.problem
    assert "hush" not in window.problem
    s3.start()
    services.indexer.look()
    assert len(services.batch.window(annotator_name="ada").entries) == 3
    assert services.batch.window(annotator_name="ada").problem == ""
    services.database.engine.dispose()


def test_a_presigned_url_brings_the_file_without_credentials(
    tmp_path: Path, cache: Cache, bucket: Callable[[dict[str, bytes]], None], pictures: Path
) -> None:
    """From a bucket as a source, one of several, or one that a list names; of what lies elsewhere there is none."""
    bucket({"set/ü & b/1.jpg": jpeg("blue"), "set/2.jpg": jpeg("green")})
    (tmp_path / "list.csv").write_text("url\ns3://pics/set/2.jpg\nhttp://127.0.0.1:1/3.jpg\n")
    source = open_source([str(pictures), "s3://pics/set", str(tmp_path / "list.csv")], cache)
    addresses = {one.id: source.presigned(one.location, 60) for one in source.walk()}
    assert requests.get(str(addresses["set/ü & b/1.jpg"]), timeout=10).content == jpeg("blue")
    assert requests.get(str(addresses["list/pics/set/2.jpg"]), timeout=10).content == jpeg("green")
    assert all("hush" not in str(address) for address in addresses.values())
    assert addresses["list/127.0.0.1/3.jpg"] is None
    assert addresses["img1.jpg"] is None


def test_where_nothing_can_be_signed_pictures_pass_through_the_app(
    cache: Cache, google_bucket: Callable[[dict[str, bytes]], None], caplog: pytest.LogCaptureFixture
) -> None:
    google_bucket({"set/1.jpg": jpeg()})
    source = open_source(["gs://pics/set"], cache)
    [found] = source.walk()
    assert [source.presigned(found.location, 60) for _ in range(3)] == [None] * 3
    assert caplog.text.count("pics: no presigned URLs, so pictures pass through the app") == 1
