-- What each turn used, for those who pay for it.
CREATE TABLE usage (
    seq           INTEGER PRIMARY KEY,
    session       TEXT    NOT NULL,
    channel       TEXT    NOT NULL,
    model         TEXT    NOT NULL,
    ended_ms      INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    took_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_of_sessions ON usage (session, seq);
