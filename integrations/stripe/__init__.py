"""Stripe: what can be bought, what it comes to, charging it once, and giving it back."""
