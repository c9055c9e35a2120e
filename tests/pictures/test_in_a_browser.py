"""The report's page in a real browser: on screen, in the dark, on paper, read aloud."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from pierre_mcp.pictures.audit_page import page
from tests.browser import Browser, a_browser
from tests.pictures.reports import a_report

pytestmark = pytest.mark.unmeasured

CONTRAST = """
(() => {
  const light = (rgb) => {
    const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!c.endsWith(", 0)")) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const told = {};
  const text = "p, strong, dt, dd, td, th, caption, li, figcaption, h1";
  for (const e of document.querySelectorAll(text)) {
    const [a, b] = [light(getComputedStyle(e).color), light(under(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const name = e.tagName + "." + e.className;
    told[name] = Math.min(ratio, told[name] || 99);
  }
  return told;
})()
"""
SPILLED = """
[...document.querySelectorAll("svg")].flatMap((svg) => {
  const { width, height } = svg.viewBox.baseVal;
  return [...svg.querySelectorAll("text, rect")].filter((e) => {
    const b = e.getBBox();
    const right = b.x + b.width, foot = b.y + b.height;
    return b.x < -1 || b.y < -1 || right > width + 1 || foot > height + 1;
  }).map((e) => e.outerHTML);
})
"""
OVERLAPS = """
[...document.querySelectorAll("svg")].flatMap((svg) => {
  const texts = [...svg.querySelectorAll("text")];
  const told = texts.map((e) => [e.textContent, e.getBBox()]);
  const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
    && a.y + 3 < b.y + b.height && b.y + 3 < a.y + a.height;
  return told.flatMap(([one, a], i) => told.slice(i + 1)
    .filter(([, b]) => meet(a, b)).map(([other]) => one + " / " + other));
})
"""
READABLE = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    home = tmp_path_factory.mktemp("browser")
    file = home / "report.html"
    file.write_text(page(a_report()), "utf-8")
    with a_browser(home) as browser:
        browser.open(file)
        yield browser


def named(browser: Browser, role: str) -> list[str]:
    """What a screen reader says of everything of one role."""
    nodes: list[dict[str, Any]] = browser.does("Accessibility.getFullAXTree")["nodes"]
    return [
        node["name"]["value"]
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") == role
    ]


@pytest.mark.promise("audit.report")
def test_nothing_is_asked_of_a_network_and_nothing_ran(browser: Browser) -> None:
    told = [event["method"] for event in browser.events]
    asked = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url.rsplit("/", 1)[1] for url in asked] == ["report.html"]
    assert "Log.entryAdded" not in told, "not even a violation of its own policy"
    assert "Runtime.consoleAPICalled" not in told
    title = browser.evaluate("document.title")
    assert title == "Audit report, 2026-01-31 to 2026-03-01"
    assert browser.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read(browser: Browser, *, dark: bool) -> None:
    browser.looks(dark=dark)
    told = browser.evaluate(CONTRAST)
    assert len(told) > 12
    assert {name: ratio for name, ratio in told.items() if ratio < READABLE} == {}
    paper = browser.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor"
    )
    assert (paper == "rgb(255, 255, 255)") is not dark


@pytest.mark.parametrize("width", [360, 1100])
def test_it_fits_its_window(browser: Browser, width: int) -> None:
    browser.looks(width=width)
    wide = browser.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    assert browser.evaluate(SPILLED) == []
    assert browser.evaluate(OVERLAPS) == []


def test_on_paper(browser: Browser) -> None:
    """A4, in ink: also of who reads in the dark."""
    browser.looks(dark=True, paper=True, width=688)
    ink = browser.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(0, 0, 0)"
    assert browser.evaluate("document.documentElement.scrollWidth") <= 688
    printed = browser.does(
        "Page.printToPDF", preferCSSPageSize=True, printBackground=True
    )
    pdf = b64decode(printed["data"])
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 3 <= len(sizes) <= 12
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}


def test_read_aloud(browser: Browser) -> None:
    browser.looks()
    pictures = named(browser, "image")
    assert len(pictures) == 4
    assert any("310 answers" in one or "calls on" in one for one in pictures)
    assert named(browser, "heading")[:2] == ["Audit report", "Summary"]
    tables = named(browser, "table")
    assert tables
    assert all(tables), "each has its caption"
    assert "Summary" in named(browser, "region")
    assert json.dumps(pictures).isascii()
