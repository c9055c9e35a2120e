"""``pierre-mcp consent token`` and ``verify``: consent shown to another program.

A token grants nothing: it says for some minutes what is in force, and ``verify`` asks
the policy again each time.
"""

import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import AsJson, current, err, say, say_json
from pierre_mcp.errors import TokenRefusedError
from pierre_mcp.gate import consent_tokens
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.scope import Scope
from pierre_mcp.tools.catalogue import table

_MOST_READ = 8_192
_WHY = {
    "objected": "you object to some of it, whatever is consented to",
    "consent_missing": "not all of it is consented to now",
    "scope_not_in_token": "the token does not name all of it",
    "other_operation": "the token is for another operation",
    "policy_changed": "the consents have changed since it was issued",
    "token_expired": "the token has run out",
    "token_refused": "it is no token of this store in use",
}

Operation = Annotated[
    str, typer.Option("--operation", help="The one tool, as get_activities.")
]
Scopes = Annotated[
    list[str],
    typer.Option("--scope", help="A scope, as strava:activities; may be repeated."),
]


def token(
    operation: Operation,
    scope: Scopes,
    to: Annotated[str, typer.Option("--to", help="Which assistant.")],
    minutes: Annotated[
        int, typer.Option(min=1, max=15, help="For how many minutes.")
    ] = 15,
    as_json: AsJson = False,
) -> None:
    """Issue a short-lived token that says what an assistant may do now.

    It grants nothing: it names what is in force, and dies with it. Whoever has it can
    show it, so hand it on with care.
    """
    session, asked = current(), _scopes(scope)
    recipient = scopes.check_label(to)
    with session.gate() as gate:
        made, claims = consent_tokens.issue(
            gate,
            session.owner("consent token"),
            recipient=recipient,
            operation=_operation(operation),
            asked=asked,
            lasts=timedelta(minutes=minutes),
        )
    if as_json:
        say_json(
            {
                "token": made,
                "recipient": recipient,
                "operation": operation,
                "scopes": asked,
                "expires_at": claims.expires_at.isoformat(),
            }
        )
        return
    err().print(
        f"It says that {recipient} may run {operation} with {', '.join(asked)}, until "
        f"{claims.expires_at:%H:%M} UTC or until you withdraw any of it."
    )
    say(made)


def verify(
    token: Annotated[
        str,
        typer.Option("--token", help="The token; - reads it from standard input."),
    ],
    operation: Operation,
    scope: Scopes,
    as_json: AsJson = False,
) -> None:
    """Check a token against the consents in force now; the status is 1 where it fails.

    The answer says whether it is allowed, what is missing, and until when.
    """
    session, asked = current(), _scopes(scope)
    operation = _operation(operation)
    given = sys.stdin.read(_MOST_READ).strip() if token == "-" else token  # noqa: S105 - a dash
    with session.gate() as gate:
        try:
            use = consent_tokens.verify(
                gate,
                session.owner("consent verify"),
                token=given,
                operation=operation,
                asked=asked,
            )
        except TokenRefusedError as error:
            answer = _refused(error.code, operation, asked)
        else:
            answer = _answer(use, operation)
    if as_json:
        say_json(answer)
    else:
        say(_sentence(answer))
    if not answer["allowed"]:
        raise typer.Exit(1)


def _answer(use: consent_tokens.TokenUse, operation: str) -> dict[str, Any]:
    verdict = use.verdict
    return {
        "allowed": verdict.allowed,
        "reason": verdict.reason,
        "recipient": use.claims.recipient,
        "operation": operation,
        "granted_scopes": verdict.granted,
        "missing_scopes": verdict.missing,
        "expires_at": None if verdict.until is None else verdict.until.isoformat(),
    }


def _refused(code: str, operation: str, asked: tuple[Scope, ...]) -> dict[str, Any]:
    return {
        "allowed": False,
        "reason": code,
        "recipient": None,
        "operation": operation,
        "granted_scopes": (),
        "missing_scopes": asked,
        "expires_at": None,
    }


def _sentence(answer: dict[str, Any]) -> str:
    if answer["allowed"]:
        return (
            f"Allowed: {answer['recipient']} may run {answer['operation']} with "
            f"{', '.join(answer['granted_scopes'])}, until {answer['expires_at']}."
        )
    missing = ", ".join(answer["missing_scopes"])
    lacks = f" Missing: {missing}." if missing else ""
    return f"Not allowed: {_WHY[answer['reason']]}.{lacks}"


def _scopes(given: list[str]) -> tuple[Scope, ...]:
    return tuple(dict.fromkeys(scopes.parse(text) for text in given))


def _operation(name: str) -> str:
    """Refuse what no tool is called.

    Raises:
        NotTakenError: There is none of that name.
    """
    if name not in table().tools:
        msg = f"There is no such tool. The tools are: {', '.join(table().tools)}."
        raise NotTakenError(msg)
    return name
