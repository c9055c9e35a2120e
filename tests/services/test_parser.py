import io
import os
import socket
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats.faults import Reason
from pierre_mcp.formats.fit_messages import FIELDS
from pierre_mcp.formats.frames import BrokenFrameError, Frame, read_frame, write_frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.services import confinement
from pierre_mcp.services.parsed import ParsedActivity, activity_of, ending_of
from pierre_mcp.services.parser import (
    PassedJobs,
    PipedJobs,
    activity_frame,
    answer,
)
from pierre_mcp.services.readers import Readers, Task
from pierre_mcp.services.work import Work
from tests.formats import making
from tests.formats.making import ride

Message = tuple[int, dict[int, making.Value], bool]

RIDE = making.fit_activity(ride(60))


def job(data: bytes) -> bytes:
    out = io.BytesIO()
    write_frame(out, Frame({"kind": "file", "size": len(data)}))
    return out.getvalue() + data


def answers(*files: bytes) -> list[Frame]:
    out = io.BytesIO()
    jobs = PipedJobs(io.BytesIO(b"".join(job(data) for data in files)), Limits())
    answer(jobs, out, Limits())
    out.seek(0)
    return list(iter(lambda: read_frame(out), None))


def checked(frame: Frame) -> ParsedActivity:
    activity = activity_of(frame)
    assert activity is not None
    return activity


def test_an_activity_and_an_end() -> None:
    first, last = answers(RIDE)
    ride_ = checked(first)
    assert ride_.sport == "cycling"
    assert ride_.utc_offset_s == 7_200
    assert ride_.activity.elapsed_s == 59
    assert ride_.first_position_deg == pytest.approx((-48.9, -123.4))
    assert ride_.heart_rate is not None
    assert ride_.power is not None
    assert ride_.notes is None
    assert ride_.columns["t_s"].tolist() == list(range(60))
    assert ending_of(last) == ("end", None)


def test_many_files_are_answered_in_turn() -> None:
    kinds = [frame.header["kind"] for frame in answers(b"", RIDE, b"\1", RIDE + RIDE)]
    assert kinds == [
        *("skipped", "activity", "end", "skipped", "activity", "activity", "end")
    ]


def test_notes_come_from_the_file() -> None:
    named = checked(answers(making.gpx_activity(ride(5)))[0])
    assert named.notes is not None
    assert named.notes.name == "Morning ride"


def test_no_samples_no_columns() -> None:
    manual = making.tcx_activity({"t_s": [0]}).replace(b"Trackpoint", b"Nothing")
    activity = checked(answers(manual)[0])
    assert len(activity.columns["t_s"]) == 0
    assert activity.first_position_deg is None


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", "skipped", Reason.EMPTY),
        (b"?" * 20, "skipped", Reason.NOT_A_KNOWN_FORMAT),
        (b"<gpx>", "failed", Reason.BROKEN_XML),
        (making.gpx_activity(ride(2), timed=False), "skipped", Reason.NO_TIMES),
    ],
)
def test_reasons(data: bytes, kind: str, reason: Reason) -> None:
    (frame,) = answers(data)
    assert ending_of(frame) == (kind, reason)


class Hungry(io.BytesIO):
    """A file whose reading needs more memory than there is."""

    def read(self, _size: int | None = -1, /) -> bytes:
        raise MemoryError


def test_out_of_memory_is_a_limit() -> None:
    readers = Readers(Limits(), activity_frame)
    (frame,) = readers.frames(Task(Hungry(), Work()))
    assert ending_of(frame) == ("failed", Reason.LIMITS)


@pytest.mark.parametrize("size", [-1, True, "9", None, 10**15])
def test_a_job_of_no_size_is_refused(size: Any) -> None:
    out = io.BytesIO()
    write_frame(out, Frame({"kind": "file", "size": size}))
    out.seek(0)
    with pytest.raises(BrokenFrameError):
        PipedJobs(out, Limits()).next()


@pytest.fixture
def channel() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def opened(tmp_path: os.PathLike[str]) -> Iterator[BinaryIO]:
    path = os.path.join(tmp_path, "ride.fit")  # noqa: PTH118 - a plain string
    with open(path, "w+b") as file:  # noqa: PTH123
        file.write(RIDE)
        file.seek(0)
        yield file


