"""The composer: inputs for the content of each message type, and the phone preview."""
