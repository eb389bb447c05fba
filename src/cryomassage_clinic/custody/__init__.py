"""Care of the data: backup, restore, export, import, erasure, retention."""
