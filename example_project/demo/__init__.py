"""The demonstration: `make demo` sends a campaign to the sandbox, `make run` serves the admin."""
