"""Tags for the package's own templates."""
