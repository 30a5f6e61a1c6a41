-- The column whose policy refused the document; null if the document was refused for another reason.
ALTER TABLE dead_letter ADD COLUMN column_name text;

-- Tells requests of one kind apart if each input is a job of its own: a retry of one document is not the retry of another.
-- Empty for all other kinds.
ALTER TABLE job ADD COLUMN input_hash text NOT NULL DEFAULT '';
DROP INDEX job_active_key;
-- The same request twice is one job.
CREATE UNIQUE INDEX job_active_key ON job (entity_name, kind, input_hash) WHERE status IN ('queued', 'running');
