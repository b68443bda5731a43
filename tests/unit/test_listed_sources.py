"""Pictures that a pattern, an archive, a list or several of them hold."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from data.cache import Cache
from data.errors import InputError, PartlyListed, Unreachable
from data.sources import Several, open_source
from data.sources import remote as remote_module
from tests.conftest import save_picture
from tests.listed import content, ids
from tests.shelf import Shelf, jpeg
from tests.unit.test_storage import open_services, put


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(remote_module, "READ_TIMEOUT_S", 2)
    monkeypatch.setattr(remote_module, "LEFT_ALONE_S", 0)


# ---- patterns and archives ----


def test_a_pattern(tmp_path: Path, cache: Cache) -> None:
    for name in ("x/img10.jpg", "x/img2.jpg", "y/deep/img1.png", "y/img1.gif", "z.txt"):
        save_picture(tmp_path / "p" / name, (9, 9)) if not name.endswith("txt") else (tmp_path / "p" / name).write_text(
            ""
        )
    assert ids(open_source([str(tmp_path / "p" / "*" / "*.jpg")], cache)) == ["x/img2.jpg", "x/img10.jpg"]
    found = content(open_source([str(tmp_path / "p" / "**" / "img1.*")], cache))
    assert list(found) == ["y/deep/img1.png", "y/img1.gif"]
    with pytest.raises(InputError, match="holds no picture"):
        open_source([str(tmp_path / "p" / "*.webp")], cache)


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_an_archive(tmp_path: Path, cache: Cache) -> None:
    path = packed(
        tmp_path / "a.zip",
        {
            "s/img10.jpg": jpeg(),
            "s/img2.jpg": jpeg("blue"),
            "s/x.txt": b"",
            "__MACOSX/img1.jpg": b"",
            "../up.jpg": jpeg(),
        },
    )
    source = open_source([str(path)], cache)
    assert ids(source) == ["s/img2.jpg", "s/img10.jpg"]
    assert content(source)["s/img2.jpg"] == jpeg("blue")
    assert not (tmp_path / "up.jpg").exists()
    packed(path, {"s/img2.jpg": jpeg("green")})
    assert content(source) == {"s/img2.jpg": jpeg("green")}
    path.write_bytes(b"no archive")
    with pytest.raises(Unreachable, match="cannot be read"):
        ids(source)


def test_a_picture_that_is_damaged_in_its_archive_names_itself(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"img1.jpg": jpeg() * 50})
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    services = open_services(str(tmp_path / "a.db"), tmp_path, path)
    assert services.batch.picture("img1.jpg").error.startswith("img1.jpg: cannot be unpacked from a.zip")
    services.database.engine.dispose()


# ---- lists ----


def test_a_list_of_paths_keeps_its_order(tmp_path: Path, cache: Cache) -> None:
    for name in ("b.jpg", "sub/a.jpg"):
        save_picture(tmp_path / name, (9, 9))
    (tmp_path / "list.txt").write_text("# mine\nsub/a.jpg\n\nb.jpg\nsub/a.jpg\nnone.jpg\n")
    source = open_source([str(tmp_path / "list.txt")], cache)
    assert ids(source) == ["sub/a.jpg", "b.jpg", "none.jpg"]


def test_a_table_gives_names_and_sizes(tmp_path: Path, cache: Cache, shelf: Shelf) -> None:
    shelf.files = {"/deep/1.jpg": jpeg(), "/get": jpeg("blue")}
    (tmp_path / "list.csv").write_text(
        f'URL,name,width,height\n{shelf.url}/deep/1.jpg?sig=secret,"first, one",64,48\n{shelf.url}/get?id=7,,,\n'
    )
    source = open_source([str(tmp_path / "list.csv")], cache)
    found = list(source.walk())
    assert [(one.id, one.width, one.height) for one in found] == [
        ("first, one", 64, 48),
        ("127.0.0.1/get~f422c82d6db7", None, None),
    ]
    assert content(source)["first, one"] == jpeg()
    assert "secret" not in source.name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ftp://x/a.jpg\n", r"list\.csv: line 1: found 'ftp://x/a\.jpg', expected the path of a picture or an address"),
        ("a.jpg\nnotes.txt\n", "line 2: found 'notes.txt', expected the path of a picture"),
        ("url,width\na.jpg,wide\n", "line 2, width: found 'wide', expected a whole number of pixels"),
        ("url,width\n,3\n", "line 2: found no url or path"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, cache: Cache, text: str, says: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        list(open_source([str(tmp_path / "list.csv")], cache).walk())


def test_a_faulty_line_takes_no_other_with_it(tmp_path: Path, cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg", "what?.jpg"):
        save_picture(tmp_path / name, (9, 9))
    table = tmp_path / "list.csv"
    table.write_text("path,name\na.jpg,x\nnotes.txt,y\nb.jpg,x\nwhat?.jpg,\nc.jpg,\n")
    services = open_services(str(tmp_path / "a.db"), tmp_path, table, index=False)
    for _ in range(2):
        services.indexer.look()
        window = services.batch.window(annotator_name="ada")
        assert [one.id for one in window.entries] == ["x", "what?.jpg", "c.jpg"]
        assert window.problem.startswith(f"images: {table}: line 3: found 'notes.txt', expected the path of a picture")
        assert window.problem.endswith("(2 lines left out; all others are taken)")
    assert len(caplog.records) == 1  # said once, not each time the source is listed
    assert services.batch.picture("what?.jpg").width == 9
    table.write_text("path,name\nnotes.txt,y\nb.jpg,x\n")
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert [one.id for one in window.entries] == [
        "x"
    ]  # what the list no longer holds goes, whatever else is wrong in it
    table.write_text("<html>\n<p>Sign in first\n")
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert [one.id for one in window.entries] == ["x"]  # that is no list, and takes nothing away
    assert "line 1: found '<html>'" in window.problem
    table.write_text("path,name\nb.jpg,x\n")
    services.indexer.look()
    assert services.batch.window(annotator_name="ada").problem == ""
    services.database.engine.dispose()


def test_a_table_of_an_office_program(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "list.csv").write_text("path;name\na.jpg;first, one\n")
    assert ids(open_source([str(tmp_path / "list.csv")], cache)) == ["first, one"]


def test_a_list_behind_an_address_cannot_name_files_of_this_machine(cache: Cache, shelf: Shelf) -> None:
    shelf.files = {
        "/lists/all.txt": b"../pics/1.jpg\n/pics/2.jpg\n",
        "/pics/1.jpg": jpeg(),
        "/pics/2.jpg": jpeg("blue"),
    }
    assert content(open_source([f"{shelf.url}/lists/all.txt?key=secret"], cache)) == {
        "pics/1.jpg": jpeg(),
        "pics/2.jpg": jpeg("blue"),
    }
    shelf.files["/lists/all.txt"] = b"file:///etc/passwd\n"
    with pytest.raises(InputError, match="expected the path of a picture or an address"):
        ids(open_source([f"{shelf.url}/lists/all.txt"], cache))


@pytest.mark.parametrize("place", ["a:b.png", "x:/../../secret/a.png", "file:/etc/a.png", "s3://private/a.png"])
def test_a_list_from_the_web_names_nothing_but_the_web(cache: Cache, shelf: Shelf, place: str) -> None:
    shelf.files = {"/all.txt": f"{place}\n".encode()}
    with pytest.raises(InputError, match="line 1: found"):
        ids(open_source([f"{shelf.url}/all.txt"], cache))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../../up.png", "up.png"),
        ("/abs/z.png", "abs/z.png"),
        ("a\\b/./c.png", "a/b/c.png"),
        ("a\tb.png", "a_b.png"),
    ],
)
def test_no_name_leads_anywhere(tmp_path: Path, cache: Cache, name: str, expected: str) -> None:
    save_picture(tmp_path / "a.png", (9, 9))
    (tmp_path / "list.csv").write_text(f"path,name\na.png,{name}\n")
    assert ids(open_source([str(tmp_path / "list.csv")], cache)) == [expected]


def test_two_lines_of_one_name_are_refused(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "list.csv").write_text("path,name\na.png,x.png\nb.png,x.png\n")
    with pytest.raises(InputError, match=r"line 3: another line has the name 'x\.png' too"):
        ids(open_source([str(tmp_path / "list.csv")], cache))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://[bad/a.jpg\n", "line 1: found no address that can be read"),
        ("url,width\na.jpg," + "9" * 5000 + "\n", "expected a whole number of pixels"),
        ("", "is empty"),
    ],
)
def test_odd_lists_get_one_line(tmp_path: Path, cache: Cache, text: str, says: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        list(open_source([str(tmp_path / "list.csv")], cache).walk())


# ---- several ----


def test_several_sources_stand_behind_each_other(tmp_path: Path, cache: Cache) -> None:
    save_picture(tmp_path / "one" / "a.jpg", (9, 9))
    packed(tmp_path / "two.zip", {"a.jpg": jpeg("blue")})
    values = [str(tmp_path / "one"), str(tmp_path / "two.zip"), f"three={tmp_path / 'one'}"]
    source = open_source(values, cache)
    assert isinstance(source, Several)
    assert ids(source) == ["a.jpg", "two/a.jpg", "three/a.jpg"]
    assert content(source)["two/a.jpg"] == jpeg("blue")
    with pytest.raises(InputError, match="have the same name before their images"):
        open_source([*values, f"three={tmp_path / 'two.zip'}"], cache)
    (tmp_path / "one" / "two").mkdir()
    with pytest.raises(InputError, match="holds a two too"):
        open_source(values, cache)


def test_one_source_of_several_that_is_down_takes_nothing_from_the_others(tmp_path: Path, shelf: Shelf) -> None:
    save_picture(tmp_path / "one" / "a.jpg", (9, 9))
    shelf.files = {"/l.txt": b"b.jpg\n", "/b.jpg": jpeg()}
    alone = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "one")
    shelf.failing = True
    both = f"{tmp_path / 'one'}\nfar={shelf.url}/l.txt"
    services = open_services(str(tmp_path / "a.db"), tmp_path, both, index=False)
    assert services.batch.picture("a.jpg").width == 9
    save_picture(tmp_path / "one" / "c.jpg", (9, 9))
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert [one.id for one in window.entries] == ["a.jpg", "c.jpg"]
    assert "l.txt: cannot be fetched" in window.problem
    shelf.failing = False
    services.indexer.look()
    assert [one.id for one in services.batch.window(annotator_name="ada").entries] == [
        "a.jpg",
        "c.jpg",
        "far/b.jpg",
    ]
    shelf.failing = True
    services.indexer.look()
    assert len(services.batch.window(annotator_name="ada").entries) == 3
    for one in (alone, services):
        one.database.engine.dispose()


def test_what_cannot_be_had_is_called_by_the_name_that_the_list_gives_it(tmp_path: Path, shelf: Shelf) -> None:
    """And not by where it lies."""
    (tmp_path / "l.csv").write_text(f"url,name\n{shelf.url}/secret/x.jpg,far.jpg\n{tmp_path}/secret/y.jpg,near.jpg\n")
    services = open_services(str(tmp_path / "a.db"), tmp_path, tmp_path / "l.csv")
    assert services.batch.picture("far.jpg").error == "far.jpg: is not there"
    assert services.batch.picture("near.jpg").error == "near.jpg: is not there at present"
    services.database.engine.dispose()


def test_a_picture_that_was_away_for_a_moment_is_not_broken(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    save_picture(folder / "a.jpg", (9, 9))
    services = open_services(str(tmp_path / "a.db"), tmp_path, folder)
    folder.rename(tmp_path / "away")
    assert "is not there at present" in services.batch.picture("a.jpg").error
    (tmp_path / "away").rename(folder)
    assert services.batch.picture("a.jpg").width == 9
    services.database.engine.dispose()


def test_patterns_survive_circles_brackets_and_a_folder_that_goes(tmp_path: Path, cache: Cache) -> None:
    folder = tmp_path / "br[1]"
    save_picture(folder / "deep" / "a.png", (9, 9))
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "dir.png").mkdir()
    source = open_source([str(folder / "**" / "*.png")], cache)
    assert ids(source) == ["deep/a.png"]
    folder.rename(tmp_path / "away")
    with pytest.raises(Unreachable):
        ids(source)


def test_of_two_sources_with_one_name_for_a_picture_the_first_has_it_and_the_other_is_named(
    tmp_path: Path, cache: Cache
) -> None:
    save_picture(tmp_path / "dir" / "a1.jpg", (9, 9), "red")
    for number in range(3):
        save_picture(tmp_path / "zipped" / f"z{number}.jpg", (9, 9), "blue")
    (tmp_path / "list.csv").write_text("path,name\ndir/a1.jpg,zipped/z1.jpg\ndir/a1.jpg,plain.jpg\n")
    source = open_source([str(tmp_path / "list.csv"), str(tmp_path / "zipped")], cache)
    walk = source.walk()
    found = [next(walk) for _ in range(4)]
    with pytest.raises(
        PartlyListed, match=r"its z1\.jpg is left out, since a picture of .*list\.csv is called zipped/z1"
    ):
        next(walk)
    assert [one.id for one in found] == ["zipped/z1.jpg", "plain.jpg", "zipped/z0.jpg", "zipped/z2.jpg"]
    assert source.fetch(found[0].location, found[0].version).name == "a1.jpg"


def test_new_pictures_come_in_and_lost_ones_keep_their_boxes(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for name in ("img1.jpg", "img3.jpg"):
        save_picture(folder / name, (9, 9))
    services = open_services(str(tmp_path / "a.db"), tmp_path, folder)
    save_picture(folder / "img2.jpg", (9, 9))
    os.unlink(folder / "img3.jpg")
    services.indexer.look()
    assert [one.id for one in services.batch.window(annotator_name="ada").entries] == ["img1.jpg", "img2.jpg"]
    assert services.batch.picture("img3.jpg").gone
    folder.rename(tmp_path / "elsewhere")
    services.indexer.look()
    window = services.batch.window(annotator_name="ada")
    assert len(window.entries) == 2  # a folder that is not there is no folder without pictures
    assert "cannot be read" in window.problem
    services.database.engine.dispose()


def test_what_was_worked_on_and_vanished_is_named_until_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for number in range(7):
        save_picture(folder / f"img{number}.jpg", (99, 99))
    services = open_services(str(tmp_path / "a.db"), tmp_path, folder)

    def told() -> str:
        services.indexer.look()
        return services.batch.window(annotator_name="ada").gone

    assert told() == ""
    for number in range(5):
        services.annotations.take("ada", [put(image=f"img{number}.jpg")])
    (folder / "img6.jpg").unlink()
    assert told() == ""  # nobody worked on that one
    (folder / "img0.jpg").rename(tmp_path / "img0.jpg")
    assert told() == "1 annotated image is no longer in the source, and its annotations are kept: img0.jpg."
    for number in range(1, 5):
        (folder / f"img{number}.jpg").unlink()
    assert told() == (
        "5 annotated images are no longer in the source, and their annotations are kept: "
        "img0.jpg, img1.jpg, img2.jpg and 2 more."
    )
    (tmp_path / "img0.jpg").rename(folder / "img0.jpg")
    assert told().startswith("4 annotated images")
    services.database.engine.dispose()


def test_a_line_break_in_a_name_is_none_in_the_id(tmp_path: Path) -> None:
    """No address could hold it, and whoever came to that image could not go on."""
    save_picture(tmp_path / "pictures" / "new\nline\r.jpg", (9, 9))
    source = open_source([str(tmp_path / "pictures")], Cache(tmp_path / "cache", 10**6))
    [found] = source.walk()
    assert found.id == "new_line_.jpg"
    assert source.fetch(found.location, found.version).is_file()


def test_a_cache_among_the_pictures_is_none_of_them(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.jpg", (9, 9))
    cache = Cache(tmp_path / "instance" / "cache", 10**6)
    cache.keep("thumbnail", suffix=".jpg", write=lambda file: file.write(b"x"))
    assert ids(open_source([str(tmp_path)], cache)) == ["a.jpg"]
    assert ids(open_source([f"{tmp_path}/**/*.jpg"], cache)) == ["a.jpg"]


def test_sizes_of_a_list_are_believed_until_the_picture_is_opened(tmp_path: Path) -> None:
    """They spare a look at each picture when files come in; boxes are drawn in the pixels that there are."""
    save_picture(tmp_path / "a.jpg", (64, 48))
    table = tmp_path / "list.csv"
    table.write_text("path,width,height\na.jpg,640,480\n")
    services = open_services(str(tmp_path / "a.db"), tmp_path, table)
    [listed] = services.batch.pictures(["a.jpg"])
    assert (listed.width, listed.height) == (640, 480)
    opened = services.batch.picture("a.jpg")
    assert opened is not None
    assert (opened.width, opened.height) == (64, 48)
    save_picture(tmp_path / "b.jpg", (64, 48))
    table.write_text("path,width,height\na.jpg,640,480\nb.jpg,64,48\n")
    services.indexer.index()
    [listed] = services.batch.pictures(["a.jpg"])
    assert (listed.width, listed.height) == (64, 48)
    services.database.engine.dispose()
