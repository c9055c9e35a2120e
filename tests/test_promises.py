"""Each promise has a test that keeps it, and each mark is of a promise."""

import re
from pathlib import Path

from tests.promises import PROMISES

MARK = re.compile(r'mark\.promise\(\s*"([^"]+)"')
TESTS = Path(__file__).parent


def test_every_promise_has_a_test_and_every_mark_a_promise() -> None:
    texts = (path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    kept = {id_ for text in texts for id_ in MARK.findall(text)}
    assert kept == PROMISES.keys()


def test_promises_are_sentences_in_order() -> None:
    assert list(PROMISES) == sorted(PROMISES)
    for id_, sentence in PROMISES.items():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", id_)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
