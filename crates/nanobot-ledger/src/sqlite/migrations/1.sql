-- Facts about the file itself: which machine run had it open, and whether it was closed in order.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    channel      TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    received_ms  INTEGER NOT NULL,
    accepted_ms  INTEGER NOT NULL,
    claimed_ms   INTEGER,
    committed_ms INTEGER,
    is_discarded INTEGER NOT NULL DEFAULT FALSE,
    attempts     INTEGER NOT NULL DEFAULT 0,
    message      TEXT    NOT NULL,
    checkpoint   TEXT
) STRICT;
-- Finds the next message of a session. What is answered leaves the index.
CREATE INDEX inbox_open ON inbox (session, seq) WHERE committed_ms IS NULL;

-- Outlives the messages, so that an event is known again long after its message is forgotten.
CREATE TABLE events (
    seq      INTEGER PRIMARY KEY,
    channel  TEXT    NOT NULL,
    event_id TEXT    NOT NULL,
    seen_ms  INTEGER NOT NULL,
    UNIQUE (channel, event_id)
) STRICT;

CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY,
    delivery_id  TEXT    NOT NULL UNIQUE,
    inbound_id   TEXT,
    channel      TEXT    NOT NULL,
    chat_id      TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'under_way', 'held', 'delivered', 'dead', 'dropped')),
    is_unknown   INTEGER NOT NULL DEFAULT FALSE,
    attempts     INTEGER NOT NULL DEFAULT 0,
    created_ms   INTEGER NOT NULL,
    begun_ms     INTEGER,
    settled_ms   INTEGER,
    reason       TEXT,
    receipt      TEXT,
    message      TEXT    NOT NULL
) STRICT;
CREATE INDEX outbox_open ON outbox (seq) WHERE state IN ('waiting', 'under_way');
CREATE INDEX outbox_aside ON outbox (seq) WHERE state IN ('held', 'dead');
CREATE INDEX outbox_answers ON outbox (inbound_id) WHERE inbound_id IS NOT NULL;

CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    entries    INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL,
    metadata   TEXT
) STRICT;

-- Entry `number` (from 0) of each session; the rows of a session lie together.
CREATE TABLE history (
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    entry   TEXT    NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;
