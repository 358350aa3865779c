"""Image files, label files and model folders: everything read from or written to disk but the project."""
