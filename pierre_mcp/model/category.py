"""What kind of data a field holds, which is what consent is given for."""

from enum import StrEnum


class Category(StrEnum):
    """A category of personal data; consent names it together with a source."""

    ACTIVITIES = "activities"
    HEART_RATE = "heart_rate"
    POWER = "power"
    LOCATION = "location"
    SLEEP = "sleep"
    BODY = "body"
    NOTES = "notes"
    PROFILE = "profile"


class Sport(StrEnum):
    """A sport, as plain as it is stored; anything unknown is ``other``."""

    RUNNING = "running"
    CYCLING = "cycling"
    SWIMMING = "swimming"
    WALKING = "walking"
    HIKING = "hiking"
    ROWING = "rowing"
    PADDLING = "paddling"
    SKIING = "skiing"
    SKATING = "skating"
    STRENGTH = "strength"
    YOGA = "yoga"
    TRANSITION = "transition"
    OTHER = "other"
