"""Benchmarks of the promised numbers, each as a ratio to a program that does the same work."""
