"""U-Net Studio: propose, correct, fine-tune and export masks of biomedical images."""

__version__ = "0.1.0"
