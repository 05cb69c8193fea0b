"""The tables as the gateway made them before it had migrations, with a row in each."""

from __future__ import annotations

TABLES = ("tokens", "idempotency_keys", "idempotency_steps", "checkpoints", "accesses", "lodgings")

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    id          TEXT PRIMARY KEY,
    digest      BLOB NOT NULL,
    msp_id      TEXT NOT NULL,
    user        TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;
-- Keys were kept by token before; what was kept so can be thrown away.
DROP TABLE IF EXISTS idempotency;
CREATE TABLE IF NOT EXISTS idempotency_keys (
    id             BLOB PRIMARY KEY,
    fingerprint    BLOB NOT NULL,
    attempt        BLOB NOT NULL,
    started_at     INTEGER NOT NULL,
    transaction_id TEXT NOT NULL DEFAULT '',
    answer         BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (started_at);
-- What a key's request has sent, and the seed of what it made at random (number -1), encrypted like its answer.
CREATE TABLE IF NOT EXISTS idempotency_steps (
    id     BLOB NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (id, number)
) STRICT;
CREATE TABLE IF NOT EXISTS checkpoints (
    msp_id         TEXT NOT NULL,
    user           TEXT NOT NULL,
    channel        TEXT NOT NULL,
    chaincode      TEXT NOT NULL,
    name           TEXT NOT NULL,
    block_number   INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    PRIMARY KEY (msp_id, user, channel, chaincode, name)
) STRICT;
CREATE TABLE IF NOT EXISTS accesses (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    msp_id     TEXT NOT NULL,
    user       TEXT NOT NULL,
    token_id   TEXT NOT NULL,
    what       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status     INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS accesses_of ON accesses (msp_id, number);
CREATE TABLE IF NOT EXISTS lodgings (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    link_hash TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS lodgings_of ON lodgings (link_hash, number);
"""

ROWS = """
INSERT INTO tokens VALUES ('000000000001', x'00', 'AMSP', 'u', 'read', 1, 2, NULL);
INSERT INTO idempotency_keys VALUES (x'01', x'02', x'03', 1, '', NULL);
INSERT INTO idempotency_steps VALUES (x'01', -1, x'02');
INSERT INTO checkpoints VALUES ('AMSP', 'u', 'c', 'cc', 'n', 7, 'ab');
INSERT INTO accesses VALUES (1, 2, 'AMSP', 'u', 't', 'what', 'subject', 'request', 200);
INSERT INTO lodgings VALUES (1, 'ab', 2);
"""
