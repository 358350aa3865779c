"""The U-Net: network, losses, augmentation, training, inference. All of torch is used here."""
