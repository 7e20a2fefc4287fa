"""On a cluster the hub identifies tokens, and a class causes few requests to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deploy.feedback.identity import HubIdentity, Person, TooManyUnknownTokensError
from tests.deploy.feedback.test_feedback import CLASS


class TestHubIdentity:
    """On a cluster the hub identifies tokens, and a class causes few requests to it."""

    @pytest.fixture
    def hub(self, monkeypatch: pytest.MonkeyPatch) -> HubIdentity:
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "service")
        monkeypatch.setenv("JUPYTERHUB_OAUTH_ACCESS_SCOPES", '["access:services!service=feedback"]')
        identity = HubIdentity()
        self.hub_requests: list[str] = []

        async def user_for_token(token: str, **_: object) -> dict[str, Any] | None:
            self.hub_requests.append(token)
            await asyncio.sleep(0.01)
            if token not in {"ada", "service", "closed"}:
                return None
            kind = "service" if token == "service" else "user"
            scopes = [] if token == "closed" else ["access:services!service=feedback"]
            return {"kind": kind, "name": token, "groups": [CLASS], "scopes": scopes}

        monkeypatch.setattr(identity._hub, "user_for_token", user_for_token)
        return identity

    def test_concurrent_and_later_requests_share_one_answer(self, hub: HubIdentity) -> None:
        async def ask() -> list[Person | None]:
            first = await asyncio.gather(*(hub.identify("ada") for _ in range(50)))
            return [*first, await hub.identify("ada")]

        assert asyncio.run(ask()) == [Person("ada", frozenset({CLASS}))] * 51
        assert self.hub_requests == ["ada"]

    def test_only_clients_with_unknown_tokens_wait(self, hub: HubIdentity) -> None:
        async def ask() -> None:
            assert await hub.identify("ada", "10.0.0.1")
            for number in range(30):
                assert await hub.identify(f"guess {number}", "10.0.0.1") is None
            with pytest.raises(TooManyUnknownTokensError):
                await hub.identify("one more", "10.0.0.1")
            assert await hub.identify("ada", "10.0.0.1")
            assert await hub.identify("guess 1", "10.0.0.1") is None
            assert await hub.identify("elsewhere", "10.0.0.2") is None

        asyncio.run(ask())
        assert len(self.hub_requests) == 32

    @pytest.mark.parametrize("token", ["service", "closed", "nobody"])
    def test_tokens_without_access_are_rejected(self, hub: HubIdentity, token: str) -> None:
        assert asyncio.run(hub.identify(token)) is None
