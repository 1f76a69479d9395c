"""Services of the message composer: preview, lint warnings, sample messages."""
