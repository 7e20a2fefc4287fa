"""Instant feedback: a service of the hub that holds the keys and is asked by students' servers.

One idea a module: `policy` (what the instructor allows), `record` (who asked what, and how often),
`badge` and `identity` (who asks), `app` (the one address). ``python -m deploy.feedback`` runs it;
the hub does that.
"""
