"""Who accepts promotional messages: keywords, opt-outs, suppressions."""
