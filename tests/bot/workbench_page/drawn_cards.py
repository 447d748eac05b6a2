"""Cards as a browser draws them: what of a card stands on the screen, read back as a person would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page, Route

from bot.platforms.slack import render as slack_render
from bot.platforms.slack.blocks import LEFT_TO_RIGHT
from bot.platforms.teams import parts as teams_parts
from bot.platforms.teams import render as teams_render
from bot.reply import Reply
from tests.bot.workbench_page.conftest import Mock, Open
from tests.workers.read_cards import Seen, bare

CHANNEL, CHAT = "C0BLOCKS", "19:hostile@thread.v2"
QUERY = f"?channel=blocks&conversation={CHAT}"
LOG = {"slack": "Slack messages", "teams": "Teams messages"}
# Of each card of a log, all that is drawn. `cut` are the words that go on beyond what is shown of them;
# `turned` those of our own whose letters do not stand from left to right.
READ = """
(log) => [...log.querySelectorAll("article")].map((card) => {
  const own = (element) => element.innerText.replace(/\\u00a0/g, " ");
  const split = (row) => {
    // By the elements and not by the words: the words of somebody may look like a label.
    const found = [];
    for (const node of row.childNodes) {
      if (node.nodeName === "STRONG") found.push([own(node), ""]);
      else if (found.length) found.at(-1)[1] += node.textContent.replace(/\\u00a0/g, " ");
    }
    const whole = row.textContent.replace(/\\u00a0/g, " ").trim();
    return own(row).trim() === whole ? found : [["what is drawn is not what is there", own(row)]];
  };
  const rowOf = (element) => {
    if (element.matches(".ac-columnSet")) {
      const columns = [...element.children].filter((one) => one.matches(".ac-container"));
      return { kind: "pair", pair: columns.map(own) };
    }
    if (element.matches(".b-context")) return { kind: "small", text: own(element) };
    if (element.matches(".rich p")) return { kind: "line", text: own(element), pairs: split(element) };
    const size = parseFloat(getComputedStyle(element.querySelector("span") ?? element).fontSize);
    const large = element.matches("h3") || size >= 17;
    return { kind: large ? "title" : size < 13 ? "small" : "line", text: own(element), pairs: [] };
  };
  const places = "h3, .b-context, .rich p, .ac-columnSet, .ac-textBlock, .ac-richTextBlock";
  const rows = [...card.querySelectorAll(places)]
    .filter((one) => one.matches(".ac-columnSet") || !one.closest(".ac-columnSet, label"))
    .map(rowOf);
  const right = log.getBoundingClientRect().right + 1;
  const cut = [...card.querySelectorAll("*")].filter((one) => {
    if (!one.innerText?.trim() || one.closest("details, button, select, textarea, input")) return false;
    const style = getComputedStyle(one);
    if (style.display === "inline" || one.scrollWidth <= (one.clientWidth || Infinity) + 1) return false;
    const clips = style.overflowX !== "visible" || style.textOverflow === "ellipsis";
    return clips || one.getBoundingClientRect().left + one.scrollWidth > right;
  }).map((one) => `${one.tagName}.${one.className}: ${one.innerText.slice(0, 60)}`);
  const turned = [];
  const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, at = node.data.search(/(?<=^|an order: )\\$40\\.00/);
    if (at < 0) continue;
    const places = [0, 1, 2, 3, 4, 5].map((offset) => {
      const range = document.createRange();
      range.setStart(node, at + offset);
      range.setEnd(node, at + offset + 1);
      return range.getBoundingClientRect();
    });
    const sameLine = (one, other) => Math.round(one.top) === Math.round(other.top);
    const back = (box, n) => n && sameLine(box, places[n - 1]) && box.left < places[n - 1].left;
    if (places.some(back)) turned.push(node.data);
  }
  const linked = ".message-body a[href], .activity-body a[href], .ac-selectable:not(button), .ac-anchor";
  return {
    id: card.dataset.ts ?? card.dataset.id,
    rows,
    cut,
    turned,
    words: own(card.querySelector(".blocks, .card") ?? card),
    buttons: [...card.querySelectorAll(".b-actions button, .ac-pushButton")].map(own),
    links: [...card.querySelectorAll(linked)].map((one) => one.getAttribute("href") ?? own(one)),
    pinged: [...card.querySelectorAll(".mention")].map(own),
    notes: [...card.querySelectorAll(".unknown")].map(own),
  };
})
"""


@dataclass
class Drawn(Seen):
    """What else a screen can do to a card: cut it off, turn it around, leave something out."""

    cut: list[str] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def slack_messages(cards: Mapping[str, Reply]) -> list[dict[str, Any]]:
    """As `chat.postMessage` gets them; a card of several parts is several messages."""
    found = []
    for name, card in cards.items():
        for at, part in enumerate(slack_render.parts(card)):
            sent = slack_render.render(part, salt="0")
            found.append({"channel": CHANNEL, "ts": f"{name}.{at:06d}", "user": "U0COUNTER", "bot": True,
                          "text": sent["text"], "blocks": sent["blocks"]})  # fmt: skip
    return found


def teams_activities(cards: Mapping[str, Reply]) -> list[dict[str, Any]]:
    found = []
    for name, card in cards.items():
        for at, part in enumerate(teams_parts.parts(card)):
            sent = teams_render.render(part)
            [attached] = sent["attachments"]
            found.append({"conversation": CHAT, "id": f"{name}.{at:06d}", "from": "28:countersign",
                          "bot": True, "text": sent.get("text", ""), "textFormat": "plain",
                          "card": attached["content"], "at": "2026-11-22T08:00:00Z"})  # fmt: skip
    return found


async def shown(
    open_page: Open, mock: Mock, cards: Mapping[str, Reply], query: str = QUERY, **how: Any
) -> Page:
    """The workbench's page with these cards in both panes, and nothing else there. Names are digits."""
    mock.start("showcase")
    state = mock.state()
    state["slack"] |= {"messages": slack_messages(cards), "modals": []}
    state["teams"]["conversations"] = [{"id": CHAT, "name": "Cards", "kind": "groupChat"}]
    state["teams"]["activities"] = teams_activities(cards)
    body = json.dumps(state)

    async def before(page: Page) -> None:
        async def answer(route: Route) -> None:
            await route.fulfill(status=200, content_type="application/json", body=body)

        await page.route("**/workbench/state", answer)

    return await open_page(query, before=before, **how)


