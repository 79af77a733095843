"""The journal and the views rebuilt from it. Empty until paper trading comes."""
