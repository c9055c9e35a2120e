"""What the owner set about himself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Profile(BaseModel):
    """The person's settings, sealed.

    Attributes:
        zone: IANA name of the home time zone: decides what "today" is.
        units: How the plain line and the terminal show lengths; never field names.
        inbox: The one folder an assistant may have imported, absolute; None: no
            folder. It never leaves: neither path nor names are shown to a recipient.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    zone: Annotated[str, Field(max_length=64)] = "UTC"
    units: Literal["metric", "imperial"] = "metric"
    inbox: Annotated[str, Field(max_length=4_096)] | None = None
