"""Thinks: values and decisions. No await, clock, dice, files or network in here."""
