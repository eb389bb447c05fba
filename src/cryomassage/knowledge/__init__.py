"""What is known: data files with sources, one schema, one loader, one fingerprint."""
