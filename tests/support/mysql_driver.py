"""PyMySQL in place of mysqlclient, so that the tests need no compiler."""

import pymysql


def install() -> None:
    """Register PyMySQL as mysqlclient, with the version that Django requires."""
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
