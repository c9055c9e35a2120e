"""Gear: shoes and bikes, as an export lists them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=200)]


class Gear(BaseModel):
    """One piece of gear, sealed; empty text is not known.

    Attributes:
        kind: ``shoes`` or ``bike``; None where only an activity names it.
        retired: Whether it is out of use; None where the source does not say.
        initial_m: What it had gone before its first recording, metres.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: Name
    brand: Name = ""
    model: Name = ""
    kind: Literal["shoes", "bike"] | None = None
    retired: bool | None = None
    initial_m: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None

    @property
    def title(self) -> str:
        """Its name, else what it is."""
        return self.name or f"{self.brand} {self.model}".strip()
