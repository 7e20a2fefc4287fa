"""Instant feedback: a hub service that holds the answer keys and answers students' servers.

`app` has the routes, `policy` what the instructor allows, `request_log` what was asked and
answered, `signed_token` and `identity` who is asking, `receipts` what was submitted. The hub runs
``python -m deploy.feedback``.
"""
