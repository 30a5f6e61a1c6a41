#!/bin/sh
# For each line of standard input: waits for that source time, then prints the cache's offset and number of rows.
# Each call of sqlite3 opens the link again, so that a swap needs no care.
link="$1/dbs/$2/db.sqlite"

select() {
  sqlite3 -readonly -cmd '.timeout 2000' "$link" "$1"
}

# 64 bits with a sign hold the source time until the year 2038.
is_reached() {
  [ "$(select "SELECT count(*) FROM metadata WHERE key = 'source_time' AND CAST(value AS INTEGER) >= $1")" = 1 ]
}

while IFS= read -r time; do
  if [ -n "$time" ]; then
    attempts=0
    until is_reached "$time"; do
      attempts=$((attempts + 1))
      if [ "$attempts" -gt 200 ]; then
        echo "$link did not reach source time $time" >&2
        exit 1
      fi
      sleep 0.05
    done
  fi
  select "SELECT (SELECT value FROM metadata WHERE key = 'offset') || ' ' || (SELECT count(*) FROM \"$2\")"
done
