"""Pages of campaigns: list, form, actions, report."""
