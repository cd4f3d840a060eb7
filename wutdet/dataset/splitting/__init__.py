"""Near-duplicates, sequences, and splits that do not leak."""
