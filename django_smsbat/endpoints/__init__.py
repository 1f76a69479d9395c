"""Base classes of the views for anonymous clients: webhooks, verification pages and API."""
