"""Worker threads between the window and the engine."""
