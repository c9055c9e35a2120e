"""An ordinary week of the demo athlete with an assistant, and a month of such weeks.

As an assistant would really call: a session a day or two, status first, lists, load,
trends and records, an activity looked into, some paging, a refusal or two, an id typed
wrongly, and once late in the evening.
"""

from tests.watching.stage import Session, Stage


def a_week(stage: Stage, first: int = 0) -> None:
    """Seven days from a Monday-like day on, counted from 1 March 2026."""
    for day, hour, minute, talk in (
        (0, 7, 40, _morning), (1, 18, 5, _review), (2, 12, 30, _morning),
        (3, 20, 15, _season), (4, 22, 50, _late), (5, 9, 20, _deep), (6, 17, 0, _race),
    ):  # fmt: skip
        stage.goes_to(first + day, hour, minute)
        talk(stage.session())
        stage.clock.pass_s(30)
        stage.scan()


def _morning(session: Session) -> None:
    """How did I sleep, how was yesterday?"""
    session.ask("get_status")
    newest = session.ids(limit=5)
    session.ask("get_activity", id=newest[0])
    session.ask("analyze_training_load")


def _review(session: Session) -> None:
    """The weekly review, as the prompt leads to it; several calls at once."""
    session.prompt("weekly_review")
    session.ask("get_status")
    for tool, arguments in (
        ("get_stats", {"by": "week"}),
        ("analyze_training_load", {}),
        ("analyze_trends", {"metric": "distance"}),
        ("get_personal_records", {}),
    ):
        session.ask(tool, every_s=0.2, **arguments)
    week = session.ids(limit=12)
    for one in week[:6]:
        session.ask("analyze_activity", every_s=0.3, id=one)
        session.ask("get_activity", every_s=0.3, id=one)
    session.ask("compare_activities", ids=week[:3])


def _season(session: Session) -> None:
    """This winter beside the last one: a month a page, two or three pages of it."""
    session.ask("get_status")
    session.ask("get_stats", by="month")
    page = session.told(
        "get_activities", from_day="2025-01-20", to_day="2025-03-20", limit=30
    )
    if page["next_cursor"]:
        session.ask(
            "get_activities",
            from_day="2025-01-20",
            to_day="2025-03-20",
            limit=30,
            cursor=page["next_cursor"],
        )
    session.ask("get_activities", from_day="2026-01-01", limit=60)
    session.ask("analyze_trends", metric="mean_bpm")


def _late(session: Session) -> None:
    """Late in the evening, and not everything is allowed or typed well."""
    session.ask("get_status")
    session.ask("import_inbox")
    session.ask("get_activity", id="yesterday")
    session.ask("get_sleep")
    session.ask("get_activities", limit=500)
    newest = session.ids()
    session.ask("get_activity_streams", id=newest[1], types=["heart_rate_bpm"])
    session.ask("get_activity", id=newest[1])
    session.ask("get_athlete")


def _deep(session: Session) -> None:
    """One long ride looked into, and its like before it."""
    rides = session.ids(sport="cycling", limit=10)
    for types in (["heart_rate_bpm", "power_w"], ["altitude_m"], ["cadence_rpm"]):
        session.ask("get_activity_streams", id=rides[0], types=types)
    session.ask("analyze_activity", id=rides[0])
    session.ask("compare_activities", ids=rides[:4])
    for one in rides[1:5]:
        session.ask("get_activity", id=one)


def _race(session: Session) -> None:
    """A race to plan."""
    session.prompt("race_plan", distance="half", date="2026-06-07")
    session.ask("get_status")
    session.ask("predict_performance", distance="half")
    session.ask("calculate_zones", kind="pace")
    session.ask("get_personal_records")
    for one in session.ids(sport="running", limit=20)[:5]:
        session.ask("get_activity", id=one)
