"""Database tools below the models: set-based statements, dialects, fields, locks."""
