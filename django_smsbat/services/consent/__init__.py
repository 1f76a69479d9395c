"""Consent to promotional messages: keywords, opt-outs, suppressions."""
