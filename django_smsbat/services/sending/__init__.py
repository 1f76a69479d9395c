"""Sending: single messages, and the workers that claim batches and deliver them."""
