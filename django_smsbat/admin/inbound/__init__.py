"""Pages of incoming messages: conversations, replies and opt-outs."""
