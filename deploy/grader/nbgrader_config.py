"""How nbgrader works for the grader: the course's own settings, then those of this hub."""
# ruff: noqa: INP001 -- it is read by its path, not imported

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))

from deploy.hub import settings  # noqa: E402  (it lies there)

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it)

load_subconfig(str(CHECKOUT / "nbgrader_config.py"))  # type: ignore[name-defined]  # noqa: F821  (as above)

chosen = settings.load()
c.CourseDirectory.root = str(chosen.course_folder)
c.CourseDirectory.course_id = chosen.course
c.CourseDirectory.db_url = chosen.gradebook_address
c.Exchange.root = str(chosen.exchange)
c.Authenticator.plugin_class = "deploy.hub.nbgrader_auth.GraderPlugin"
c.ExchangeFactory.collect = "deploy.hub.collect.CollectOwned"
