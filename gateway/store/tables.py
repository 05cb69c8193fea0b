"""
The tables of the gateway's database, in SQLAlchemy's words; ``migrations`` has the steps that lead to them.

Numbers are of 64 bits in both databases. Moments are seconds or milliseconds since 1970.
"""

from __future__ import annotations

import sqlalchemy as sa

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
METADATA = sa.MetaData()


def _table(name: str, *parts: sa.schema.SchemaItem, counted: bool = False) -> sa.Table:
    """Return a table; *counted* if its first column is a number that is never given twice."""
    return sa.Table(name, METADATA, *parts, sqlite_strict=True, sqlite_autoincrement=counted)


tokens = _table(
    "tokens",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("msp_id", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_at", NUMBER, nullable=False),
    sa.Column("expires_at", NUMBER, nullable=False),
    sa.Column("revoked_at", NUMBER),
    sa.Column("account", sa.Text, nullable=False, server_default=""),
)

idempotency_keys = _table(
    "idempotency_keys",
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("attempt", sa.LargeBinary, nullable=False),
    sa.Column("started_at", NUMBER, nullable=False),
    sa.Column("transaction_id", sa.Text, nullable=False, server_default=""),
    sa.Column("answer", sa.LargeBinary),
    sa.Index("idempotency_keys_by_age", "started_at"),
)

# The transactions that a key's request has sent, and its seed of random values (number -1), encrypted like its answer.
idempotency_steps = _table(
    "idempotency_steps",
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

# The processes that hold leases here, and when each last reported that it is alive, in milliseconds.
gateway_processes = _table(
    "gateway_processes",
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("seen_at", NUMBER, nullable=False),
)

checkpoints = _table(
    "checkpoints",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("chaincode", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Column("transaction_id", sa.Text, nullable=False),
)

accesses = _table(
    "accesses",
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("at", NUMBER, nullable=False),
    sa.Column("msp_id", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("token_id", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("status", NUMBER),
    sa.Index("accesses_of", "msp_id", "number"),
    counted=True,
)

lodgings = _table(
    "lodgings",
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("link_hash", sa.Text, nullable=False),
    sa.Column("at", NUMBER, nullable=False),
    sa.Index("lodgings_of", "link_hash", "number"),
    counted=True,
)

# The photos that shoppers sent with their returns, encrypted, each whole and small.
return_photos = _table(
    "return_photos",
    sa.Column("return_id", sa.Text, primary_key=True),
    sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("sealed_small", sa.LargeBinary, nullable=False),
    sa.Column("added_at", NUMBER, nullable=False),
    sa.Column("kept_until", NUMBER, nullable=False),
    sa.Index("return_photos_by_end", "kept_until"),
)

# Verifications of whole channels that auditors asked for, and their reports as JSON.
verifications = _table(
    "verifications",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("msp_id", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    # How many blocks the channel had, and how many of them are verified.
    sa.Column("height", NUMBER, nullable=False),
    sa.Column("verified", NUMBER, nullable=False, server_default="0"),
    sa.Column("attempts", NUMBER, nullable=False, server_default="0"),
    sa.Column("holder", sa.Text, nullable=False, server_default=""),
    sa.Column("held_until", NUMBER, nullable=False, server_default="0"),
    sa.Column("report", sa.Text),
    sa.Column("created_at", NUMBER, nullable=False),
    sa.Column("finished_at", NUMBER),
    sa.Index("verifications_of", "msp_id", "created_at"),
)

# Values that all gateways on one database share, such as the check value of their secret.
shared = _table(
    "shared",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# Compared by its bytes in both databases, so that a prefix is a range.
EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The read model, which can be thrown away: `gateway.readmodel`.
model_positions = _table(
    "model_positions",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("next_block", NUMBER, nullable=False),
    sa.Column("last_hash", sa.LargeBinary, nullable=False),
)

model_records = _table(
    "model_records",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", EXACT, primary_key=True),
    sa.Column("record", EXACT, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("id", EXACT, nullable=False),
    sa.Column("private", NUMBER, nullable=False),
    sa.Column("state", EXACT, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Column("transaction_id", sa.Text, nullable=False),
    sa.Column("changed_at", NUMBER, nullable=False),
    sa.Index("model_records_by_change", "msp_id", "kind", "block_number", "channel", "record"),
    sa.Index("model_records_by_id", "msp_id", "kind", "id", "channel", "record"),
    sa.Index("model_records_by_state", "msp_id", "kind", "state", "channel", "record"),
    sa.Index("model_records_of_state", "msp_id", "kind", "state", "block_number", "channel", "record"),
    sa.Index("model_records_of_channel", "msp_id", "kind", "channel", "block_number", "record"),
)

model_labels = _table(
    "model_labels",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", EXACT, primary_key=True),
    sa.Column("record", EXACT, primary_key=True),
    sa.Column("name", EXACT, primary_key=True),
    sa.Column("value", EXACT, primary_key=True),
    # Copied from its record, so that a list by label is read in the list's order, no further than its page.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Index("model_labels_by_value", "msp_id", "value", "channel", "record"),
    sa.Index("model_labels_by_change", "msp_id", "kind", "name", "value", "block_number", "channel", "record"),
)

model_events = _table(
    "model_events",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", EXACT, primary_key=True),
    sa.Column("block_number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("index", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("chaincode", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.Text, nullable=False),
    sa.Column("at", NUMBER, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Index("model_events_by_block", "msp_id", "block_number", "channel", "index"),
    sa.Index("model_events_of_name", "msp_id", "name", "block_number", "channel", "index"),
)

model_epcis_events = _table(
    "model_epcis_events",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", EXACT, primary_key=True),
    sa.Column("hash", EXACT, primary_key=True),
    # The record of the model that it is in.
    sa.Column("source", EXACT, nullable=False),
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Column("position", NUMBER, nullable=False),
    sa.Column("at", NUMBER, nullable=False),
    sa.Column("recorded_at", NUMBER, nullable=False),
    sa.Column("declared_at", NUMBER),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("model_epcis_events_by_place", "msp_id", "block_number", "channel", "position"),
    sa.Index("model_epcis_events_by_time", "msp_id", "at", "block_number", "channel", "position"),
    sa.Index("model_epcis_events_by_record", "msp_id", "recorded_at", "block_number", "channel", "position"),
    sa.Index("model_epcis_events_of", "msp_id", "channel", "source"),
    sa.Index(
        "model_epcis_events_declared",
        *("msp_id", "block_number", "channel", "position", "declared_at"),
        postgresql_where=sa.text("declared_at IS NOT NULL"),
        sqlite_where=sa.text("declared_at IS NOT NULL"),
    ),
)

# The values by which events can be found, with the place of each event, so that they are read in the channel's order.
model_epcis_names = _table(
    "model_epcis_names",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("channel", EXACT, primary_key=True),
    sa.Column("block_number", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("name", EXACT, primary_key=True),
    sa.Column("value", EXACT, primary_key=True),
    # The value, if it is a number.
    sa.Column("number", NUMBER),
    sa.Index("model_epcis_names_by_value", "msp_id", "name", "value", "block_number", "channel", "position"),
    sa.Index(
        "model_epcis_names_by_number",
        *("msp_id", "name", "number", "block_number", "channel", "position"),
        postgresql_where=sa.text("number IS NOT NULL"),
        sqlite_where=sa.text("number IS NOT NULL"),
    ),
)

webhooks = _table(
    "webhooks",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("msp_id", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    # The other filters, as JSON: `gateway.store.webhooks.Filters`.
    sa.Column("filters", sa.Text, nullable=False),
    # Its secrets, encrypted.
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", NUMBER, nullable=False),
    # The last event that was looked at.
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Column("index", NUMBER, nullable=False),
    sa.Column("given_up", NUMBER, nullable=False, server_default="0"),
    # The gateway process that delivers, and until when.
    sa.Column("holder", sa.Text, nullable=False, server_default=""),
    sa.Column("held_until", NUMBER, nullable=False, server_default="0"),
    # For a subscription: its standing query of EPCIS, encrypted, and when it is due again.
    sa.Column("subscription", sa.LargeBinary),
    sa.Column("due_at", NUMBER, nullable=False, server_default="0"),
    sa.Index("webhooks_of", "msp_id", "user"),
)

epcis_queries = _table(
    "epcis_queries",
    sa.Column("msp_id", sa.Text, primary_key=True),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("name", EXACT, primary_key=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("created_at", NUMBER, nullable=False),
)

webhook_messages = _table(
    "webhook_messages",
    sa.Column("webhook_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    # The place of its event, which is also the order of delivery; a test's block is -1.
    sa.Column("block_number", NUMBER, nullable=False),
    sa.Column("index", NUMBER, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", NUMBER, nullable=False, server_default="0"),
    sa.Column("next_at", NUMBER, nullable=False, server_default="0"),
    sa.Column("changed_at", NUMBER, nullable=False),
    sa.Index("webhook_messages_by_place", "webhook_id", "state", "block_number", "index"),
)

webhook_attempts = _table(
    "webhook_attempts",
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("webhook_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("at", NUMBER, nullable=False),
    sa.Column("status", NUMBER),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("milliseconds", NUMBER, nullable=False),
    sa.Index("webhook_attempts_of", "webhook_id", "number"),
    counted=True,
)

jobs = _table(
    "jobs",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("msp_id", sa.Text, nullable=False),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("batch", sa.Text, nullable=False),
    sa.Column("number", NUMBER, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    # The request, and later the answer, both encrypted.
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", NUMBER, nullable=False, server_default="0"),
    sa.Column("next_at", NUMBER, nullable=False, server_default="0"),
    sa.Column("holder", sa.Text, nullable=False, server_default=""),
    sa.Column("held_until", NUMBER, nullable=False, server_default="0"),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("created_at", NUMBER, nullable=False),
    sa.Column("finished_at", NUMBER),
    sa.Index("jobs_by_time", "state", "next_at", "number"),
    sa.Index("jobs_of", "msp_id", "user", "created_at"),
    sa.Index("jobs_of_batch", "batch", "number"),
)
