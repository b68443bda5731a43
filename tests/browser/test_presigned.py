"""Pictures that a browser loads from their bucket itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from data.stacks import ORIENTATION_TAG
from tests.browser.person import Person, about
from tests.conftest import Site
from tests.shelf import jpeg

BOX = (100, 80, 220, 200)


def lying_jpeg(size: tuple[int, int]) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    return jpeg(size=size, exif=exif)


@pytest.fixture
def pictures_in_bucket(bucket: Callable[[dict[str, bytes]], None]) -> None:
    bucket({
        "set/img1.jpg": jpeg(size=(640, 480)),
        "set/img2.jpg": jpeg("green", (3000, 2000)),
        "set/img3.jpg": lying_jpeg((480, 640)),
        "set/img4.jpg": jpeg("navy", (8000, 5000)),
    })  # fmt: skip


def test_presigned_pictures_come_from_the_bucket_and_the_others_through_the_app(
    serve: Callable[..., Site], visit: Callable[..., Person], s3: Any, pictures_in_bucket: None
) -> None:
    """Turned by EXIF, or so large that it comes in tiles: that is for the app to show."""
    site = serve(images="s3://pics/set", presign="600")
    ada = visit(site, wait=False)
    answers: dict[str, list[int]] = {}
    ada.page.on("response", lambda answer: answers.setdefault(answer.url.partition("?")[0], []).append(answer.status))
    ada.page.reload()
    ada.wait_until_ready()
    for number in range(1, 5):
        ada.enter("image-jump", str(number))
        ada.wait_for_image(f"img{number}.jpg")
        ada.draw(*BOX)
        ada.wait_for_boxes(1)
        assert ada.check_agreement() == [about(BOX, 30 if number == 4 else 12)]
    statuses = [answers[f"{site.url}/images/img{number}.jpg"][0] for number in range(1, 5)]
    assert statuses == [302, 302, 200, 200]
    assert {url: found for url, found in answers.items() if url.startswith(s3.url)} == {
        f"{s3.url}/pics/set/img1.jpg": [200],
        f"{s3.url}/pics/set/img2.jpg": [200],
    }


def test_without_being_told_nothing_of_a_bucket_reaches_a_browser(
    serve: Callable[..., Site], visit: Callable[..., Person], s3: Any, pictures_in_bucket: None
) -> None:
    ada = visit(serve(images="s3://pics/set"), wait=False)
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.page.reload()
    ada.wait_until_ready()
    ada.press("d")
    ada.wait_for_image("img2.jpg")
    assert any("/images/img2.jpg" in url for url in asked)
    assert not any(s3.url in url for url in asked)
