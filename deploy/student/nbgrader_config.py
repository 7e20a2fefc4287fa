"""nbgrader's settings for students: where to fetch and submit, and who may."""
# ruff: noqa: INP001 -- loaded by its path, not imported

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.course_id = os.environ["COURSE_ID"]
c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
c.Exchange.root = os.environ["COURSE_EXCHANGE"]
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
c.ExchangeFactory.submit = "course.server.submit.SubmitWithReceipt"
c.ExchangeFactory.fetch_assignment = "course.server.fetch.FetchAssignment"
