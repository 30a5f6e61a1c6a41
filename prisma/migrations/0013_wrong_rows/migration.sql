-- What the newest finished verification found wrong, beside the state of the newest request: a request, a failure or a cancellation
-- proves nothing about the file, so none of them may hide wrong rows.
ALTER TABLE verification
    -- Wrong rows, or 1 for a wrong count; 0 once the file is verified as right or repaired.
    ADD COLUMN wrong bigint NOT NULL DEFAULT 0,
    -- The generation that they were found in: a rebuilt file has none of them.
    ADD COLUMN wrong_generation integer;
UPDATE verification
   SET wrong = GREATEST(missing + extra + different, 1), wrong_generation = generation
 WHERE state = 'different';
