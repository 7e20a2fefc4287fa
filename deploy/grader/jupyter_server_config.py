"""The grader's Jupyter server opens the course page and serves the course folder."""
# ruff: noqa: INP001 -- loaded by its path, not imported

from deploy.hub import settings

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (Jupyter provides it)

c.ServerApp.root_dir = str(settings.load().course_folder)
c.ServerApp.default_url = "/course-page"  # with a link to formgrader
# Only JupyterLab's own page may show formgrader in a frame.
c.ServerApp.tornado_settings = {
    "headers": {
        "Content-Security-Policy": "frame-ancestors 'self'; report-uri /hub/security/csp-report"
    }
}
