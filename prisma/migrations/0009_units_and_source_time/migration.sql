-- Entries that readers see together, and the source time that caches have reached (docs/decisions/0016-units-and-source-time.md).

-- Equal and not 0 for consecutive entries that a reader applies in one transaction, because the source wrote them in one.
-- 0: no such bond. Fits into the padding behind epoch, so rows stay as large as they were.
ALTER TABLE oplog ADD COLUMN unit integer NOT NULL DEFAULT 0;

-- Every change of the source up to and including this cluster time is in the oplog or in staging; null: unknown.
ALTER TABLE mongo_resume_token ADD COLUMN passed_time numeric(20, 0);

-- The oplog may lack changes of the entity, until its next scan is complete: it was never scanned, or changes were lost or not followed.
ALTER TABLE entity ADD COLUMN has_gap boolean NOT NULL DEFAULT true;
UPDATE entity SET has_gap = false WHERE lifecycle = 'live';
