"""Every tool, resource and prompt, in the order they are listed."""

from typing import Any

from pierre_mcp.tools.activities import GET_ACTIVITIES
from pierre_mcp.tools.activity import GET_ACTIVITY
from pierre_mcp.tools.analysis import ANALYZE_ACTIVITY
from pierre_mcp.tools.athlete import GET_ATHLETE
from pierre_mcp.tools.comparison import COMPARE_ACTIVITIES
from pierre_mcp.tools.compliance import DOCUMENT_RESOURCES, DOCUMENTS
from pierre_mcp.tools.consents import GET_CONSENTS, GET_STATUS, WITHDRAW_CONSENT
from pierre_mcp.tools.load import ANALYZE_TRAINING_LOAD
from pierre_mcp.tools.operations import CANCEL_OPERATION, GET_OPERATION, IMPORT_INBOX
from pierre_mcp.tools.predictions import PREDICT_PERFORMANCE
from pierre_mcp.tools.prompts import PROMPTS
from pierre_mcp.tools.records import GET_PERSONAL_RECORDS
from pierre_mcp.tools.stats import GET_STATS
from pierre_mcp.tools.streams import GET_ACTIVITY_STREAMS
from pierre_mcp.tools.table import Resource, Table, Tool
from pierre_mcp.tools.trends import ANALYZE_TRENDS
from pierre_mcp.tools.zones import CALCULATE_ZONES

TOOLS: tuple[Tool[Any, Any], ...] = (
    GET_STATUS,
    GET_ACTIVITIES,
    GET_ACTIVITY,
    GET_ACTIVITY_STREAMS,
    ANALYZE_ACTIVITY,
    COMPARE_ACTIVITIES,
    GET_STATS,
    ANALYZE_TRAINING_LOAD,
    ANALYZE_TRENDS,
    GET_PERSONAL_RECORDS,
    PREDICT_PERFORMANCE,
    CALCULATE_ZONES,
    GET_ATHLETE,
    GET_CONSENTS,
    WITHDRAW_CONSENT,
    IMPORT_INBOX,
    GET_OPERATION,
    CANCEL_OPERATION,
    *DOCUMENTS,
)

RESOURCES = (
    Resource(
        uri="pierre://status",
        name="status",
        title="Status",
        summary="What this assistant may read.",
        tool="get_status",
    ),
    Resource(
        uri="pierre://activities/{id}",
        name="activity",
        title="One activity",
        summary="One activity whole, by the id get_activities gives.",
        tool="get_activity",
    ),
    Resource(
        uri="pierre://consents",
        name="consents",
        title="Consents",
        summary="This assistant's own consents in force.",
        tool="get_consents",
    ),
    *DOCUMENT_RESOURCES,
)


def table() -> Table:
    """Return the one table that gate, server and README read."""
    return Table(TOOLS, RESOURCES, PROMPTS)
