"""When what we stand on is away: the database restarts, the disk is full. Nobody's fault, and over soon: 503, and come back."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# PostgreSQL, by the beginning of its codes: connection lost, resources short, stopped by an operator or by its own limits, disk.
# Locks that were not given in time, and who lost a deadlock three times, come back too.
AWAY = ("08", "53", "57", "58", "55P03", "40001", "40P01")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EROFS}
SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}


def is_outage(error: BaseException | None) -> bool:
    """Is it what we stand on, and not our own mistake? A wrong statement, a value no column holds, a write in a reading are ours."""
    if isinstance(error, OSError):
        return error.errno in FULL
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE  # the rest of the code says where it happened
    state: str | None = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state.startswith(AWAY) if state else isinstance(error, OperationalError))
