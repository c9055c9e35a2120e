"""What outlives a call: each a resumable iterator of steps."""
