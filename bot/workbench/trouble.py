"""The trouble buttons: each tries one promise of the project on the spot."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from bot.workbench.cast import Json, Person
from bot.workbench.courier import Courier, Outcome, Parcel
from bot.workbench.sandbox import Sandboxes
from bot.workbench.slack_people import NotPossible, SlackPeople
from bot.workbench.store import Store
from bot.workbench.teams_people import TeamsPeople

PRESSES = 20
Elsewhere = Callable[[str, dict[str, Any]], Awaitable[str]]


class Trouble:
    """`elsewhere` performs what is not the stand-ins' to do: letting time pass, killing a worker."""

    def __init__(
        self,
        store: Store,
        slack: SlackPeople,
        teams: TeamsPeople,
        courier: Courier,
        elsewhere: Elsewhere,
        sandboxes: Sandboxes,
    ) -> None:
        self._store = store
        self._slack = slack
        self._teams = teams
        self._courier = courier
        self._elsewhere = elsewhere
        self._sandboxes = sandboxes

    async def make(self, what: str, who: Person, action: Json | None = None) -> str:
        more = action or {}
        service = self._sandboxes.at
        match what:
            case "deliver_twice":
                return await self._deliver_twice()
            case "press_20":
                return await self._press_20(who)
            case "decline_card":
                stripe = self._sandboxes.get("stripe")
                if stripe is None:
                    raise NotPossible("Stripe is real here: no card is declined on demand")
                await stripe.decline_next()
                return "The next card will be declined."
            case "fail":
                return await service(str(more["service"])).fail_next(str(more["how"]))
            case "act":
                return await service(str(more["service"])).act(str(more["act"]), str(more["record"]), who)
            case "reset":
                await self._sandboxes.reset()
                self._store.forget_everything()
                return "Everything said so far is gone."
            case "expire" | "kill_worker":
                return await self._elsewhere(what, {"as": who.id})
            case _:
                raise NotPossible("there is no such trouble")

    async def _deliver_twice(self) -> str:
        for again in self._store.newest_again():
            if not again["title"].endswith("(echo)"):
                outcome = await self._courier.send_again(again)
                answered = outcome.status or outcome.problem
                return f"{again['title']} was delivered once more; the bot answered {answered}."
        raise NotPossible("nothing was delivered yet")

    async def _press_20(self, who: Person) -> str:
        """The newest card that this person sees: its first button, twenty times at one moment."""
        label, parcels = self._newest_press(who)
        outcomes = await asyncio.gather(*(self._courier.send(parcel) for parcel in parcels))
        return f"“{label}” was pressed {PRESSES} times at once: {_summed(outcomes)}."

    def _newest_press(self, who: Person) -> tuple[str, list[Parcel]]:
        found: list[tuple[float, str, Callable[[], Parcel]]] = []
        for message in reversed(self._store.newest("message")):
            sees = message.get("ephemeral_to", who.slack) == who.slack
            button = next(slack_buttons(message), None)
            if button is not None and sees:
                action = {name: button[name] for name in ("type", "action_id", "value") if name in button}
                press = _bind(self._slack.pressing, who, message, action)
                found.append((float(message["ts"]), button["text"]["text"], press))
                break
        for activity in reversed(self._store.newest("activity")):
            button = next(teams_buttons(activity.get("card")), None)
            if button is not None:
                verb, data = str(button.get("verb") or ""), button.get("data") or {}
                press = _bind(self._teams.executing, who, activity, verb, data)
                found.append((int(activity["id"]) / 1000, str(button.get("title") or verb), press))
                break
        if not found:
            raise NotPossible("there is no card with a button to press")
        _, label, make = max(found, key=lambda item: item[0])
        return label, [make() for _ in range(PRESSES)]


def _bind(make: Callable[..., Parcel], *with_: Any) -> Callable[[], Parcel]:
    return lambda: make(*with_)


def slack_buttons(message: Json) -> Iterator[Json]:
    for block in message.get("blocks") or ():
        for element in (*(block.get("elements") or ()), block.get("accessory")):
            if isinstance(element, dict) and element.get("type") == "button" and not element.get("url"):
                yield element


def teams_buttons(card: Any) -> Iterator[Json]:
    """Every Action.Execute in a card, wherever it is nested."""
    if isinstance(card, list):
        for item in card:
            yield from teams_buttons(item)
    elif isinstance(card, dict):
        if card.get("type") == "Action.Execute":
            yield card
        for name, value in card.items():
            if name != "data" and isinstance(value, dict | list):
                yield from teams_buttons(value)


def _summed(outcomes: list[Outcome]) -> str:
    counted = Counter(str(outcome.status or outcome.problem) for outcome in outcomes)
    return ", ".join(f"{count} answered {status}" for status, count in counted.most_common())
