"""Several threads that do something at the same moment, each with its own connection."""

import threading

from django.db import connections


def at_once(*works):
    """Do all of them, and close what they opened; raises what the first of them raised."""
    begin, failures = threading.Barrier(len(works), timeout=30), []

    def run(work):
        try:
            begin.wait()
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure
