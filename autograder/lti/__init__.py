"""LTI 1.3 Advantage: send grades to a learning management system and read its roster.

`docs/lms.md` says how to set it up. The hub's login with LTI is in `deploy/hub/lti.py`.
"""
