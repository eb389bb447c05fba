"""Files in and out, one format per module."""
