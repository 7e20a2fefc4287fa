"""Times in any zone are read as they were written; one that can't be decided is refused."""

from __future__ import annotations

import random
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from autograder.nbgrader_plugins import timestamps
from autograder.nbgrader_plugins.timestamps import TimestampError, parse_timestamp

FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"  # nbgrader's default


def times_in(zone: zoneinfo.ZoneInfo, random_numbers: random.Random) -> list[datetime]:
    """Return random times and those around each change of the clocks in 2026, in UTC."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(0, 8760, 6)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    changes = [hour for i, hour in enumerate(hours[1:]) if offsets[i] != offsets[i + 1]]
    around = [
        change - timedelta(minutes=minutes, microseconds=1)
        for change in changes
        for minutes in range(-90, 540, 15)
    ]
    seconds = [random_numbers.randrange(86_400, 68 * 365 * 86_400) for _ in range(5)]
    return around + [datetime.fromtimestamp(second, UTC) for second in seconds]


def test_every_zone_is_read_as_it_is_written() -> None:
    random_numbers = random.Random(9)
    changes = 0
    for name in sorted(zoneinfo.available_timezones()):
        zone = zoneinfo.ZoneInfo(name)
        for time in times_in(zone, random_numbers):
            text = time.astimezone(zone).strftime(FORMAT)
            assert parse_timestamp(text, name) == time.replace(tzinfo=None), (name, text)
            changes += 1
    assert changes > 5000


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-07-01 11:50:00.000000 CEST", "09:50"),
        ("2026-07-01 05:50:00 EDT", "09:50"),
        ("2026-07-01 10:50 BST", "09:50"),
        ("2026-07-01 20:50 AEDT", "09:50"),  # an abbreviation of another season
        ("2026-07-01 11:50 Europe/Berlin", "09:50"),
        ("2026-07-01 11:50 +0200", "09:50"),
        ("2026-07-01 11:50 +02", "09:50"),
        ("2026-07-01T11:50:00+02:00", "09:50"),
        ("2026-07-01T09:50:00Z", "09:50"),
        ("2026-07-01 09:50", "09:50"),
        ("2026-07-01 05:50 PM EDT", "21:50"),
        ("20260701T095000", "09:50"),
    ],
)
def test_zones_are_read_without_configuration(text: str, time: str) -> None:
    assert parse_timestamp(text) == datetime.fromisoformat(f"2026-07-01 {time}")


@pytest.mark.parametrize(
    ("zone", "time"), [("Asia/Kolkata", "06:20"), ("Europe/Dublin", "10:50"), ("UTC", "")]
)
def test_the_configured_zone_decides_what_an_abbreviation_means(zone: str, time: str) -> None:
    if time:
        assert parse_timestamp("2026-07-01 11:50 IST", zone).strftime("%H:%M") == time
    else:
        with pytest.raises(TimestampError, match=r"ambiguous \(.* 10:50 or .* 06:20 UTC\)"):
            parse_timestamp("2026-07-01 11:50 IST", zone)


def test_in_the_doubled_hour_the_abbreviation_decides() -> None:
    assert parse_timestamp("2026-10-25 02:30 CEST").strftime("%H:%M") == "00:30"
    assert parse_timestamp("2026-10-25 02:30 CET").strftime("%H:%M") == "01:30"
    with pytest.raises(TimestampError, match="ambiguous"):
        parse_timestamp("2026-10-25 02:30 Europe/Berlin")
    with pytest.raises(TimestampError, match="ambiguous"):
        parse_timestamp("2026-10-25 02:30", assumed="Europe/Berlin")
    assert parse_timestamp("2026-10-25 04:30", assumed="Europe/Berlin").hour == 3


@pytest.mark.parametrize(
    "text",
    [
        *("", "garbage", "9", "12:00", "2026-07-01 11:50 XYZ", "2026-07-01 11:50 (CEST)"),
        *("0001-01-01 00:00:00 +0500", "9999-12-31 23:59:59 -0500", "2026-07-01 11:50 +9999"),
        *("2026-07-01 11:50 ../../etc/passwd", "2026-07-01 11:50 America", "2026-13-01 00:00 UTC"),
        *("2026-07-01 11:50 \x1b[2J", "2026-07-01 11:50 ＣＥＳＴ", "9" * 101),
    ],
)
def test_what_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(TimestampError):
        parse_timestamp(text)


def test_times_in_utc_need_no_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamps, "_zone_names", lambda: 1 / 0)
    assert parse_timestamp("2026-07-01 11:50 UTC").hour == 11
    assert parse_timestamp("2026-07-01 11:50 +0200", "UTC").hour == 9
