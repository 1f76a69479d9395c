"""What the composer shows: preview, advice on the text, a message to oneself."""
