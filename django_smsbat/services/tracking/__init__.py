"""Status reports: recorded once, and the status derived from them."""
