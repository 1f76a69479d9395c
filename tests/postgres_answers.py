"""``python -m tests.postgres_answers URL``: exit 0 when a PostgreSQL answers there."""

import sys

import psycopg

try:
    psycopg.connect(sys.argv[1], connect_timeout=2).close()
except psycopg.OperationalError:
    sys.exit(1)
