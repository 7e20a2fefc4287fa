"""When a submission was made: the times that nbgrader and other tools write, in UTC.

nbgrader reads a time as UTC if it doesn't know the zone's abbreviation, which is the case for every
summer time (``CEST``, ``EDT``), and takes ``+0200`` for 200 seconds. Here the configured zone
decides what an abbreviation means, then all zones of the IANA database. If they disagree, the time
is unknown: a wrong guess could make a submission late.
"""

from __future__ import annotations

import functools
import os
import re
import zoneinfo
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Final

import dateutil.parser
import dateutil.tz

FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f UTC"  # nbgrader's own
MAX_CHARS: Final = 100  # parsing takes quadratic time

_UTC_NAMES: Final = {"Z", "UTC", "GMT", "UT", "UCT", "ZULU"}
_WITH_OFFSET: Final = re.compile(r"(.*:.*?\d(?: ?[AP]M)?) ?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?")
_WITH_ZONE: Final = re.compile(r"(.*?\d(?: ?[AP]M\b)?) ?((?![AP]M$|T\d)[A-Za-z][A-Za-z0-9_+/-]*)")
_YEARS: Final = range(1970, 2100)


class TimestampError(ValueError):
    """The text is not a time."""


class ZoneError(TimestampError):
    """The text is a time, but in an unknown or ambiguous zone."""


def parse_timestamp(text: str, configured: str = "UTC", assumed: str = "UTC") -> datetime:
    """Return a time in UTC, without a zone, as nbgrader stores it.

    Example:
        >>> parse_timestamp("2026-07-01 11:50:00.000000 CEST")
        datetime.datetime(2026, 7, 1, 9, 50)
        >>> parse_timestamp("2026-07-01 11:50:00 CST", "America/Costa_Rica")
        datetime.datetime(2026, 7, 1, 17, 50)

    Args:
        text: A time with an offset, an abbreviation or a zone's name, or without any.
        configured: The course's zone, ``c.Exchange.timezone``.
        assumed: The zone of a time without any.

    Raises:
        TimestampError: With the reason; a `ZoneError` if it is the zone.
    """
    text = text.strip()
    if len(text) > MAX_CHARS or not text.isascii() or not text.isprintable():
        raise TimestampError("not a valid time")
    if match := _WITH_OFFSET.fullmatch(text):
        sign = -1 if match[2] == "-" else 1
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[2:])
        offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return _to_utc(_clock_time(match[1]), {sign * offset}, text)
    match = _WITH_ZONE.fullmatch(text)
    clock, zone = (_clock_time(match[1]), match[2]) if match else (_clock_time(text), assumed)
    return _to_utc(clock, _offsets(clock, zone, configured), text)


def newest_change(folder: Path) -> datetime:
    """Return when a folder or anything in it was last added or changed, as the system recorded it.

    Linux records every change of a file or folder (its ctime), and no program can choose that time.

    Example:
        >>> newest_change(Path("/nowhere"))
        Traceback (most recent call last):
        FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'
    """
    newest = folder.lstat().st_ctime
    for _, folders, files, opened in os.fwalk(folder):  # follows no links
        stats = [os.fstat(opened), *(_stat(name, opened) for name in (*folders, *files))]
        newest = max([newest, *(stat.st_ctime for stat in stats if stat)])
    return datetime.fromtimestamp(newest, UTC)


def _stat(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:  # removed in the meantime, which changes the folder's own ctime
        return None


def _clock_time(text: str) -> datetime:
    try:
        # Without a year the time is that of year 1.
        clock: datetime = dateutil.parser.parse(
            text,
            default=datetime(1, 1, 1),  # noqa: DTZ001
            tzinfos=_refuse_zone,
        )
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise TimestampError("not a valid time") from error
    if clock.year not in _YEARS:
        raise TimestampError("not a valid time")
    return clock


def _refuse_zone(name: str | None, offset: int | None) -> None:
    """Raise if `dateutil` finds a zone that isn't where zones are written."""
    if name is not None or offset is not None:
        raise ValueError(name)


def _to_utc(clock: datetime, offsets: set[timedelta], text: str) -> datetime:
    if not offsets:
        raise ZoneError(f"the zone in {text!r} is unknown; write the time in UTC")
    if len(offsets) > 1:
        times = " or ".join(f"{clock - offset:%Y-%m-%d %H:%M}" for offset in sorted(offsets))
        raise ZoneError(f"{text!r} is ambiguous ({times} UTC); write the time in UTC")
    (offset,) = offsets
    try:
        return (clock - timezone(offset).utcoffset(None)).replace(fold=0)
    except ValueError as error:
        raise ZoneError(f"{text!r} has an impossible offset; write the time in UTC") from error


def _offsets(clock: datetime, zone: str, configured: str) -> set[timedelta]:
    """Return the offsets that a zone's name or abbreviation may stand for at this time."""
    if zone.upper() in _UTC_NAMES:
        return {timedelta()}
    course_zone = find_zone(configured)
    if course_zone and zone == configured and not _abbreviated(clock, zone, [course_zone]):
        return _local(clock, course_zone)
    if "/" not in zone:
        # An abbreviation may be written although its season is over.
        times = [clock, clock.replace(month=1, day=1), clock.replace(month=7, day=1)]
        for zones in ([course_zone] if course_zone else [], _all_zones()):
            for time in times:
                if offsets := _abbreviated(time, zone, zones):
                    return offsets
    return _local(clock, zoneinfo.ZoneInfo(zone)) if zone in _zone_names() else set()


def find_zone(name: str) -> tzinfo | None:
    """Return a zone by its name, as nbgrader's ``c.Exchange.timezone`` has it; None if unknown."""
    if name in {"", "UTC"}:
        return UTC
    if name in _zone_names():
        return zoneinfo.ZoneInfo(name)
    zone: tzinfo | None = dateutil.tz.gettz(name)
    return zone


def _abbreviated(clock: datetime, name: str, zones: Iterable[tzinfo]) -> set[timedelta]:
    """Return the offsets of the zones that have this abbreviation at this time."""
    offsets = set()
    for zone in zones:
        for fold in (0, 1):
            local = clock.replace(tzinfo=zone, fold=fold)
            if (local.tzname() or "").upper() == name.upper():
                offsets.add(local.utcoffset() or timedelta())
    return offsets


def _local(clock: datetime, zone: tzinfo) -> set[timedelta]:
    """Return the offsets at this time: two when the clocks are changed, else one."""
    folds = [clock.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    return {local.utcoffset() or timedelta() for local in folds}


@functools.cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@functools.cache
def _all_zones() -> list[zoneinfo.ZoneInfo]:
    return [zoneinfo.ZoneInfo(name) for name in sorted(_zone_names())]
