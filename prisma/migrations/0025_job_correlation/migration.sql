-- The request that asked for a job: the same id is in the log of the request, in the audit and in the lines of the job. Null: the engine asked.
ALTER TABLE job ADD COLUMN correlation_id text;
