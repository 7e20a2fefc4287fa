"""The grader's Jupyter server: it opens formgrader, and shows the course folder."""
# ruff: noqa: INP001 -- it is read by its path, not imported

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))

from deploy.hub import settings  # noqa: E402  (it lies there)

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (Jupyter provides it)

c.ServerApp.root_dir = str(settings.load().course_folder)
c.ServerApp.default_url = "/formgrader"
# JupyterLab shows formgrader in a frame of its own page; nobody else's page may.
c.ServerApp.tornado_settings = {
    "headers": {
        "Content-Security-Policy": "frame-ancestors 'self'; report-uri /hub/security/csp-report"
    }
}
