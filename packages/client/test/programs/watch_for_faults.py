"""As watch-for-faults.ts, with the reader of examples/python. Arguments: the data directory, the entity."""

import json
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "examples" / "python"))
from cache_reader import CacheMissing, CacheReader  # noqa: E402

data_dir, entity = sys.argv[1:3]
seen = {"reads": 0, "absent": 0, "swaps": 0, "faults": []}
stopped = False


def stop(_signal, _frame):
    global stopped
    stopped = True


signal.signal(signal.SIGTERM, stop)

STATE = f"""
SELECT (SELECT value FROM metadata WHERE key = 'entityId') + 0,
       (SELECT value FROM metadata WHERE key = 'offset') + 0,
       (SELECT value FROM metadata WHERE key = 'generation') + 0,
       (SELECT value FROM metadata WHERE key = 'documents') + 0,
       count(*), max(n) FROM "{entity}"
"""


def fault_of(before, now):
    entity_id, offset, _, documents, rows, newest = now
    if documents != rows:
        return f"{rows} rows, but metadata counts {documents}"
    if before is None or before[0] != entity_id:
        return None
    if offset < before[1] or newest < before[5]:
        return f"went back: {before} to {now}"
    if (offset == before[1]) != (newest == before[5]):
        return f"offset and rows moved apart: {before} to {now}"
    return None


cache = None
before = None
print("reading", flush=True)
while not stopped:
    try:
        if cache is None:
            cache = CacheReader(data_dir, entity)
        now = cache.query(STATE)[0]
        fault = fault_of(before, now)
        if fault is not None:
            seen["faults"].append(fault)
        if before is not None and now[2] != before[2]:
            seen["swaps"] += 1
        before = now
        seen["reads"] += 1
    except CacheMissing:
        seen["absent"] += 1
        time.sleep(0.001)
    except Exception as error:  # noqa: BLE001
        seen["faults"].append(repr(error))
print(json.dumps(seen), flush=True)
