"""What each version of the store added, as SQL; none ever changes."""