def test_a_file_travels_as_a_descriptor(
    channel: tuple[socket.socket, socket.socket], opened: BinaryIO
) -> None:
    ours, theirs = channel
    frame = io.BytesIO()
    write_frame(frame, Frame({"kind": "file"}))
    socket.send_fds(ours, [frame.getvalue()], [opened.fileno()])
    ours.shutdown(socket.SHUT_WR)
    jobs = PassedJobs(theirs)
    task = jobs.next()
    assert task is not None
    with task.stream:
        assert task.stream.read() == RIDE
    assert jobs.next() is None


def test_a_job_without_a_file_is_refused(
    channel: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = channel
    ours.sendall(job(b""))
    with pytest.raises(BrokenFrameError):
        PassedJobs(theirs).next()


SOUND = answers(RIDE)[0]


def fact(kind: str, value: object) -> dict[str, object]:
    return {"kind": kind, "value": value, "origin": "session"}


def altered(**changed: Any) -> Frame:
    return Frame({**SOUND.header, **changed}, SOUND.columns)


def with_columns(**changed: Any) -> Frame:
    columns = {**SOUND.columns, **changed}
    return Frame(SOUND.header, {n: c for n, c in columns.items() if c is not None})


def facts(**changed: Any) -> dict[str, Any]:
    return dict(SOUND.header["activity"]) | changed


def with_details(**changed: Any) -> Frame:
    return altered(details=dict(SOUND.header["details"]) | changed)


def detail(name: str, **changed: Any) -> Frame:
    return with_details(**{name: dict(SOUND.header["details"][name]) | changed})


def cell(name: str, **changed: Any) -> Frame:
    return altered(**{name: dict(SOUND.header[name]) | changed})


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(altered(extra=1), id="unknown field"),
        pytest.param(altered(sport="chess"), id="unknown sport"),
        pytest.param(altered(utc_offset_s=10**6), id="no such offset"),
        pytest.param(altered(utc_offset_s="3600"), id="text for a number"),
        pytest.param(altered(first_position_deg=[1.0]), id="half a position"),
        pytest.param(altered(first_position_deg=[91.0, 0.0]), id="beyond the pole"),
        pytest.param(altered(repairs=["A sentence, perhaps."]), id="free text"),
        pytest.param(altered(repairs=["a"] * 33), id="too many repairs"),
        pytest.param(altered(activity=facts(elapsed_s=-1)), id="negative time"),
        pytest.param(altered(activity=facts(started_us=10**20)), id="year 3 million"),
        pytest.param(cell("location", along_m=[0.0]), id="ragged path"),
        pytest.param(detail("activities", splits={"start_s": [1.0]}), id="splits"),
        pytest.param(detail("activities", pauses={"end_s": [1.0]}), id="pauses"),
        pytest.param(detail("activities", lengths={"start_s": [1.0]}), id="lengths"),
        pytest.param(detail("activities", best_s=[1.0] * 22), id="too many bests"),
        pytest.param(detail("activities", best_s=[-1.0]), id="a best below zero"),
        pytest.param(detail("activities", speed={"first": 3_001}), id="beyond bins"),
        pytest.param(detail("activities", more=1), id="unknown field of a detail"),
        pytest.param(detail("heart_rate", lap_mean_bpm=[]), id="laps lacking"),
        pytest.param(detail("heart_rate", mean_max_bpm=[400.0]), id="no such heart"),
        pytest.param(detail("power", split_mean_power_w=[1.0] * 9), id="splits over"),
        pytest.param(detail("power", power={"seconds": [0.5]}), id="half a second"),
        pytest.param(detail("power", power={"seconds": [1] * 3_002}), id="bins over"),
        pytest.param(detail("power", power={"seconds": [-1]}), id="less than none"),
        pytest.param(detail("power", mean_max_power_w=[1.0] * 50), id="curve too long"),
        pytest.param(cell("heart_rate", lap_mean_bpm=[1.0]), id="laps in a cell"),
        pytest.param(cell("power", split_mean_power_w=[1.0]), id="splits in a cell"),
        pytest.param(with_details(power=None), id="a cell without its detail"),
        pytest.param(altered(power=None), id="a detail without its cell"),
        pytest.param(with_details(activities=None), id="no detail at all"),
        pytest.param(with_details(sleep={}), id="detail of another category"),
        pytest.param(altered(athlete=[fact("weight_kg", 0)]), id="no weight"),
        pytest.param(altered(athlete=[fact("ftp_w", 65_535)]), id="no such power"),
        pytest.param(altered(athlete=[fact("ftp_w", "250")]), id="power in words"),
        pytest.param(altered(athlete=[fact("mood", 3)]), id="no such kind"),
        pytest.param(altered(athlete=[fact("ftp_w", 250)] * 11), id="facts over"),
        pytest.param(with_columns(power_w=np.full(60, np.inf)), id="infinity"),
        pytest.param(with_columns(t_s=None), id="no time"),
        pytest.param(with_columns(t_s=np.full(60, np.nan)), id="time is no number"),
        pytest.param(with_columns(t_s=-np.ones(60)), id="time before the start"),
        pytest.param(with_columns(t_s=np.arange(60.0)[::-1]), id="time falls"),
    ],
)
def test_a_lying_activity_is_refused(frame: Frame) -> None:
    with pytest.raises(BrokenFrameError):
        activity_of(frame)


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "begin"},
        {"kind": "end", "reason": "limits"},
        {"kind": "failed"},
        {"kind": "failed", "reason": "a sentence"},
        {"kind": "skipped"},
        {"kind": "skipped", "reason": "limits"},
        {"kind": "end", "and": "more"},
    ],
)
def test_a_lying_end_is_refused(header: dict[str, Any]) -> None:
    frame = Frame(header)
    assert activity_of(frame) is None
    with pytest.raises(BrokenFrameError):
        ending_of(frame)


