"""nbgrader's settings on the grader's server: the course's, then this hub's."""
# ruff: noqa: INP001 -- loaded by its path, not imported

from deploy.hub import lti_record, settings
from deploy.hub.settings import CHECKOUT

c = get_config()  # type: ignore[name-defined]  # noqa: F821  (nbgrader provides it)

load_subconfig(str(CHECKOUT / "nbgrader_config.py"))  # type: ignore[name-defined]  # noqa: F821  (likewise)

chosen = settings.load()
c.CourseDirectory.root = str(chosen.course_folder)
c.CourseDirectory.course_id = chosen.course
c.CourseDirectory.db_url = chosen.gradebook_address
c.Exchange.root = str(chosen.exchange)
c.CheckRecord.path = str(chosen.feedback_folder / "asked.db")
c.Authenticator.plugin_class = "deploy.hub.nbgrader_auth.GraderPlugin"
c.ExchangeFactory.collect = "deploy.hub.collect.CollectOwned"
for trait, value in lti_record.grader_settings(chosen).items():
    setattr(c.LtiPlatform, trait, value)
