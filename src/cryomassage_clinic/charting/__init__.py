"""Face, neck, scalp and body as pictures with named zones and marks."""
