"""
EPCIS 2.0's REST interface, as far as it captures: documents of events, the jobs that record them, and discovery.

An event is recorded by the contract from what it observes (``chaincode.domain.journeys.epcis``). So a document must
say in each event which journey and stage it belongs to, as the documents that this gateway gives do.
"""
