-- What a cancelled refresh goes back to. Both are null unless the running scan was requested by a job, on an entity that was live or failed.
ALTER TABLE entity
    -- The job that requested the scan of this run; a scan that starts for another reason clears it, and no job can cancel that one.
    ADD COLUMN refresh_job uuid,
    -- { lifecycle, reason, errorCode } before the request.
    ADD COLUMN before_refresh json;
