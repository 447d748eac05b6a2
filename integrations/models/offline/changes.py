"""Drafts as changes to the list, each with what it is worth believing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..base import Change, Item, Op, Product
from .catalogue import catalogue
from .drafts import Draft, Role, drafts_of
from .lexicon import Cue
from .parts import parts_of
from .scene import About, Scene, about_of, free_words, wishes_of
from .words import Sentence

REMOVING = {Cue.REMOVE, Cue.UNWANTED}
LISTING = {Cue.CLEAR, Cue.EMPTY} | REMOVING


@dataclass(frozen=True, slots=True)
class Understood:
    """The changes, and the words that came to nothing. `missed` counts the latter's drafts."""

    changes: tuple[Change, ...] = ()
    leftover: tuple[str, ...] = ()
    loose: int = 0
    missed: int = 0


def understand(sentence: Sentence, products: tuple[Product, ...], items: tuple[Item, ...]) -> Understood:
    shop = catalogue(products)
    parts = parts_of(sentence, shop, frozenset(item.name for item in items))
    scene = Scene(sentence, shop, items)
    changes: list[Change] = []
    leftover: list[str] = []
    loose = missed = 0
    for draft, partner in _paired(drafts_of(parts, shop)):
        if partner is None and _mends(scene, draft, changes):
            continue
        found = _swap(scene, draft, partner) if partner else _plain(scene, draft)
        found = [change for change in found if not _gone_already(change, changes)]
        if found:
            changes += found
            loose += draft.loose + (partner.loose if partner else 0)
        else:
            leftover.append(scene.said(draft))
            missed += 1
    changes = _without_totals(list(dict.fromkeys(changes)))
    return Understood(tuple(changes), tuple(words for words in leftover if words), loose, missed)


def _gone_already(change: Change, before: list[Change]) -> bool:
    """ "No cola, make it water" takes the cola away once."""
    return change.op is Op.REMOVE and any(
        one.op is Op.REMOVE and one.item == change.item and one.quantity == change.quantity == 0
        for one in before
    )


def _mends(scene: Scene, draft: Draft, changes: list[Change]) -> bool:
    """ "Two colas, no, three": the sentence corrects itself, so the change just made is made anew."""
    number = draft.number
    again = draft.corrects or draft.mode is Cue.SET
    if not changes or changes[-1].op is not Op.ADD or not again or not number or not number.exact:
        return False
    before = changes[-1]
    same = draft.match.names == (before.item,) if draft.match else not draft.names or draft.it
    if not same or draft.wishes or draft.unknown or number.trust < 0.5:
        return False
    words = scene.said(draft)
    changes[-1] = replace(
        before, quantity=number.value, words=words, confidence=min(before.confidence, number.trust) * 0.88
    )
    return True


def _without_totals(changes: list[Change]) -> list[Change]:
    """ "Two pizzas, one margherita and one pepperoni": the first only counts the others."""
    for at, change in enumerate(changes):
        parts = changes[at + 1 :]
        if not change.candidates or not parts or any(part.op is not Op.ADD for part in parts):
            continue
        named = [part for part in parts if part.item in change.candidates]
        if len(named) > 1 and sum(part.quantity for part in named) == change.quantity:
            return changes[:at] + [replace(p, confidence=p.confidence * 0.95) for p in parts]
    return changes


def _paired(drafts: Sequence[Draft]) -> list[tuple[Draft, Draft | None]]:
    """Each swap as (what goes, what comes), whichever was said first; all else alone."""
    pairs: list[tuple[Draft, Draft | None]] = []
    at = 0
    while at < len(drafts):
        here, after = drafts[at], drafts[at + 1] if at + 1 < len(drafts) else None
        if after and {here.role, after.role} == {Role.FROM, Role.TO}:
            pairs.append((here, after) if here.role is Role.FROM else (after, here))
            at += 2
        elif here.role is Role.FROM and after:
            pairs.append((here, after))
            at += 2
        else:
            pairs.append((here, None))
            at += 1
    return pairs


