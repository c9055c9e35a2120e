"""The words of Strava's tables that depend on the account's language.

Months by the beginnings of their names and activity types by parts of theirs, in the
languages Strava speaks. Both are compared case-folded; the first entry that fits holds.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what this is about

from collections.abc import Mapping
from typing import Final

from pierre_mcp.model.category import Sport

_MONTHS: Final = (
    "jan gen ene янв janv tammi oca sty led sij",
    "feb fév fev фев févr helmi şub lut úno vel",
    "mar mär mrt märz mars maart мар maalis bře ožu már mrz",
    "apr avr abr ápr апр avril huhti nis kwi dub tra",
    "may mai mag mei maj мая май touko maio mayo kvě svi máj",
    "jun juin giu июн kesä haz cze čvn jún",
    "jul juil lug июл heinä tem lip čvc júl",
    "aug aoû aou ago авг elo ağu sie srp agt agu",
    "sep set сен syys eyl wrz zář ruj szept",
    "oct okt ott out окт loka eki paź říj okt",
    "nov ноя noy marras kas lis stu kasım",
    "dec déc dez dic des дек joulu ara gru pro",
)


def month_of(word: str) -> int | None:
    """Return the month, 1 to 12, that a word in some language begins like."""
    folded = word.casefold()
    fitting = [start for start in _BY_START if folded.startswith(start)]
    return _BY_START[max(fitting, key=len)] if fitting else None


_BY_START: Final[Mapping[str, int]] = {
    start: month for month, starts in enumerate(_MONTHS, 1) for start in starts.split()
}

_SPORTS: Final[tuple[tuple[Sport, str], ...]] = (
    (Sport.CYCLING, "fahrrad|radfahr|radfahrt|velo|vélo|vtt|bik|cycl|cicl|bici|fiets"),
    (Sport.CYCLING, "ride|handcycle|kolo|jízd|cykl|cykel|sykkel|pyörä|вело|bisiklet"),
    (Sport.SKIING, "ski|snowboard|sci|esqu|langlauf|lyž|hiihto|лыж"),
    (Sport.SKIING, "スキー|滑雪|스키|スノーボード"),
    (Sport.SKATING, "skat|patin|pattin|schaats|eislauf|brusl|luistelu|конь"),
    (Sport.SWIMMING, "swim|schwimm|natation|nataci|natação|nuot|nage|zwem|plav|svøm"),
    (Sport.SWIMMING, "simning|uinti|пла|yüz|スイム|水泳|游泳|수영|pływ|berenang"),
    (Sport.HIKING, "hik|wander|randonn|excurs|escursion|trilha"),
    (Sport.HIKING, "senderismo|turistika|vandring|vaellus|поход|ハイキング|徒步|등산"),
    (Sport.WALKING, "walk|spazier|marche|cammin|camin|wandel|chůze|gång|kävely"),
    (Sport.WALKING, "ходьба|yürüy|ウォーキング|步行|걷기|spacer|gåtur"),
    (Sport.RUNNING, "run|lauf|course|carrera|correr|corsa|corrida|hardlo|běh|bieg"),
    (Sport.RUNNING, "løb|løp|löp|juoks|бег|koşu|ラン|跑|달리기|treadmill"),
    (Sport.PADDLING, "kayak|kajak|canoe|kanu|kanot|paddl|canoa|canoë|pagai"),
    (Sport.ROWING, "row|ruder|aviron|remo|canottaggio|roei|veslov|wioś|rodd|roning"),
    (Sport.YOGA, "yoga|йога|ヨガ|瑜伽|요가|joga"),
    (Sport.STRENGTH, "weight|strength|kraft|gewicht|muscul|pesas|fuerza|pesi|krachttr"),
    (Sport.STRENGTH, "posilov|styrke|styrka|силов|ağırlık|ウェイト|力量|siłow"),
)


def sport_of(kind: str) -> Sport | None:
    """Return the sport that an activity type in some language means, if we know it."""
    folded = kind.casefold()
    for sport, parts in _SPORTS:
        if any(part in folded for part in parts.split("|")):
            return sport
    return None
