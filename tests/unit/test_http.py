"""The HTTP contract."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Site
from tests.unit.test_storage import put


@pytest.fixture
def client(site: Site) -> Any:
    return site.app.server.test_client()


def test_edits_are_answered_after_the_commit(client: Any, site: Site) -> None:
    good, bad = put(), put(x0=-1)
    answer = client.post("/api/edits", json={"annotator": "ada", "edits": [good, bad]})
    assert answer.status_code == 200
    assert answer.json["accepted"] == [good["id"]]
    assert [r["id"] for r in answer.json["refused"]] == [bad["id"]]
    assert len(site.boxes("img1.jpg")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"annotator": "", "edits": []}, 400),
        ({"edits": []}, 400),
        ({"annotator": "ada"}, 400),
        ({"annotator": "ada", "edits": {}}, 400),
        ([], 400),
        ("x", 400),
    ],
)
def test_a_bad_body_is_refused_with_a_reason(client: Any, body: object, status: int) -> None:
    answer = client.post("/api/edits", json=body)
    assert answer.status_code == status
    assert answer.json["error"]


def test_other_sites_cannot_post_a_form(client: Any) -> None:
    assert (
        client.post("/api/edits", data='{"annotator": "x", "edits": []}', content_type="text/plain").status_code == 415
    )


def test_annotations_of_one_and_of_everybody(client: Any) -> None:
    client.post("/api/edits", json={"annotator": "ada", "edits": [put()]})
    one = client.get("/api/images/img1.jpg/annotations?annotator=grace").json
    assert (one["width"], one["height"], one["annotations"][0]["boxes"]) == (640, 480, [])
    everybody = client.get("/api/images/img1.jpg/annotations").json
    assert [a["annotator"] for a in everybody["annotations"]] == ["ada"]
    first = client.get("/api/images/img1.jpg/annotations?annotator=ada")
    assert (
        client.get(
            "/api/images/img1.jpg/annotations?annotator=ada", headers={"If-None-Match": first.headers["ETag"]}
        ).status_code
        == 304
    )
    assert client.get("/api/images/nope.jpg/annotations").status_code == 404


def test_lists_are_never_whole(client: Any) -> None:
    answer = client.get("/api/images?after=1").json
    assert ([i["id"] for i in answer["images"]], answer["total"]) == (["img1.jpg", "img2.jpg"], 12)
    assert client.get("/api/images?after=501").status_code == 400
    assert client.get("/api/images?after=-1").status_code == 400
    assert client.get("/api/images?state=nothing").status_code == 400


def test_pictures_are_kept_by_browsers_and_can_run_nothing(client: Any) -> None:
    url = client.get("/api/images/img1.jpg/annotations").json["url"]
    answer = client.get(url)
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-cache" in client.get("/images/img1.jpg?v=old").headers["Cache-Control"]


@pytest.mark.parametrize("kind", ["images", "thumbnails", "tiles", "crops"])
def test_pictures_come_again_when_the_cache_was_deleted(client: Any, tmp_path: Path, kind: str) -> None:
    address = f"/{kind}/img1.jpg?level=0&x=0&y=0&x0=0&y0=0&x1=50&y1=50&low=1"
    before = client.get(address)
    assert before.status_code == 200
    shutil.rmtree(tmp_path / "cache")
    assert client.get(address).data == before.data


@pytest.mark.parametrize(
    "path", ["/images/../app.py", "/images/..%2f..%2fapp.py", "/thumbnails//etc/passwd", "/images/%00"]
)
def test_only_what_the_source_lists_can_be_fetched(client: Any, path: str) -> None:
    answer = client.get(path)
    # Any address that is no route is answered with the page, as Dash does.
    assert answer.status_code in (404, 308) or answer.data.startswith(b"<!DOCTYPE html>")
    assert b"root:" not in answer.data


def test_export_and_health(client: Any) -> None:
    client.post("/api/edits", json={"annotator": "ada", "edits": [put()]})
    answer = client.get("/api/export/json")
    assert answer.json["images"][0]["id"] == "img1.jpg"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get("/api/export/yaml").status_code == 404
    assert client.get("/health").json == {"status": "ok", "images": 12}


@pytest.mark.parametrize(("path", "method"), [("/api/edits", "GET"), ("/api/edits", "PUT"), ("/api/images", "POST")])
def test_another_method_is_refused_in_json(client: Any, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 405
    assert f"found {method}, expected" in answer.json["error"]
    assert answer.headers["Allow"] != method


def test_text_is_compressed_and_still_found_unchanged(client: Any) -> None:
    compressed = {"Accept-Encoding": "gzip"}
    assert client.get("/_dash-layout", headers=compressed).headers["Content-Encoding"] == "gzip"
    address = "/api/images/img1.jpg/annotations"
    client.post("/api/edits", json={"annotator": "ada", "edits": [put() for _ in range(20)]})
    first = client.get(address, headers=compressed)
    assert first.headers["Content-Encoding"] == "gzip"
    again = client.get(address, headers={**compressed, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    picture = client.get("/images/img1.jpg", headers=compressed)
    assert "Content-Encoding" not in picture.headers


def test_the_page_does_not_grow_with_the_batch(serve: Callable[..., Site], tmp_path: Path, pictures: Path) -> None:
    for name, count in (("few", 3), ("many", 300)):
        (tmp_path / name).mkdir()
        for n in range(count):
            (tmp_path / name / f"{n}.jpg").write_bytes(b"")
    sizes = []
    for name in ("few", "many"):
        site = serve(images=str(tmp_path / name), database=str(tmp_path / f"{name}.db"))
        client = site.app.server.test_client()
        sizes.append((len(client.get("/").data), len(client.get("/_dash-layout").data)))
    assert sizes[0] == sizes[1]


def test_a_database_that_fails_is_said_without_a_traceback(client: Any, site: Site) -> None:
    with site.services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE edit RENAME TO hidden")
    answer = client.post("/api/edits", json={"annotator": "ada", "edits": [put()]})
    assert (answer.status_code, "try again" in answer.json["error"]) == (503, True)
    with site.services.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO edit")
    assert client.post("/api/edits", json={"annotator": "ada", "edits": [put()]}).status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("api/gallery?query=stat:done", 400, "stat: is no field; did you mean state: ?"),
        ("api/gallery?query=%00", 400, "the character NUL"),
        ("api/gallery?order=best", 400, "order: found 'best'"),
        ("api/gallery?at=0", 400, "at, most: expected whole numbers from 1"),
        ("api/gallery?at=-1", 400, "at: found '-1', expected a whole number"),
        ("api/gallery/ids?most=501", 400, "most up to 500"),
        ("api/crops?label=%00", 400, "the character NUL"),
        ("api/images?order=best", 400, "order: found 'best'"),
        ("api/images?rank=x", 400, "rank: found 'x', expected a number"),
        ("crops/img1.jpg?x0=1&y0=1&x1=nan&y1=9", 400, "x1: found 'nan', expected a number"),
        ("crops/img1.jpg", 400, "x0: found None, expected a number"),
        ("crops/none.jpg?x0=1&y0=1&x1=9&y1=9", 404, "is not in the batch"),
        ("images/img1.jpg?page=x", 400, "page: found 'x', expected a number from 1"),
        ("tiles/img1.jpg?level=99&x=0&y=0", 400, "which img1.jpg does not have"),
    ],
)
def test_a_bad_address_says_what_is_wrong(client: Any, address: str, status: int, said: str) -> None:
    answer = client.get("/" + address)
    assert answer.status_code == status
    assert said in answer.json["error"]


def test_the_gallery_in_stretches(client: Any, site: Site) -> None:
    client.post("/api/edits", json={"annotator": "ada", "edits": [put("one")]})
    answer = client.get("/api/gallery?annotator=ada&at=1&most=2").json
    assert (answer["total"], [card["id"] for card in answer["cards"]]) == (12, ["img1.jpg", "img2.jpg"])
    assert answer["cards"][0]["boxes"] == {"cat": [1, 2, 50, 60]}
    assert client.get("/api/gallery?counted=0&most=1").json["total"] is None
    [row] = client.get("/api/gallery/ids?annotator=ada&at=1&most=1").json
    assert (row["id"], row["mine"]) == ("img1.jpg", "in progress")
    [crop] = client.get(f"/api/crops?label={site.boxes('img1.jpg')[0]['label']}").json["cards"]
    shown = client.get(crop["crop"])
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    standing = {"annotator": "ada", "edits": [{"id": crop["edit"], "image": "img1.jpg"}]}
    assert client.post("/api/standing", json=standing).json == {"standing": [crop["edit"]]}
    assert client.post("/api/standing", json={"annotator": "ada"}).status_code == 400


def test_a_state_can_be_given_to_a_picture_that_cannot_be_fetched(client: Any, site: Site, pictures: Path) -> None:
    """Only a box must be checked against the size of its picture."""
    (pictures / "img3.jpg").unlink()
    state = {"id": "s", "image": "img3.jpg", "kind": "state", "state": "skipped", "time": "2026-01-01T00:00:00.000Z"}
    assert client.post("/api/edits", json={"annotator": "ada", "edits": [state]}).json["accepted"] == ["s"]


@pytest.mark.parametrize("query", ["(((", "state:nonsense", "x" * 5000, "a\0b", "boxes:>1e999", "annotator:nobody"])
def test_charts_of_a_query_that_is_none_stay_as_they_are(client: Any, query: str) -> None:
    assert draw_charts(client, query).status_code == 204
    assert draw_charts(client, "").status_code == 200


def draw_charts(client: Any, query: str) -> Any:
    """Ask for the charts as the page does."""
    [draw] = [one for one in client.get("/_dash-dependencies").json if "chart-labels.figure" in one["output"]]
    outputs = [dict(zip(("id", "property"), one.split("."), strict=True)) for one in draw["output"][2:-2].split("...")]
    asked = {**draw["inputs"][0], "value": {"query": query, "annotator": "ada", "theme": "light"}}
    body = {"output": draw["output"], "outputs": outputs, "inputs": [asked], "changedPropIds": ["gallery-asked.data"]}
    return client.post("/_dash-update-component", json=body)
