"""From a fresh clone to a working folder, with the standard library alone: `python3 -m bot.setup`."""
