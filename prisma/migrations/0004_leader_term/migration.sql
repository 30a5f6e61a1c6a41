-- One row per term of leadership, written in the transaction that takes the epoch. A restored database loses the terms that
-- began after its backup, and its next leader begins a new one at a lower id than the lost one reached: that is how a
-- node recognises that the entries it has applied are no longer those of the oplog.
CREATE TABLE leader_term (
    epoch    integer NOT NULL,
    term_id  uuid    NOT NULL DEFAULT gen_random_uuid(),
    -- Every entry of this term and of later ones has at least this id; every earlier entry has a lower one.
    first_id bigint  NOT NULL,
    CONSTRAINT leader_term_pkey PRIMARY KEY (epoch),
    CONSTRAINT leader_term_term_id_key UNIQUE (term_id)
);
