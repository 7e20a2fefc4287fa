"""Instant feedback: a service of the hub that holds the keys and is asked by students' servers.

One idea a module: `policy` (what the instructor allows), `record` (who asked what, and how often),
`badge` and `identity` (who asks), `receipts` (what was handed in), `app` (the addresses). The
hub runs ``python -m deploy.feedback``.
"""
