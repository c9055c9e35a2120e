"""The report's page: whole in itself, for every reader; no word breaks out of it."""

import re
from base64 import b64decode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.model.audit_report import SectionName
from pierre_mcp.pictures.audit_page import page
from pierre_mcp.pictures.markup import element
from tests.pictures.reports import HOSTILE, a_report

VOID = {"meta", "br", "col"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer"),
    *("section", "h1", "h2", "h3", "p", "strong", "dl", "div", "dt", "dd", "figure"),
    *("figcaption", "ul", "li", "span", "table", "caption", "thead", "tbody", "tr"),
    *("th", "td", "svg", "desc", "g", "rect", "line", "text"),
}


class Read(HTMLParser):
    """What a browser would make of it: elements, attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def text() -> str:
    return page(a_report())


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


@pytest.mark.promise("audit.report")
def test_every_section_and_first_whether_the_log_holds(read: Read) -> None:
    told = "".join(read.text)
    assert told.index("The log holds.") < told.index("Summary")
    ids = [attributes["id"] for attributes in read.all("h2")]
    assert ids == [name.value for name in SectionName]
    assert "288 more are not listed." in told
    assert "not applicable" in told


def test_nothing_is_fetched_and_nothing_runs(text: str, read: Read) -> None:
    assert {tag for tag, _ in read.found} <= ALLOWED
    assert read.open == []
    for _, attributes in read.found:
        names = set(attributes)
        assert not names & {"src", "href", "style", "action", "srcset", "xlink:href"}
        assert not [name for name in names if name.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in re.sub(r'http-equiv="', "", text)


def test_the_policy_allows_its_own_style_and_no_more(text: str, read: Read) -> None:
    [policy] = [m for m in read.all("meta") if "http-equiv" in m]
    assert policy["http-equiv"] == "Content-Security-Policy"
    rules = dict(rule.split(" ", 1) for rule in str(policy["content"]).split("; "))
    assert rules.pop("style-src").startswith("'sha256-")
    assert rules == dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    [digest] = re.findall(r"sha256-([\w+/=]+)", text)
    assert b64decode(digest) == sha256(style.encode()).digest()
    assert "prefers-color-scheme: dark" in style
    assert "size: A4" in style


def test_words_of_others_are_words(text: str, read: Read) -> None:
    told = "".join(read.text)
    assert HOSTILE[0] in told
    assert HOSTILE[1] in told
    assert r"\u001b[31mred\u202eright\u2066to left\u200b" in told
    assert not set(text) & set("\x1b\u202e\u2066\u200b")
    assert "broken" not in "".join(re.findall(r"<title>(.*?)</title>", text)[:1])


def test_it_reads_without_eyes(read: Read) -> None:
    kinds = Counter(tag for tag, _ in read.found)
    assert read.all("html")[0]["lang"] == "en"
    assert kinds["h1"] == 1
    assert kinds["table"] == kinds["caption"]
    assert kinds["svg"] == kinds["figure"] == kinds["figcaption"] == kinds["desc"] == 4
    for drawing in read.all("svg"):
        assert drawing["role"] == "img"
        assert len(str(drawing["aria-label"])) > 40, "the chart, in a sentence"
    for head in read.all("th"):
        assert head["scope"] in {"row", "col"}
    named = [one["aria-labelledby"] for one in read.all("section")]
    assert named == [name.value for name in SectionName]
    for wide in (one for one in read.all("div") if one.get("class") == "wide"):
        assert (wide["tabindex"], wide["role"]) == ("0", "region")


@pytest.mark.parametrize(
    ("days", "unit", "most"),
    [(1, "day", 1), (90, "day", 90), (200, "week", 30), (900, "month", 31)],
)
def test_time_in_bars_that_can_be_seen(days: int, unit: str, most: int) -> None:
    text = page(a_report(days=days, chosen=(SectionName.SUMMARY,)))
    assert f"Calls of assistants by {unit}" in text
    drawn = re.findall(r"<g><title>[^<]*: [\d,]+</title>", text)
    assert most - 1 <= len(drawn) <= most
    total = sum(int(one.split(": ")[1].split("<")[0].replace(",", "")) for one in drawn)
    assert f"{total:,} calls on" in text


def test_bars_lie_within_their_drawing(read: Read) -> None:
    for bar in read.all("rect"):
        x, wide = float(str(bar["x"])), float(str(bar["width"]))
        assert x >= 0
        assert x + wide <= 720.01
        assert float(str(bar["height"])) > 0


def test_a_log_that_does_not_hold() -> None:
    broken = a_report(finding=Finding(395, FindingKind.MISSING))
    told = "".join(Read(page(broken)).text)
    assert "The log does NOT hold at row 395." in told
    assert "Found: missing." in told
    assert "The log holds." not in told


def test_a_time_in_which_nothing_happened() -> None:
    told = "".join(Read(page(a_report(bare=True))).text)
    for words in (
        "No assistant called",
        "There are no rows.",
        "No answer left.",
        "none.",
    ):
        assert words in told
    assert "No row of the log is of this time." in told


def test_only_the_sections_asked_for() -> None:
    text = page(a_report(chosen=(SectionName.KEYS,)))
    assert re.findall(r'<h2 id="(\w+)"', text) == ["key_rotations"]


def test_an_element_escapes_attributes_too() -> None:
    made = element("p", "<b>", 5, element("br"), class_='"><x', title=None, width=1.50)
    assert made == '<p class="&quot;&gt;&lt;x" width="1.5">&lt;b&gt;5<br></p>'
