"""Our Stripe sandbox as a process of its own, so that its cost is counted to nobody else."""

from __future__ import annotations

import os

from aiohttp import web

from integrations.stripe.sandbox import create_sandbox


def main() -> None:
    app = create_sandbox(
        os.environ["SANDBOX_FILE"],
        webhook_url=os.environ["SANDBOX_WEBHOOK"],
        webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        api_key=os.environ["STRIPE_API_KEY"],
    )
    root = web.Application()
    root.add_subapp("/standin/stripe", app)
    web.run_app(root, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
