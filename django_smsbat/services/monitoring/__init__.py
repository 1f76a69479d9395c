"""What an operator and the dashboard look at."""
