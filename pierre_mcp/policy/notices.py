"""The notice: what a person is told before consenting, word for word, by version.

A consent counts as long as what the person was told has not changed: one given upon an
older version than the newest is asked for again. A version once released never changes
by a letter; whatever is to be said differently is a new version, put at the end.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

_FIRST: Final = """\
You are about to let an assistant ask this program about you. Before you do:

Who receives the answers. The assistant you name, and with it the company whose model \
it uses. They receive every answer it gets and may keep it, under their own terms. \
What they have, this program cannot take back.

What they receive. Answers from the sources and kinds of data listed with this \
notice, and from no others. Heart rate, places, sleep and body measurements say \
something of your health and of where you are; laws such as the GDPR (Article 9) \
protect them specially, and your explicit consent is the ground on which they are \
passed on.

What for. Only the purposes listed. Each answer leaves at the privacy level shown, \
and leaves a record on this machine that you can read.

How long. Until the day shown. Then it ends by itself.

Your choice. You need not consent: on the command line everything works without. You \
may take consent back at any time, all of it or a part, with the command consent \
withdraw. It holds at once and does not undo what was sent before. You may also see, \
correct, export and erase what is stored, and object to its use.

Who answers for it. You run this program yourself and keep its store on your own \
machine. Nobody else has access to it, unless you give it to them.
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of what is told, in one language (ISO 639-1)."""

    version: int
    language: str
    text: str

    @property
    def sha256(self) -> bytes:
        """The digest of the text, as UTF-8."""
        return hashlib.sha256(self.text.encode()).digest()


NOTICES: Final = (Notice(1, "en", _FIRST),)
"""Every version there was, oldest first."""

CURRENT: Final = NOTICES[-1]
"""The one that is shown now."""
