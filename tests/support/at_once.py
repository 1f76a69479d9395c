"""Several threads that run at the same time, each with its own database connection."""

import threading

from django.db import connections


def at_once(*works):
    """Run all functions concurrently, close their connections, and raise the first error."""
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
