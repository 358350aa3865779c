"""Array algorithms around the network: normalisation, tiling, weight map, instances, metrics."""
