"""Tells people what changed: mail and a webhook, from an outbox that forgets nothing and repeats nothing."""
