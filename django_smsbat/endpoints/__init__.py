"""Base classes of the views that anonymous clients call: webhooks, verification pages and API."""