async def read(page: Page, platform: str) -> dict[str, Drawn]:
    """Each card by its name, with all its parts."""
    log = page.get_by_role("log", name=LOG[platform])
    await log.locator("article").first.wait_for()
    found: dict[str, Drawn] = {}
    for card in await log.evaluate(READ):
        seen = found.setdefault(card["id"].partition(".")[0], Drawn())
        _rows(seen, card["rows"])
        seen.words.append(card["words"].replace(LEFT_TO_RIGHT, ""))  # ours; one of others is shown as a mark
        seen.buttons += card["buttons"]
        seen.links += card["links"]
        seen.pinged += card["pinged"]
        seen.cut += card["cut"]
        seen.turned += card["turned"]
        seen.notes += card["notes"]
    return found


def _label(text: str) -> str:
    return re.sub(r":\s*$", "", text.replace(LEFT_TO_RIGHT, ""))


def _rows(seen: Drawn, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        match row:
            case {"kind": "title", "text": text}:
                seen.titles.append(text)
            case {"kind": "small", "text": text}:
                seen.small.append(text)
            case {"kind": "pair", "pair": [label, value]}:
                _pair(seen, label, value)
            case {"kind": "line", "pairs": [[str(only), str(value)]], "text": text} if not value.strip():
                if only.rstrip().endswith(":"):
                    _pair(seen, _label(only), "")
                else:
                    seen.titles.append(text)
            case {"kind": "line", "pairs": [*pairs]} if pairs:
                for label, value in pairs:
                    _pair(seen, _label(label), value)
            case {"kind": "line", "text": text} if seen.pairs and text.strip():
                label, value = seen.pairs[-1]  # the rest of a value that is too long for one block
                seen.pairs[-1] = (label, f"{value}{text}")


def _pair(seen: Drawn, label: str, value: str) -> None:
    value = value.rstrip("\n")
    if not bare(label) and seen.pairs:
        label, before = seen.pairs.pop()
        value = before + value
    seen.pairs.append((label.strip(), value))
