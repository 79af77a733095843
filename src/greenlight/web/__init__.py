"""The dashboard's server. Empty until the dashboard comes."""
