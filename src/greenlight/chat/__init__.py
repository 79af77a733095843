"""The Telegram face. Empty until alerts come."""
