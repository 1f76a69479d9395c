"""Pages of recipients: records, lists, imports and exports."""
