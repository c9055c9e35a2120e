"""On which local day an activity was: by its file, its place, else home (DESIGN 9)."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pierre_mcp.clock import SystemClock
from pierre_mcp.model.profile import Profile
from pierre_mcp.services import activities
from pierre_mcp.services.finding import find, plan_files
from pierre_mcp.services.imports import Import
from pierre_mcp.store import people
from pierre_mcp.store.activity import recordings_of
from pierre_mcp.store.recordings import Wanted
from tests.formats.making import Columns, fit_activity, ride
from tests.services.test_imports import run
from tests.stores import a_store, owner_grant

ZURICH, TOKYO, KATHMANDU = (47.4, 8.5), (35.7, 139.7), (27.7, 85.3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def indoors(seconds: int = 60) -> Columns:
    """A ride without a place."""
    return {k: v for k, v in ride(seconds).items() if k not in {"lat_deg", "lon_deg"}}


def flight() -> Columns:
    """Eleven hours from Zurich to Tokyo, with the watch on; a sample each minute."""
    flown = ride(660)
    way = np.linspace(0, 1, 660)
    return flown | {
        "t_s": flown["t_s"] * 60,
        "lat_deg": ZURICH[0] + way * (TOKYO[0] - ZURICH[0]),
        "lon_deg": ZURICH[1] + way * (TOKYO[1] - ZURICH[1]),
    }


# name, columns, start in UTC, offset in the file, then: local day, offset, its source
CASES = [
    ("before midnight", ride(60, start_deg=ZURICH), "2026-01-10T22:59:00", None,
     "2026-01-10", 3_600, "position"),
    ("after midnight", ride(60, start_deg=ZURICH), "2026-01-10T23:00:00", None,
     "2026-01-11", 3_600, "position"),
    ("the file knows better", ride(60, start_deg=ZURICH), "2026-01-10T23:30:00", 0,
     "2026-01-10", 0, "file"),
    ("before spring", ride(60, start_deg=ZURICH), "2026-03-29T00:59:00", None,
     "2026-03-29", 3_600, "position"),
    ("after spring", ride(60, start_deg=ZURICH), "2026-03-29T01:00:00", None,
     "2026-03-29", 7_200, "position"),
    ("spring moves a day", ride(60, start_deg=ZURICH), "2026-03-29T22:30:00", None,
     "2026-03-30", 7_200, "position"),
    ("before autumn", ride(60, start_deg=ZURICH), "2026-10-25T00:59:00", None,
     "2026-10-25", 7_200, "position"),
    ("after autumn", ride(60, start_deg=ZURICH), "2026-10-25T01:00:00", None,
     "2026-10-25", 3_600, "position"),
    ("a flight is of where it began", flight(), "2026-05-01T20:30:00", None,
     "2026-05-01", 7_200, "position"),
    ("quarter hours", ride(60, start_deg=KATHMANDU), "2026-05-01T18:20:00", None,
     "2026-05-02", 20_700, "position"),
    ("indoors is at home", indoors(), "2026-06-01T22:30:00", None,
     "2026-06-02", 7_200, "home"),
]  # fmt: skip


def test_the_local_day_of_each(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, (_, columns, start, offset, *_) in enumerate(CASES):
        # Each of its own length, or some would be copies of others in another zone.
        cut = {name: column[: 40 + number] for name, column in columns.items()}
        made = fit_activity(cut, started_at=at(start), utc_offset_s=offset)
        (folder / f"{number:02}.fit").write_bytes(made)
    with a_store(tmp_path / "store") as store:
        grant = owner_grant(store)
        run(store, grant, Import(plan_files(find([folder])), SystemClock()))
        with store.reading() as tx:
            listed = [r for day in activities.newest(tx, grant, Wanted()) for r in day]
            found = [recordings_of(tx, grant, row.activity_id)[0] for row in listed]
    seen = {
        one.activity.started_us // 1_000_000: (
            one.local_day,
            one.activity.utc_offset_s,
            one.activity.zone_source,
        )
        for one in found
    }
    for name, _, start, _, *told in CASES:
        assert seen[int(at(start).timestamp())] == tuple(told), name


def test_a_changed_home_changes_what_is_imported_later_and_nothing_else(
    tmp_path: Path,
) -> None:
    days: dict[str, list[str]] = {}
    with a_store(tmp_path / "store") as store:
        grant = owner_grant(store)
        for home in ("Europe/Zurich", "Asia/Tokyo"):
            with store.writing() as tx:
                people.set_profile(tx, grant, Profile(zone=home))
            start = at("2026-06-01T16:00:00" if days else "2026-06-02T16:00:00")
            file = tmp_path / f"{len(days)}.fit"
            made = fit_activity(indoors(), started_at=start, utc_offset_s=None)
            file.write_bytes(made)
            run(store, grant, Import(plan_files([file]), SystemClock()))
            with store.reading() as tx:
                listed = activities.newest(tx, grant, Wanted())
                days[home] = sorted(row.day for day in listed for row in day)
    assert days == {
        "Europe/Zurich": ["2026-06-02"],
        "Asia/Tokyo": ["2026-06-02", "2026-06-02"],
    }
