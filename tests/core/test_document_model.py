"""Any sequence of edits, undo and redo, against a plain dense-array model."""

from hypothesis import settings

from tests.document_model import DocumentAgainstArray

DocumentAgainstArray.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_any_sequence_of_edits_equals_a_plain_array = DocumentAgainstArray.TestCase
