"""Pages about recipients: imports and exports."""
