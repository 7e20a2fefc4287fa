"""Who is asking. On a cluster the hub says whose token it is, and its answers are cached.

On one machine `signed_token` answers without the hub.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, Protocol

from jupyterhub.services.auth import HubAuth

from course.server.rate import RateLimit

_KNOWN_TTL_S: Final = 900.0
_UNKNOWN_TTL_S: Final = 60.0
_MAX_CACHED_TOKENS: Final = 20_000
_MAX_HUB_REQUESTS: Final = 8  # in parallel; the hub answers one at a time anyway


@dataclass(frozen=True)
class Person:
    """A user of the hub."""

    name: str
    groups: frozenset[str]


class TooManyUnknownTokensError(Exception):
    """A client sent too many unknown tokens, and may try again after `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Identity(Protocol):
    """Finds the owner of a token."""

    async def identify(self, token: str, client: str = "") -> Person | None:
        """Return the owner of a token sent from a client's address; None if it is unknown.

        Raises:
            TooManyUnknownTokensError: The client sent too many unknown tokens.
        """


class HubIdentity:
    """Asks the hub, and caches its answers for a quarter of an hour.

    Concurrent requests with the same token share one request to the hub. A client that sends many
    unknown tokens has to wait, so that guessing doesn't keep the hub busy.

    Example:
        >>> HubIdentity().identify("...")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._hub = HubAuth(cache_max_age=1)  # the cache is ours
        self._cache: OrderedDict[bytes, tuple[float, Person | None]] = OrderedDict()
        self._pending: dict[bytes, asyncio.Task[Person | None]] = {}
        self._hub_slots = asyncio.Semaphore(_MAX_HUB_REQUESTS)
        self._unknown_token_limits: dict[str, RateLimit] = {}

    async def identify(self, token: str, client: str = "") -> Person | None:
        """Return the owner of a token, from the cache or from the hub."""
        digest = hashlib.sha256(token.encode()).digest()  # keeps tokens out of memory
        expires, person = self._cache.get(digest, (0.0, None))
        if expires > time.monotonic():
            return person
        limit = self._unknown_token_limits.get(client)
        if limit and (wait_s := limit.retry_after()):
            raise TooManyUnknownTokensError(wait_s)
        if digest not in self._pending:
            self._pending[digest] = asyncio.create_task(self._ask_hub(token))
            self._pending[digest].add_done_callback(lambda _: self._pending.pop(digest))
        person = await asyncio.shield(self._pending[digest])
        if person is None:
            self._unknown_token_limits.setdefault(client, RateLimit()).try_acquire()
        self._store(digest, person)
        return person

    async def _ask_hub(self, token: str) -> Person | None:
        async with self._hub_slots:
            user: dict[str, Any] | None = await self._hub.user_for_token(token, sync=False)
        if not user or user.get("kind") != "user":
            return None
        if not self._hub.check_scopes(self._hub.access_scopes, user):
            return None
        return Person(user["name"], frozenset(user.get("groups") or ()))

    def _store(self, digest: bytes, person: Person | None) -> None:
        ttl_s = _KNOWN_TTL_S if person else _UNKNOWN_TTL_S
        self._cache[digest] = (time.monotonic() + ttl_s, person)
        self._cache.move_to_end(digest)
        while len(self._cache) > _MAX_CACHED_TOKENS:
            self._cache.popitem(last=False)
