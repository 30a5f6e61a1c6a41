-- Indexes of the cache files (docs/decisions/0025-cache-indexes.md). They are no part of the shape: changing them needs no scan.
ALTER TABLE entity
    -- What each node's file should have: [{"columns": ["customer", "status"]}].
    ADD COLUMN indexes json NOT NULL DEFAULT '[]';
ALTER TABLE node_offset
    -- What became of them on the node: [{"columns": [...], "state": "ready", "reason": null}]; null: not reported.
    ADD COLUMN indexes json;
