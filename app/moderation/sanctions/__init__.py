"""Sanctions on accounts: proposed by one person, confirmed by another, with their reasons and their end."""
