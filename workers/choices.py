"""Asking back which flow was meant, by a button for each."""

from __future__ import annotations

from bot.reply import Button, Buttons, Paragraph, Reply
from flows import router


def choices(answer: router.Answer) -> Reply:
    if not answer.choices:
        return Reply(answer.text)
    buttons = Buttons(tuple(Button(f"/{flow}", "start", flow) for flow in answer.choices))
    return Reply(answer.text, (Paragraph(answer.text), buttons))
