"""The project on disk: one SQLite database, its lock, its writer thread."""