# one draft


def _plain(scene: Scene, draft: Draft) -> list[Change]:
    said = scene.said(draft)
    if draft.torn or (draft.number and draft.number.trust < 0.5):
        return _doubtful(scene, draft, said)
    if draft.stated and not draft.corrects:
        return []
    if draft.negated:
        return _negated(scene, draft, said)
    if draft.everything:
        sure = 0.95 if draft.mode in LISTING or (draft.mode is Cue.TAKE and draft.off) else 0.0
        return (
            [Change(Op.CLEAR, "", 0, words=said, confidence=sure if scene.items else sure * 0.6)]
            if sure
            else []
        )
    if draft.mode in REMOVING or (draft.off and draft.mode in {Cue.TAKE, Cue.ADD, None}):
        return _remove(scene, draft, said)
    if draft.mode in {Cue.AGAIN, Cue.DOUBLE}:
        return _again(scene, draft, said)
    if draft.less and not draft.wishes:
        return _remove(scene, draft, said)
    corrects = draft.mode in {Cue.SET, Cue.CHANGE, Cue.SWAP} or draft.only or draft.corrects or draft.sets
    if corrects and not draft.more:
        found = _correct(scene, draft, said)
        if found or draft.mode in {Cue.CHANGE, Cue.SWAP} or _says_nothing(scene, draft):
            return found
    return _add(scene, draft, said)


def _says_nothing(scene: Scene, draft: Draft) -> bool:
    """ "Make the cola …" with nothing understood after it is no order for another cola."""
    on_list = draft.match and set(draft.match.names) & set(scene.listed)
    return bool(draft.mode is Cue.SET and on_list and not draft.number)


def _doubtful(scene: Scene, draft: Draft, said: str) -> list[Change]:
    """A quantity that nobody can mean: kept with its words, and not to be believed."""
    about = about_of(scene, draft, listed_first=False)
    number = draft.number.value if draft.number else 1
    if about is None and not draft.unknown:
        return []
    name = about.name if about else free_words(scene, draft)
    known = bool(about) or not scene.shop.products
    trust = min(draft.number.trust if draft.number else 0.3, 0.3)
    op = Op.REMOVE if draft.mode in REMOVING else Op.SET if draft.mode is Cue.SET else Op.ADD
    return [
        Change(
            op, name, number, known=known, candidates=about.candidates if about else (),
            words=said, confidence=trust,
        )
    ]  # fmt: skip


def _negated(scene: Scene, draft: Draft, said: str) -> list[Change]:
    """ "Don't add the cola" takes away one that is there; "don't remove it" changes nothing."""
    about = about_of(scene, draft, listed_first=True)
    if draft.mode in {None, Cue.ADD} and about and about.on_list and not draft.points:
        return [Change(Op.REMOVE, about.name, 0, words=said, confidence=0.65)]
    if draft.wishes and draft.mode in {None, Cue.ADD} and scene.items:
        return []
    return []


def _remove(scene: Scene, draft: Draft, said: str) -> list[Change]:
    about = about_of(scene, draft, listed_first=True)
    exact = draft.number is not None and (draft.number.exact or draft.mode is Cue.REMOVE or draft.less)
    count = draft.number.value if draft.number and exact else 0
    if draft.less and not count:
        return []
    if about and about.candidates:
        return [Change(Op.REMOVE, "", count, candidates=about.candidates, words=said, confidence=about.trust)]
    if about is None and draft.unknown and scene.items:
        wish = f"no {free_words(scene, draft)}"
        return [Change(Op.OPTION, "", options=(wish,), words=said, confidence=0.7 * scene.last)]
    if about is None and draft.wishes:
        return _unwish(scene, draft, said)
    if about is None and draft.less and scene.items:
        about = About("", scene.last, scene.items[-1])
    if about is None:
        return []
    if about.on_list is None:
        return [Change(Op.REMOVE, about.name, count, words=said, confidence=0.3)]
    trust = 0.96 if count <= about.on_list.quantity else 0.6
    if draft.more and draft.mode is Cue.UNWANTED:
        trust = 0.45  # "no more colas": none at all, or none besides these?
    wished = {part.text for part in draft.sizes + draft.options}
    if not wished <= set(about.on_list.options):
        trust = 0.4  # "I don't want the pizza large" does not want it gone
    return [Change(Op.REMOVE, about.name, count, words=said, confidence=trust * about.trust)]


