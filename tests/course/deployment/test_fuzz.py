"""Schemathesis sends requests the OpenAPI schema allows and forbids; none may answer 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from course import deployment

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with deployment.start() as server:
        yield server.url


@pytest.fixture(scope="module")
def openapi_schema(url: str) -> Any:
    refusals = {"expected-statuses": ["400", "413", "415", "422"]}  # 413: the body is too large
    config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": refusals}})
    return schemathesis.openapi.from_url(f"{url}openapi.json", config=config)


schema = schemathesis.pytest.from_fixture("openapi_schema")


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_match_the_schema(case: Any, url: str) -> None:
    case.call_and_validate(base_url=url, checks=CHECKS)
