"""``pierre-mcp incident steps``: the six steps of an incident, and the command of each.

Detection, assessment, containment, investigation, recovery and review, as the guide
has them.
"""

from dataclasses import dataclass
from typing import Final

from pierre_mcp.cli.session import AsJson, command, say, say_json


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """One step.

    Attributes:
        name: In a word.
        does: What it is for.
        commands: What is typed for it, after the program's name.
    """

    name: str
    does: str
    commands: tuple[str, ...]


STEPS: Final = (
    RunbookStep(
        "find",
        "See what looks wrong, and open an incident. Say when you became aware of it: "
        "the 72 hours run from there.",
        (
            "doctor",
            "security events",
            "audit verify",
            "disclosures",
            "incident open --from-alert ID",
            'incident open "WHAT HAPPENED" --recipient NAME',
        ),
    ),
    RunbookStep(
        "assess",
        "Say how grave it is, whom and which time it concerns, and whether the "
        "authority is to be told.",
        (
            "incident show ID",
            'incident assess ID --level critical --authority notify --why "..."',
        ),
    ),
    RunbookStep(
        "contain",
        "End the harm: withdraw, block, end tokens, replace every key. Each is asked "
        "first. If the master key may be known, give a new one too.",
        ("incident contain ID", "keys rewrap --compromised"),
    ),
    RunbookStep(
        "investigate",
        "Read what the log tells of that time, and note what you find.",
        ("incident show ID", "audit tail", 'incident note ID "..."'),
    ),
    RunbookStep(
        "recover",
        "Put back what was damaged, tell whom you must tell, and see that all is well.",
        (
            "incident report ID",
            "incident told ID authority",
            "restore PATH",
            "doctor --deep",
            "consent",
        ),
    ),
    RunbookStep(
        "review",
        "Close it with what was learnt. It stays in the register.",
        ('incident close ID --learnt "..."',),
    ),
)


def steps(as_json: AsJson = False) -> None:
    """Print the six steps, each with its commands."""
    if as_json:
        say_json(
            [
                {
                    "step": number,
                    "name": step.name,
                    "does": step.does,
                    "commands": [f"{command()} {one}" for one in step.commands],
                }
                for number, step in enumerate(STEPS, 1)
            ]
        )
        return
    for number, step in enumerate(STEPS, 1):
        say(f"{number}. {step.name.capitalize()}. {step.does}")
        for one in step.commands:
            say(f"     {command()} {one}")
