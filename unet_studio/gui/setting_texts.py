"""What a person reads beside every setting of a training: its name, what it does, its choices."""

from __future__ import annotations

from unet_studio.gui.translation import mark as _m

NAMES: dict[str, tuple[str, str]] = {
    # Network
    "base_width": (
        _m("settings", "Width"),
        _m("settings", "Channels of the first level; every level below has twice as many. The paper has 64."),
    ),
    "depth": (_m("settings", "Depth"), _m("settings", "How many times the image is halved.")),
    "padding": (
        _m("settings", "Convolutions"),
        _m("settings", "Valid ones lose a pixel on every side, as in the paper; padded ones keep the size."),
    ),
    "normalization": (
        _m("settings", "Normalisation"),
        _m("settings", "Batch is fast and the default; group suits very small batches; the paper has none."),
    ),
    "encoder": (
        _m("settings", "Encoder"),
        _m(
            "settings",
            "The contracting path: the paper's own, or a ResNet, whose published weights can be loaded.",
        ),
    ),
    "blocks": (
        _m("settings", "Blocks"),
        _m("settings", "Residual blocks add a shortcut around two convolutions."),
    ),
    "upsampling": (_m("settings", "Up-sampling"), _m("settings", "How the expanding path doubles the size.")),
    "squeeze_excitation": (
        _m("settings", "Squeeze-and-excitation"),
        _m("settings", "Gates every channel by what the whole window looks like: the reduction, 0 for none."),
    ),
    "attention_gates": (
        _m("settings", "Attention gates"),
        _m("settings", "What comes up decides which pixels of a skip connection pass."),
    ),
    "dropout": (
        _m("settings", "Dropout"),
        _m("settings", "Share of the deepest features left out at random while learning."),
    ),
    "norm_spread": (
        _m("settings", "Spread of norm weights"),
        _m("settings", "Normalisation weights begin at 1 ± this."),
    ),
    # Learning
    "optimizer": (_m("settings", "Optimiser"), _m("settings", "AdamW is the default; the paper used SGD.")),
    "learning_rate": (
        _m("settings", "Learning rate"),
        _m("settings", "The highest of the run. Smaller is safer and slower."),
    ),
    "weight_decay": (_m("settings", "Weight decay"), _m("settings", "Keeps weights small.")),
    "momentum": (_m("settings", "Momentum"), _m("settings", "For SGD and RMSprop; the paper's is 0.99.")),
    "gradient_norm": (
        _m("settings", "Longest gradient"),
        _m("settings", "Longer ones are cut to it; 0 cuts none."),
    ),
    "batch_size": (
        _m("settings", "Patches a step"),
        _m("settings", "More are steadier and need more memory."),
    ),
    "patch_px": (
        _m("settings", "Patch side, px"),
        _m("settings", "Side of the squares the network learns from; several times the size of a cell."),
    ),
    "precision": (
        _m("settings", "Precision"),
        _m("settings", "Automatic measures which is fastest on this machine."),
    ),
    "checkpointing": (
        _m("settings", "Save memory"),
        _m("settings", "Computes features again instead of keeping them: less memory, a third more time."),
    ),
    "val_fraction": (
        _m("settings", "Share for validation"),
        _m("settings", "Checked images that do not teach, but tell how good the network is."),
    ),
    "patience": (
        _m("settings", "Patience"),
        _m("settings", "End after so many measurements without gain; 0: never."),
    ),
    "seed": (_m("settings", "Seed"), _m("settings", "The same seed and data give the same training.")),
    # Schedule
    "kind": (_m("settings", "Schedule"), _m("settings", "How the learning rate changes over the run.")),
    "warm_up": (_m("settings", "Warm-up"), _m("settings", "Share of the run in which the rate rises.")),
    "final": (_m("settings", "Final rate"), _m("settings", "Share of the rate that is left at the end.")),
    "factor": (_m("settings", "Factor"), _m("settings", "Times this at every step, or on a plateau.")),
    "step_every": (_m("settings", "Step every"), _m("settings", "Share of the run between two steps.")),
    "plateau_points": (
        _m("settings", "Plateau"),
        _m("settings", "Measurements without gain before the rate falls."),
    ),
    # Loss
    "cross_entropy": (
        _m("settings", "Cross entropy"),
        _m("settings", "The paper's loss, weighted pixel by pixel: how much it counts."),
    ),
    "dice": (_m("settings", "Dice"), _m("settings", "Overlap as a loss: how much it counts.")),
    "focal": (
        _m("settings", "Focal"),
        _m("settings", "Cross entropy that forgets easy pixels: how much it counts."),
    ),
    "focal_gamma": (_m("settings", "Focal gamma"), _m("settings", "How little easy pixels count.")),
    # Border weights
    "w0": (
        _m("settings", "Border weight"),
        _m(
            "settings",
            "How much more pixels between close cells count. 10 in the paper, 50 in Freiburg's plugin.",
        ),
    ),
    "sigma_px": (_m("settings", "Border width, px"), _m("settings", "How close is close.")),
    "balance_classes": (
        _m("settings", "Balance classes"),
        _m("settings", "Rare classes weigh as much in all as frequent ones."),
    ),
    "far_weight": (
        _m("settings", "Far background"),
        _m("settings", "What background far from any cell weighs; 1: as much as any other."),
    ),
    "far_sigma_px": (
        _m("settings", "How far is far, px"),
        _m("settings", "The distance at which it has faded."),
    ),
    "freeze": (
        _m("settings", "Freeze"),
        _m("settings", "What keeps its weights: a frozen encoder learns faster, and less."),
    ),
    "norm_statistics": (
        _m("settings", "Statistics"),
        _m("settings", "Batch normalisation by each batch of patches, or as the model came with."),
    ),
    # Variation
    "elastic_sigma_px": (
        _m("settings", "Elastic warp, px"),
        _m("settings", "Random displacements of a 3×3 grid, as in the paper."),
    ),
    "shift_px": (_m("settings", "Shift, px"), _m("settings", "Largest shift beside the random place.")),
    "rotate": (_m("settings", "Rotate"), _m("settings", "By any angle.")),
    "flip": (_m("settings", "Mirror"), _m("settings", "Half of the patches.")),
    "scale": (_m("settings", "Zoom"), _m("settings", "Up to so many times larger or smaller.")),
    "grey": (
        _m("settings", "Exposure"),
        _m("settings", "Strength of gamma, contrast and brightness changes."),
    ),
    "uneven": (_m("settings", "Uneven light"), _m("settings", "Strength of a ramp of brightness.")),
    "noise": (_m("settings", "Noise"), _m("settings", "Strength.")),
    "blur": (_m("settings", "Blur"), _m("settings", "Strength.")),
    "stain": (_m("settings", "Stain"), _m("settings", "More or less of each dye; only for colour images.")),
    "restain": (_m("settings", "Other dyes"), _m("settings", "Share of patches in dyes of random colours.")),
    "invert": (_m("settings", "Invert"), _m("settings", "Share of patches with inverted grey values.")),
    "to_grey": (_m("settings", "Colour to grey"), _m("settings", "Share of colour patches turned grey.")),
    "unwarped": (
        _m("settings", "Unwarped"),
        _m("settings", "Share of patches only mirrored and turned by right angles: as sharp as the image."),
    ),
    "mix_channels": (
        _m("settings", "Exchange channels"),
        _m("settings", "Share with their channels in another order."),
    ),
}