def test_an_end_has_no_columns() -> None:
    with pytest.raises(BrokenFrameError):
        ending_of(Frame({"kind": "end"}, {"t_s": np.zeros(1)}))


class Resource:
    """The ``resource`` module, writing down what is set."""

    RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_AS, RLIMIT_CPU, RUSAGE_SELF = range(5)
    ru_utime, ru_stime = 1.2, 0.3

    def __init__(self) -> None:
        self.bounds: dict[int, tuple[int, int]] = {}

    def setrlimit(self, kind: int, bounds: tuple[int, int]) -> None:
        if kind == self.RLIMIT_AS:
            raise ValueError(kind)
        self.bounds[kind] = bounds

    def getrlimit(self, _kind: int) -> tuple[int, int]:
        return (-1, 1_000)

    def getrusage(self, _who: int) -> "Resource":
        return self


def test_confinement_takes_what_the_platform_lets_it() -> None:
    resource = Resource()
    confinement.confine(resource)
    confinement.allow_cpu(resource)
    assert resource.bounds == {
        Resource.RLIMIT_FSIZE: (0, 0),
        Resource.RLIMIT_CORE: (0, 0),
        Resource.RLIMIT_CPU: (2 + confinement.CPU_S_PER_FILE, 1_000),
    }


def test_posix_has_limits() -> None:
    pytest.importorskip("resource")
    assert confinement.limits_here().RLIMIT_AS is not None


def test_without_limits_there_is_still_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confinement, "limits_here", lambda: None)
    confinement.confine()
    confinement.allow_cpu()


def laid_out(number: int) -> st.SearchStrategy[Message]:
    """A message of this number: fields of the profile, any type, any bytes."""
    fields = st.dictionaries(
        st.sampled_from(sorted({*FIELDS[number], 8})),
        st.tuples(
            st.sampled_from([0, 1, 2, 0x83, 0x84, 0x85, 0x86, 0x88, 0x89, 0x8E, 0x8F]),
            st.binary(min_size=1, max_size=8),
        ),
    )
    return st.tuples(st.just(number), fields, st.booleans())


@given(st.lists(st.sampled_from(sorted(FIELDS)).flatmap(laid_out), max_size=12))
@settings(max_examples=60)
def test_any_activity_file_is_answered(messages: list[Message]) -> None:
    fit = making.Fit().message(0, {0: (making.ENUM, 4)})
    for number, fields, big in messages:
        fit.message(number, fields, local=1, big=big)
    *activities, last = answers(fit.finish())
    assert ending_of(last)
    assert all(checked(frame) for frame in activities)
