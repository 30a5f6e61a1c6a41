"""Reads a cache and follows its swaps. Copy this file into your program; it needs Python 3.9 with SQLite 3.37."""

import os
import sqlite3
import time
from pathlib import Path

APPLICATION_ID = 0x454D4301
_ATTEMPTS = 10
_PAUSE_SECONDS = 0.003


class CacheMissing(Exception):
    """The entity has no published cache: it is unknown, being built, or deleted."""


class CacheReader:
    """The published cache of one entity. Not safe for use by several threads; give each its own."""

    def __init__(self, data_dir, entity):
        self.entity = entity
        self.link = Path(data_dir).resolve() / "dbs" / entity / "db.sqlite"
        self._connection = None
        self._identity = None
        self._current()

    def query(self, sql, parameters=()):
        """All rows of one statement, which are of one state of the file."""
        return self.read(lambda connection: connection.execute(sql, parameters).fetchall())

    def read(self, action):
        """Calls action(connection) in one read transaction. It is called again if the file is replaced meanwhile."""
        for attempt in range(_ATTEMPTS):
            connection = self._current()
            try:
                connection.execute("BEGIN")
                try:
                    return action(connection)
                finally:
                    if connection.in_transaction:
                        connection.execute("COMMIT")
            except sqlite3.DatabaseError:
                # Errors in your SQL stay the same; those of a file that was removed do not.
                if self._is_current() or attempt == _ATTEMPTS - 1:
                    raise
        raise CacheMissing(str(self.link))

    def source_time(self):
        """Every change of the entity up to this MongoDB time is in the file. None if the file does not say."""
        rows = self.query("SELECT value FROM metadata WHERE key = 'source_time'")
        return int(rows[0][0]) if rows else None

    def wait_for(self, operation_time, timeout_seconds=5.0):
        """Returns when the source time has reached operation_time: (seconds << 32) | increment. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            reached = self.source_time()
            if reached is not None and reached >= operation_time:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.link} is at source time {reached}, not at {operation_time}")
            time.sleep(0.01)

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _current(self):
        """The open connection, or a new one if the link leads to another file."""
        if self._connection is not None and self._is_current():
            return self._connection
        self.close()
        for _ in range(_ATTEMPTS):
            identity = self._stat()
            if identity is not None:
                connection = self._open()
                # The file was not exchanged before its first read, which opens its -wal by name.
                if connection is not None and self._stat() == identity:
                    self._connection, self._identity = connection, identity
                    return connection
                if connection is not None:
                    connection.close()
            time.sleep(_PAUSE_SECONDS)
        raise CacheMissing(f"{self.link} is not published")

    def _is_current(self):
        return self._stat() == self._identity

    def _stat(self):
        try:
            found = os.stat(self.link)
            return (found.st_dev, found.st_ino)
        except FileNotFoundError:
            return None

    def _open(self):
        """None if the file disappeared. The generation's own name is opened, so that it cannot change on the way."""
        try:
            path = self.link.resolve(strict=True)
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
        except (FileNotFoundError, sqlite3.OperationalError):
            return None
        try:
            connection.execute("PRAGMA busy_timeout = 2000")
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise ValueError(f"{path} is not a cache")
            owner = connection.execute("SELECT value FROM metadata WHERE key = 'entity'").fetchone()[0].strip('"')
            if owner != self.entity:
                raise ValueError(f"{path} is the cache of {owner}")
            return connection
        except sqlite3.DatabaseError:
            connection.close()
            return None