CHOICES: dict[str, str] = {
    "same": _m("settings", "Padded"),
    "valid": _m("settings", "Valid (paper)"),
    "batch": _m("settings", "Batch"),
    "group": _m("settings", "Group"),
    "instance": _m("settings", "Instance"),
    "none": _m("settings", "None"),
    "plain": _m("settings", "Plain"),
    "residual": _m("settings", "Residual"),
    "preactivation": _m("settings", "Residual, pre-activation"),
    "transposed": _m("settings", "Transposed convolution"),
    "nearest": _m("settings", "Nearest"),
    "bilinear": _m("settings", "Bilinear"),
    "bicubic": _m("settings", "Bicubic"),
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "resnet152": "ResNet-152",
    "resnext50_32x4d": "ResNeXt-50 32×4d",
    "resnext101_32x8d": "ResNeXt-101 32×8d",
    "wide_resnet50_2": "Wide ResNet-50-2",
    "wide_resnet101_2": "Wide ResNet-101-2",
    "adamw": "AdamW",
    "adam": "Adam",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "auto": _m("settings", "Automatic"),
    "nothing": _m("settings", "Nothing"),
    "encoder": _m("settings", "Encoder"),
    "patches": _m("settings", "Of the patches"),
    "kept": _m("settings", "Kept"),
    "float32": "float32",
    "bfloat16": "bfloat16",
    "float16": "float16",
    "one_cycle": _m("settings", "One cycle"),
    "cosine": _m("settings", "Cosine"),
    "step": _m("settings", "Steps"),
    "plateau": _m("settings", "On a plateau"),
    "constant": _m("settings", "Constant"),
}

NETWORKS: dict[str, str] = {
    "paper2015": _m("settings", "Paper 2015"),
    "standard": _m("settings", "Standard"),
    "compact": _m("settings", "Compact"),
    "residual": _m("settings", "Residual (ResNet-34)"),
    "attention": _m("settings", "Attention"),
}

BORDER_WEIGHTS: dict[str, str] = {
    "paper": _m("settings", "Paper 2015"),
    "freiburg": _m("settings", "Freiburg plugin"),
    "none": _m("settings", "None"),
}
