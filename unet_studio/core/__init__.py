"""The label document: labels, instances, edits and geometry. Knows no Qt, no torch and no files."""
