"""
What GS1's description of the REST binding names: addresses, methods and query parameters.

Taken from the OpenAPI file 2.0.0 of EPCIS 2.0 (github.com/gs1/EPCIS, REST Bindings/openapi.yaml, commit 2b888be). The
repository has no licence for the file as a whole, so only these names are here.
"""

from __future__ import annotations

_COLLECTIONS = ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
ADDRESSES: dict[str, set[str]] = {
    "": {"GET"},
    "/capture": {"GET", "POST"},
    "/capture/x": {"GET"},
    "/events": {"GET", "POST"},
    "/events/x": {"GET"},
    **{f"/{each}{rest}": {"GET"} for each in _COLLECTIONS for rest in ("", "/x", "/x/events")},
    "/queries": {"GET", "POST"},
    "/queries/x": {"GET", "DELETE"},
    "/queries/x/subscriptions": {"GET", "POST"},
    "/queries/x/subscriptions/x": {"GET", "DELETE"},
    "/queries/x/events": {"GET"},
}
"""Each address below the root of the interface, with ``x`` for a part of the path; OPTIONS and HEAD go without saying.
``DELETE /nextPageToken/x`` is left out: GS1 lets it answer 501, and a token here is nothing that the gateway keeps."""

_PARAMETERS = """
nextPageToken perPage eventType GE_eventTime LT_eventTime GE_recordTime LT_recordTime EQ_action EQ_bizStep
EQ_disposition EQ_persistentDisposition_set EQ_persistentDisposition_unset EQ_readPoint WD_readPoint EQ_bizLocation
WD_bizLocation EQ_transformationID MATCH_epc MATCH_parentID MATCH_inputEPC MATCH_outputEPC MATCH_anyEPC MATCH_epcClass
MATCH_inputEPCClass MATCH_outputEPCClass MATCH_anyEPCClass EQ_quantity GT_quantity GE_quantity LT_quantity LE_quantity
EQ_eventID EXISTS_errorDeclaration GE_errorDeclarationTime LT_errorDeclarationTime EQ_errorReason EQ_correctiveEventID
orderBy orderDirection eventCountLimit maxEventCount GE_startTime LT_startTime GE_endTime LT_endTime EQ_type
EQ_deviceID EQ_dataProcessingMethod EQ_microorganism EQ_chemicalSubstance EQ_bizRules EQ_stringValue EQ_booleanValue
EQ_hexBinaryValue EQ_uriValue
"""
PARAMETERS = frozenset(_PARAMETERS.split())
"""The query parameters of ``/events``."""

_DISCOVERY = """
Allow GS1-EPCIS-Version GS1-EPCIS-Min GS1-EPCIS-Max GS1-CBV-Version GS1-CBV-Min GS1-CBV-Max GS1-EPC-Format
GS1-CBV-XML-Format GS1-Extensions
"""
DISCOVERY = frozenset(_DISCOVERY.split())
"""The headers of an answer to OPTIONS."""