def _unwish(scene: Scene, draft: Draft, said: str) -> list[Change]:
    """ "Remove the extra cheese": an option goes, from the only item that has it."""
    wishes = [part.text for part in draft.options + draft.sizes]
    holders = [item for item in scene.items if set(wishes) & set(item.options)]
    if len(holders) != 1:
        return []
    gone = tuple(wish for wish in wishes if wish in holders[0].options)
    return [Change(Op.OPTION, holders[0].name, remove_options=gone, words=said, confidence=0.85)]


def _again(scene: Scene, draft: Draft, said: str) -> list[Change]:
    if not scene.items or draft.unknown:
        return []
    last = scene.items[-1]
    about = about_of(scene, draft, listed_first=True) if draft.match else None
    if draft.mode is Cue.DOUBLE and about and about.on_list:
        return [
            Change(Op.SET, about.name, about.on_list.quantity * 2, words=said, confidence=0.8 * about.trust)
        ]
    if draft.match:
        return []
    if draft.mode is Cue.DOUBLE:
        return [Change(Op.SET, "", last.quantity * 2, words=said, confidence=0.8 * scene.last)]
    return [Change(Op.ADD, "", last.quantity, last.options, words=said, confidence=0.8 * scene.last)]


def _correct(scene: Scene, draft: Draft, said: str) -> list[Change]:
    """ "Make it three", "make the second one large", "make that a pepperoni", "only one cola"."""
    about = about_of(scene, draft, listed_first=True)
    if about and about.candidates:
        return []
    exact = draft.number if draft.number and draft.number.exact else None
    if about is None or not (draft.match or draft.points):
        if draft.unknown or not scene.items:
            return []
        if exact and not draft.wishes:
            return [Change(Op.SET, "", exact.value, words=said, confidence=0.97 * exact.trust * scene.last)]
        about = About("", scene.last, scene.items[-1])
    item = about.on_list
    if item is None:
        if draft.match and (draft.it or draft.points) and scene.items and draft.mode in {Cue.SET, Cue.CHANGE}:
            return _turned(scene, draft, about, said)
        return []
    wishes = wishes_of(scene, draft, about.name or item.name, item)
    trust = about.trust * wishes.trust * 0.97
    if exact:
        trust *= exact.trust
        return [
            Change(Op.SET, about.name, exact.value, wishes.add, wishes.remove, words=said, confidence=trust)
        ]
    if draft.wishes:
        return [Change(Op.OPTION, about.name, 1, wishes.add, wishes.remove, words=said, confidence=trust)]
    return []


def _turned(scene: Scene, draft: Draft, about: About, said: str) -> list[Change]:
    """The last item becomes another product."""
    last = scene.items[-1]
    wishes = wishes_of(scene, draft, about.name, None)
    count = draft.number.value if draft.number else last.quantity
    trust = 0.85 * about.trust * wishes.trust * scene.last
    return [
        Change(Op.REMOVE, last.name, 0, words=said, confidence=trust),
        Change(Op.ADD, about.name, count, wishes.add, words=said, confidence=trust),
    ]


