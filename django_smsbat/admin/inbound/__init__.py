"""Pages of incoming messages: conversations, replies, opt-outs."""
