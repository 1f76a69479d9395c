"""``python -m tests.database_answers URL``: exit 0 when such a database answers there."""

import sys
from urllib.parse import urlsplit

import psycopg
import pymysql

url = urlsplit(sys.argv[1])
try:
    if url.scheme == "mysql":
        pymysql.connect(
            host=url.hostname,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            connect_timeout=2,
        ).close()
    else:
        psycopg.connect(sys.argv[1], connect_timeout=2).close()
except (psycopg.OperationalError, pymysql.err.OperationalError):
    sys.exit(1)
