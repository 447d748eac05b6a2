"""What a draft is about, given the list so far: which item, and which wishes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..base import Item
from .catalogue import Catalogue
from .drafts import Draft
from .words import Sentence

SOLE, ONE_OF_SEVERAL = 0.95, 0.8  # how sure "it" is when the list has one item, or more


@dataclass(frozen=True, slots=True)
class Scene:
    sentence: Sentence
    shop: Catalogue
    items: tuple[Item, ...]

    @property
    def listed(self) -> dict[str, Item]:
        return {item.name: item for item in self.items}

    def said(self, draft: Draft) -> str:
        return self.sentence.words(draft.first, draft.end) if draft.first >= 0 else ""

    @property
    def last(self) -> float:
        """How sure "it" is."""
        return SOLE if len(self.items) == 1 else ONE_OF_SEVERAL if self.items else 0.2


@dataclass(frozen=True, slots=True)
class About:
    """`name` is empty for the last item. `on_list` is the item meant, if it is on the list."""

    name: str
    trust: float
    on_list: Item | None = None
    candidates: tuple[str, ...] = ()


def about_of(scene: Scene, draft: Draft, *, listed_first: bool) -> About | None:
    if draft.match:
        names = draft.match.names
        if len(names) > 1:
            on_list = [name for name in names if name in scene.listed]
            if listed_first and len(on_list) == 1:
                return About(on_list[0], 0.85, scene.listed[on_list[0]])
            return About("", draft.match.confidence, None, names)
        return About(names[0], draft.match.confidence, scene.listed.get(names[0]))
    if draft.points and draft.position is not None:
        if draft.position == -1 and scene.items:
            return About(scene.items[-1].name, 0.95, scene.items[-1])
        if 0 <= draft.position < len(scene.items):
            item = scene.items[draft.position]
            return About(item.name, 0.95, item)
        return None
    if draft.points or draft.it:
        return About("", scene.last, scene.items[-1]) if scene.items else None
    return None


def free_words(scene: Scene, draft: Draft) -> str:
    """The person's own words for a thing that is in no catalogue."""
    if not draft.unknown:
        return ""
    return scene.sentence.words(draft.unknown[0].first, draft.unknown[-1].end)


@dataclass(frozen=True, slots=True)
class Wishes:
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    trust: float = 1.0


def wishes_of(scene: Scene, draft: Draft, name: str, item: Item | None) -> Wishes:
    """A size of the product in its own spelling; one that it does not come in is kept and doubted."""
    add: list[str] = []
    trust = 1.0
    for part in sorted(draft.sizes + draft.options, key=lambda part: part.first):
        own = scene.shop.variant_of(name, part.text) if part in draft.sizes else part.text
        if own is None:
            trust = min(trust, 0.62)
        add.append(own or part.text)
        trust = min(trust, part.trust)
    sizes = scene.shop.sold_in.get(name, ())
    remove = [
        o for o in (item.options if item else ()) if o not in add and any(_ousts(a, o, sizes) for a in add)
    ]
    if sum(1 for option in add if option in sizes) > 1:
        trust = min(trust, 0.4)
    return Wishes(tuple(dict.fromkeys(add)), tuple(remove), trust)


def _ousts(new: str, old: str, sizes: Sequence[str]) -> bool:
    """A size replaces a size; "no ice" and "with ice" each replace the other."""
    if new in sizes and old in sizes:
        return True
    new_lead, _, new_noun = new.partition(" ")
    old_lead, _, old_noun = old.partition(" ")
    leads = {"no", "with", "extra", "light", "less"}
    return bool(new_noun) and new_noun == old_noun and {new_lead, old_lead} <= leads
