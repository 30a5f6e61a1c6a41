-- Filter and masks of a shape. The mask of a column is part of entity.columns: { name, type, path, mask }.
ALTER TABLE entity
    -- The filter in canonical Extended JSON; null if every document is copied. Like columns, never jsonb: the order of keys has a meaning.
    ADD COLUMN filter json,
    -- Tells the key of the columns that are masked by a hash from others; null if there are none. The key itself is not stored.
    ADD COLUMN mask_key_id text;

-- Documents outside of the filter that were read since the newest scan of the entity began. Not in entity, whose row every
-- appending transaction locks.
CREATE TABLE filter_count (
    entity_id    integer NOT NULL,
    filtered_out bigint  NOT NULL DEFAULT 0,
    CONSTRAINT filter_count_pkey PRIMARY KEY (entity_id),
    CONSTRAINT filter_count_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES entity (id) ON DELETE CASCADE
);
