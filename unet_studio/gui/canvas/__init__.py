"""The canvas: shows one plane with its labels and proposals."""
