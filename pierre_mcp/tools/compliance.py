"""The documents that say what this store does, as resources.

They need no consent: a recipient's copy tells of its own consents and of the program,
and not of what there is. They are resources alone: in the list of tools they would
take the room of what is asked for every day.
"""

from functools import partial
from typing import TYPE_CHECKING, Annotated

from pierre_mcp.late import Late
from pierre_mcp.model.fields import PUBLIC, Params, Reply
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.terms import Terms
from pierre_mcp.services.compliance.titles import TITLES, Document
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.table import Resource, Shown, Tool

if TYPE_CHECKING:  # a document is asked for once in a long while
    from pierre_mcp.services.compliance import documents, practice
else:
    documents = Late("pierre_mcp.services.compliance.documents")
    practice = Late("pierre_mcp.services.compliance.practice")


class NoArguments(Params):
    """None."""


class DocumentReply(Reply):
    """One document, whole."""

    markdown: Annotated[str, PUBLIC]


def _read(
    document: Document, tx: Tx, grant: Grant, params: NoArguments
) -> DocumentReply:
    del params
    found = practice.practice(tx, grant)
    return DocumentReply(markdown=documents.written(document, found))


def _show(reply: DocumentReply, here: Here) -> Shown:
    del here
    return Shown(reply.markdown, reply)


def _tool(document: Document) -> Tool[NoArguments, DocumentReply]:
    return Tool(
        name=f"get_{document.replace('-', '_')}",
        title=TITLES[document],
        summary="Markdown, from the running configuration.",
        takes=NoArguments,
        gives=DocumentReply,
        terms=Terms(required=None),
        run=partial(_read, document),
        show=_show,
        document=True,
    )


def _resource(document: Document, tool: str) -> Resource:
    return Resource(
        uri=f"pierre://compliance/{document}",
        name=document,
        title=TITLES[document],
        summary="What this store does, written from its running configuration.",
        tool=tool,
        mime_type="text/markdown",
    )


DOCUMENTS = tuple(_tool(document) for document in Document)
DOCUMENT_RESOURCES = tuple(
    _resource(document, tool.name)
    for document, tool in zip(Document, DOCUMENTS, strict=True)
)
