"""For each line of standard input: waits for that source time, then prints the cache's offset and number of rows."""

import sys

from cache_reader import CacheReader

data_dir, entity = sys.argv[1:3]
cache = CacheReader(data_dir, entity)


def place_and_rows(connection):
    offset = connection.execute("SELECT value FROM metadata WHERE key = 'offset'").fetchone()[0]
    rows = connection.execute(f'SELECT count(*) FROM "{entity}"').fetchone()[0]
    return offset, rows


for line in sys.stdin:
    if line.strip():
        cache.wait_for(int(line), timeout_seconds=10)
    print(*cache.read(place_and_rows), flush=True)
cache.close()
