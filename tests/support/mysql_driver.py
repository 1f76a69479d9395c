"""PyMySQL in the place of mysqlclient, so that the tests need no compiler."""

import pymysql


def install() -> None:
    """Let Django find it; Django asks for mysqlclient's version."""
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
