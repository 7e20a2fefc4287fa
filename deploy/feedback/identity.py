"""Whose token it is: the hub is asked, and believed for a minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from jupyterhub.services.auth import HubAuth

_MEMORY: Final = 60  # seconds for which the hub's word is kept


@dataclass(frozen=True)
class Person:
    """Somebody whom the hub knows.

    Attributes:
        name: Their account.
        groups: Their groups.
    """

    name: str
    groups: frozenset[str]


class Identity(Protocol):
    """Tells whose token it is."""

    async def whose(self, token: str) -> Person | None:
        """Return the person, or None if the hub does not know the token or it may not come here."""


class Hub:
    """The hub's word for it.

    Example:
        >>> Hub().whose("...")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._hub = HubAuth(cache_max_age=_MEMORY)

    async def whose(self, token: str) -> Person | None:
        """Ask the hub, unless it was asked within the last minute."""
        user: dict[str, Any] | None = await self._hub.user_for_token(token, sync=False)
        if not user or user.get("kind") != "user":
            return None
        if not self._hub.check_scopes(self._hub.access_scopes, user):
            return None
        return Person(user["name"], frozenset(user.get("groups") or ()))
