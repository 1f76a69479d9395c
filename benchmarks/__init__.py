"""What is promised in numbers, measured: each as a ratio to something that does the same work."""
