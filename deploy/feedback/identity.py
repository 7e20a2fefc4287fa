"""Who asks. On a cluster the hub is asked whose token it is, as seldom as can be.

On one machine a badge tells it without the hub: `badge`.
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

_KNOWN: Final = 900.0  # seconds for which the hub's word is kept
_UNKNOWN: Final = 60.0  # the same, where it does not know the token
_TOKENS: Final = 20_000  # that are kept
_AT_ONCE: Final = 8  # questions to the hub; it answers one after another anyway


@dataclass(frozen=True)
class Person:
    """Somebody whom the hub knows.

    Attributes:
        name: Their account.
        groups: Their groups.
    """

    name: str
    groups: frozenset[str]


class HubBusyError(Exception):
    """Too many tokens that nobody knows came from one place; with the seconds to wait."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


class Identity(Protocol):
    """Tells whose token it is."""

    async def whose(self, token: str, asker: str = "") -> Person | None:
        """Return the person, or None if nobody knows the token or it may not come here.

        Args:
            token: What was sent.
            asker: The address from which it came.

        Raises:
            BusyError: Too many unknown tokens came from there.
        """


class Hub:
    """The hub's word for it, kept for a quarter of an hour.

    Those who come with one token at one moment share one question to the hub. A place from which
    many unknown tokens come has to wait, so that guessing does not keep the hub busy.

    Example:
        >>> Hub().whose("...")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._hub = HubAuth(cache_max_age=1)  # which keeps nothing for us; we keep it
        self._kept: OrderedDict[bytes, tuple[float, Person | None]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[Person | None]] = {}
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._strangers: dict[str, RateLimit] = {}

    async def whose(self, token: str, asker: str = "") -> Person | None:
        """Return whose it is, as the hub says or has said lately."""
        name = hashlib.sha256(token.encode()).digest()  # so that no token lies in our memory
        until, person = self._kept.get(name, (0.0, None))
        if until > time.monotonic():
            return person
        limit = self._strangers.get(asker)
        if limit and (wait := limit.retry_after()):
            raise HubBusyError(wait)
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._ask(token))
            self._asked[name].add_done_callback(lambda _: self._asked.pop(name))
        person = await asyncio.shield(self._asked[name])
        if person is None:
            self._strangers.setdefault(asker, RateLimit()).try_acquire()
        self._keep(name, person)
        return person

    async def _ask(self, token: str) -> Person | None:
        async with self._few:
            user: dict[str, Any] | None = await self._hub.user_for_token(token, sync=False)
        if not user or user.get("kind") != "user":
            return None
        if not self._hub.check_scopes(self._hub.access_scopes, user):
            return None
        return Person(user["name"], frozenset(user.get("groups") or ()))

    def _keep(self, name: bytes, person: Person | None) -> None:
        seconds = _KNOWN if person else _UNKNOWN
        self._kept[name] = (time.monotonic() + seconds, person)
        self._kept.move_to_end(name)
        while len(self._kept) > _TOKENS:
            self._kept.popitem(last=False)
