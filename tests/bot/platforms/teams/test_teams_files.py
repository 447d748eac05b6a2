"""Files in Teams' activities: in a chat with the bot, in the text, and where a bot may not look."""

from __future__ import annotations

from typing import Any

import pytest

from bot.platforms.teams.files import DOWNLOAD, attached
from bot.turn import Attached

SHARED = "https://contoso.sharepoint.com/personal/ada/Documents/Shared%20list.pdf"
KEY = "https://contoso.sharepoint.com/download.aspx?UniqueId=1&tempauth=eyJ0"


def activity(*attachments: Any) -> dict[str, Any]:
    html = {"contentType": "text/html", "content": "<p>order this</p>"}
    return {"type": "message", "attachments": [*attachments, html]}


def test_a_file_in_a_chat_comes_with_an_address_that_is_its_own_key() -> None:
    content = {"downloadUrl": KEY, "uniqueId": "1150D938", "fileType": "pdf"}
    row = {"contentType": DOWNLOAD, "contentUrl": SHARED, "name": "list.pdf", "content": content}
    assert attached(activity(row)) == (Attached("1150D938", "list.pdf", url=KEY),)


def test_a_picture_in_the_text_is_at_the_connector() -> None:
    url = "https://smba.trafficmanager.net/emea/v3/attachments/0-eus/views/original"
    assert attached(activity({"contentType": "image/*", "contentUrl": url})) == (
        Attached("1", "the picture", "image/*", url=url),
    )


def test_a_file_in_a_channel_is_where_a_bot_may_not_look() -> None:
    row = {"contentType": "reference", "contentUrl": SHARED}
    assert attached(activity(row)) == (Attached("1", "Shared list.pdf", elsewhere=True),)


def test_cards_and_the_text_itself_are_no_files() -> None:
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}
    assert attached(activity(card, {"contentType": "application/vnd.microsoft.card.thumbnail"})) == ()


@pytest.mark.parametrize(
    "rows",
    [None, "x", {}, [None, 7, "x"], [{"contentType": 7}], [{"contentType": DOWNLOAD}],
     [{"contentType": DOWNLOAD, "content": []}], [{"contentType": "image/png"}],
     [{"contentType": "image/png", "contentUrl": 7}]],
)  # fmt: skip
def test_strange_attachments_are_no_files_and_no_error(rows: Any) -> None:
    assert attached({"attachments": rows}) == ()


def test_a_download_without_an_address_is_told_of_later() -> None:
    found = attached(activity({"contentType": DOWNLOAD, "name": "x.pdf", "content": {"downloadUrl": 7}}))
    assert found == (Attached("1", "x.pdf"),)


def test_of_hundreds_twenty_are_noted() -> None:
    row = {"contentType": "image/png", "contentUrl": "https://smba.trafficmanager.net/x"}
    assert len(attached(activity(*[row] * 300))) == 20


def test_a_name_in_an_address_that_cannot_be_read_is_none() -> None:
    assert attached(activity({"contentType": "reference", "contentUrl": "https://[x/y"}))[0].name == "a file"
