"""The engine's own phrases: today's words, the same tersely, the same playfully.

Every way holds the same values. What says whether something was charged, done or decided is not in here,
and neither is anything of an approval: that is said alike to everybody.
"""

from __future__ import annotations

PHRASES: dict[str, tuple[str, str]] = {
    # everybody says these in every flow
    "You are welcome.": ("Welcome.", "Any time, it was a pleasure! 🙂"),
    "Cancelled.": ("Cancelled.", "All right, cancelled, no hard feelings."),
    "All right, from the start.": ("From the start.", "Clean slate! From the start, then."),
    "I can do this:": ("Commands:", "Here is what I have up my sleeve:"),
    "Say “help” or “cancel” at any point.": (
        "“help”, “cancel”.",
        "Say “help” or “cancel” whenever you like.",
    ),
    "Nothing is set up here yet.": ("Nothing set up.", "My sleeves are still empty: nothing is set up here."),
    "Hello {name}!": ("Hello {name}.", "Hi there {name}, good to see you! 👋"),
    "Hello!": ("Hello.", "Hi there! 👋"),
    "I am {called}.": ("{called} here.", "I am {called}, at your service."),
    "We are in the middle of “{flow}”.": ("Open: “{flow}”.", "We are still in the thick of “{flow}”."),
    "Let us do that first; then I come back to “{flow}”.": (
        "That first, then “{flow}”.",
        "A little detour, gladly! Then I come straight back to “{flow}”.",
    ),
    "Finish it here or say “cancel”, then ask for {other}.": (
        "Finish it or say “cancel”, then ask for {other}.",
        "Let us finish it here first, or say “cancel”; then I am all ears for {other}.",
    ),
    "Back to “{flow}”.": ("“{flow}”:", "And we are back at “{flow}”!"),
    "Back to “{flow}”: I am working on it.": (
        "“{flow}”: in progress.",
        "And we are back at “{flow}”: my sleeves are rolled up, I am on it.",
    ),
    "I am working on it. There is no question open.": (
        "In progress. No question open.",
        "I am on it, sleeves rolled up. There is no question open.",
    ),
    # nothing was understood, or nothing is open
    "There is nothing open here.": ("Nothing open.", "Nothing on my desk from you just now."),
    "I did not understand that.": ("Not understood.", "Hm, that one went over my head."),
    "I am not sure what you would like. Is it this?": ("Is it this?", "Let me guess: is it this?"),
    "“/{command}” is not set up here.": (
        "No “/{command}” here.",
        "“/{command}”? That trick I have not learned here.",
    ),
    "“{command}” is not set up here.": (
        "No “{command}” here.",
        "“{command}”? That trick I have not learned here.",
    ),
    "That is not what I am here for.": ("Not mine.", "Lovely topic, and quite beyond me."),
    # questions of steps
    "What would you like?": ("What?", "What may it be?"),
    "Say what to change, or “that's all” to go on.": (
        "Changes, or “that's all”.",
        "Fancy a change? Or say “that's all” and off we go.",
    ),
    "What should I change? For example “make it three” or “drop the cola”.": (
        "What to change? As in “make it three” or “drop the cola”.",
        "No problem, what shall I change? For example “make it three” or “drop the cola”.",
    ),
    "What should I change? Name it and say what it should be, or say “cancel”.": (
        "What to change? Name it, say what it should be, or “cancel”.",
        "No problem, what shall I change? Name it and say what it should be, or say “cancel”.",
    ),
    "I did not understand that. Say “yes” if it is right, say what to change, or say “cancel”.": (
        "“yes”, what to change, or “cancel”?",
        "You lost me there. Say “yes” if it is right, say what to change, or say “cancel”.",
    ),
    "That is settled already.": ("Settled already.", "That one is settled already, safe and sound."),
    "The list is empty now.": ("Empty now.", "The list is as empty as a plate after lunch."),
    "I am working on that right now; one moment.": ("In progress.", "On it as we speak; one moment!"),
    "That is not one of these any more.": ("Not one of these.", "Gone: that is not one of these any more."),
    # presses that come too late
    "That button changes nothing now.": (
        "No effect now.",
        "That button has retired: it changes nothing now.",
    ),
    "That card is out of date; the newest one is further down.": (
        "Outdated; see the newest, below.",
        "That card is yesterday's news; the newest one is further down.",
    ),
}
