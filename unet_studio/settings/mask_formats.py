"""The formats masks are exported in: the words of the command line and of the export dialog."""

MASK_FORMATS = ("label-tiff", "label-png", "binary-png")
CLASS_FORMAT = "class-png"
"""The class of every pixel, of models that know several: `predict` only."""
