"""The platforms we speak: ★ to add one, copy a sibling folder and name it here."""

PLATFORMS = ("slack", "teams", "web")
