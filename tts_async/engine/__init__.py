"""Acts: every await is in here."""
