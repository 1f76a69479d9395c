"""Campaign pages: list, form, actions and report."""
