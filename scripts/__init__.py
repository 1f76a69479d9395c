"""Programs for maintainers: mutation tests, the OpenAPI document, pictures."""
