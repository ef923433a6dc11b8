"""What people and faces may call."""
