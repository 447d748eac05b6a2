"""What a model writes grows on the web while it writes it, and is one message in the end."""

from __future__ import annotations

import asyncio

from tests.conversations.test_streaming import Muse, muse
from tests.web_driver import browser, token_of

__all__ = ["muse"]


async def test_words_appear_on_the_web_as_they_come_and_are_one_message_in_the_end(muse: Muse) -> None:
    async with browser(muse.stack, await token_of(muse.stack, "ada@example.com")) as ada:
        muse.model.begin()
        await ada.say("/muse")
        await asyncio.wait_for(muse.model.asked.wait(), 20)
        muse.model.say("The lamp ")
        growing = await ada.frame("message", growing=True)
        muse.model.say("is red")
        delta = await ada.frame("delta", id=growing["id"])
        assert delta["at"] == len(growing["text"])
        assert growing["text"] + delta["words"] == "The lamp is red"
        muse.model.say(" and old.")
        muse.model.end()
        done = await ada.wait_for("The lamp is red and old.")
        done = await ada.until(
            lambda: each if not (each := ada.messages[done["id"]])["growing"] else None, "the end of it"
        )

    assert done["generated"] is True
    assert done["id"] == growing["id"]
    assert done["text"].startswith("The lamp is red and old.")
    assert [each["id"] for each in ada.messages.values() if "lamp" in each["text"]] == [done["id"]]


async def test_stop_on_the_web_stops_the_model_and_what_was_written_stays(muse: Muse) -> None:
    async with browser(muse.stack, await token_of(muse.stack, "ada@example.com"), "stop") as ada:
        muse.model.begin()
        await ada.say("/muse")
        await asyncio.wait_for(muse.model.asked.wait(), 20)
        muse.model.say("Once upon a time")
        growing = await ada.frame("message", growing=True)
        await ada.send("stop")
        await asyncio.wait_for(muse.model.left.wait(), 20)
        done = await ada.until(
            lambda: each if not (each := ada.messages[growing["id"]])["growing"] else None, "the end of it"
        )
    assert "Once upon a time" in str(done)
