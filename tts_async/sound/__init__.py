"""Hears: numpy and bytes, blocks in, blocks out. No file, thread or await in here."""
