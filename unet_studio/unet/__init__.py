"""The U-Net: network, losses, augmentation, training, inference. The only package that computes with torch."""