def _add(scene: Scene, draft: Draft, said: str) -> list[Change]:
    about = about_of(scene, draft, listed_first=False)
    count = draft.number.value if draft.number else 1
    trust = draft.number.trust if draft.number else 0.97
    if about is None and draft.unknown:
        return _unknown(scene, draft, said, count, trust)
    if draft.match and about:
        wishes = wishes_of(scene, draft, about.name, about.on_list)
        trust *= about.trust * wishes.trust
        if about.candidates:
            return [
                Change(
                    Op.ADD, "", count, wishes.add, candidates=about.candidates, words=said, confidence=trust
                )
            ]
        if about.on_list and draft.wishes and not draft.number and (draft.definite or draft.onto):
            return [Change(Op.OPTION, about.name, 1, wishes.add, wishes.remove, words=said, confidence=trust)]
        if not draft.number and draft.definite and draft.mode is None:
            trust *= 0.4 if about.on_list else 0.9  # "keep the cola": some deed that was not understood
        elif not draft.number and draft.more:
            trust *= 0.6  # "more colas": how many?
        return [Change(Op.ADD, about.name, count, wishes.add, words=said, confidence=trust)]
    return _about_the_last(scene, draft, said, count, trust)


def _about_the_last(scene: Scene, draft: Draft, said: str, count: int, trust: float) -> list[Change]:
    """ "One more", "no onions", "two of those": nothing is named, so the last item is meant."""
    if not scene.items or (draft.position is not None and not draft.wishes):
        return []
    about = about_of(scene, draft, listed_first=True) or About("", scene.last, scene.items[-1])
    if draft.more and not draft.wishes:
        return [Change(Op.ADD, about.name, count, words=said, confidence=trust * about.trust)]
    if draft.wishes and not (draft.number and draft.number.exact):
        wishes = wishes_of(scene, draft, about.name or scene.items[-1].name, about.on_list)
        trust = about.trust * wishes.trust * 0.97
        return [Change(Op.OPTION, about.name, 1, wishes.add, wishes.remove, words=said, confidence=trust)]
    if draft.number and draft.number.exact and not draft.wishes:
        trust = 0.7 if draft.points else 0.45
        return [Change(Op.SET, about.name, count, words=said, confidence=trust * about.trust)]
    return []


def _unknown(scene: Scene, draft: Draft, said: str, count: int, trust: float) -> list[Change]:
    """A thing in no catalogue, in the person's words. Without a quantity or a deed it is hardly one."""
    words = sum(part.end - part.first for part in draft.unknown)
    asked = draft.number is not None or draft.mode is Cue.ADD or draft.more
    trust *= (0.62 if asked else 0.35) if words <= 4 else 0.25
    open_shop = not scene.shop.products
    if open_shop and asked and words <= 4:
        trust = 0.68
    wishes = wishes_of(scene, draft, "", None)
    return [
        Change(
            Op.ADD, free_words(scene, draft), count, wishes.add, known=open_shop, words=said, confidence=trust
        )
    ]


# two drafts


def _swap(scene: Scene, goes: Draft, comes: Draft) -> list[Change]:
    first, last = min(goes.first, comes.first), max(goes.end, comes.end)
    said = scene.sentence.words(max(first, 0), last)
    if comes.number and comes.number.trust < 0.5:
        return []
    if goes.number and not goes.names and comes.names:  # "six pens instead of three"
        return _correct(scene, replace(comes, corrects=True), said)
    gone = about_of(scene, goes, listed_first=True)
    if gone is None or gone.on_list is None or gone.candidates:
        return []
    trust = gone.trust * 0.96
    if not comes.match and not comes.unknown:
        goes = replace(goes, number=comes.number, sizes=comes.sizes, options=comes.options)
        return _correct(scene, goes, said) if comes.number or comes.wishes else []
    part = goes.number.value if goes.number and goes.number.exact else 0
    count = comes.number.value if comes.number else part or gone.on_list.quantity
    came = _add(scene, replace(comes, definite=False, onto=False), said)
    came = [
        replace(change, op=Op.ADD, quantity=count, confidence=change.confidence * trust) for change in came
    ]
    trust = min([trust, *(change.confidence for change in came)])
    return [Change(Op.REMOVE, gone.on_list.name, part, words=said, confidence=trust), *came]
