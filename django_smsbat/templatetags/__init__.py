"""Tags and filters for the package's own templates."""
