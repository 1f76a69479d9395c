"""The tests' site under other themes of the admin, and what opens its pages there."""
