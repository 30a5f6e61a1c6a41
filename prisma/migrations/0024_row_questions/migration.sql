-- Questions to all nodes about a few rows (docs/decisions/0032-row-explanation.md). Unlogged: they live for seconds, and what they
-- hold of rows must not stay in the write-ahead log.
CREATE UNLOGGED TABLE row_question (
    id uuid NOT NULL PRIMARY KEY,
    entity_id integer NOT NULL REFERENCES entity (id) ON DELETE CASCADE,
    doc_ids text[] NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNLOGGED TABLE row_answer (
    question_id uuid NOT NULL REFERENCES row_question (id) ON DELETE CASCADE,
    node_id text NOT NULL,
    -- What the cache has: {"offset": 7, "rows": {"<doc id>": {...}}}; null if the node has no published cache.
    answer json,
    -- Why there is none.
    reason text,
    PRIMARY KEY (question_id, node_id)
);
