"""Values in, pictures and pages out; pure."""
