"""Health checks for operators, and the summary for the admin's dashboard."""
