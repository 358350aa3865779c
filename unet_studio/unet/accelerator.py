"""The one seam of a training for device, precision and number of processes.

One process: a network on a device. Several (started by `torchrun`): each holds the network and a share of
every batch, and they average their gradients. The loop in `training` does not know which.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn

from unet_studio.unet.batches import Batch
from unet_studio.unet.device import Device, move
from unet_studio.unet.optimizers import cut_gradient


class Accelerator:
    """Moves, runs and steps a network. `close` it, or use it in a `with`."""

    def __init__(self, device: Device, network: nn.Module) -> None:
        self.device = device
        self.rank = int(os.environ.get("RANK", "0"))
        self.ranks = int(os.environ.get("WORLD_SIZE", "1"))
        move(network, device)
        # float16 loses small gradients: they are scaled up for the way back (Micikevicius et al. 2018).
        scaled = device.precision == torch.float16
        self._scaler = torch.amp.GradScaler(device.torch_device.type, enabled=scaled)
        self._joined = self.ranks > 1 and not dist.is_initialized()
        if self._joined:
            dist.init_process_group("nccl" if device.torch_device.type == "cuda" else "gloo")
        self._model: nn.Module = network
        if self.ranks > 1:
            if device.torch_device.type == "cuda":
                network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
            self._model = nn.parallel.DistributedDataParallel(network)

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the group of processes."""
        if self._joined:
            dist.destroy_process_group()
            self._joined = False

    @property
    def is_first(self) -> bool:
        """True in the process that measures, writes and tells."""
        return self.rank == 0

    @property
    def computes_alone(self) -> bool:
        """True for a processor that no other process of this training computes on."""
        return self.ranks == 1 and self.device.torch_device.type == "cpu"

    def bring(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Image (channels last), target and weight on the device."""
        place = self.device.torch_device
        return (
            batch.image.to(place, memory_format=torch.channels_last, non_blocking=True),
            batch.target.to(place, non_blocking=True),
            batch.weight.to(place, non_blocking=True),
        )

    def logits(self, image: Tensor) -> Tensor:
        """The network's answer, in the device's precision."""
        with self.device.autocast():
            out: Tensor = self._model(image)
        return out

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes."""
        if self.ranks == 1:
            return value
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.ranks

    def decide(self, *numbers: float) -> list[float]:
        """The first process's numbers, in every process: clocks and people differ between them."""
        if self.ranks == 1:
            return list(numbers)
        said = torch.tensor(numbers, dtype=torch.float64, device=self.device.torch_device)
        # Sent one by one, not broadcast: gloo's threads let go of a broadcast's tensor only after it was
        # told as done, and need Python for that; a process that has come to its end by then they abort.
        if self.is_first:
            for rank in range(1, self.ranks):
                dist.send(said, rank)
        else:
            dist.recv(said, 0)
        return [float(n) for n in said.tolist()]

    def descend(self, loss: Tensor, optimizer: torch.optim.Optimizer, gradient_norm: float) -> Tensor:
        """Back-propagate and take one step; returns the gradient's norm before it was cut."""
        optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(optimizer)
        norm = cut_gradient(_parameters(optimizer), gradient_norm)
        self._scaler.step(optimizer)
        self._scaler.update()
        return norm

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps of the precision's scaling."""
        return self._scaler.state_dict()

    def random_state(self) -> Tensor | None:
        """Of the device's own random numbers; None on the processor, whose are torch's."""
        place = self.device.torch_device
        return None if place.type == "cpu" else torch.get_device_module(place).get_rng_state()

    def set_random_state(self, state: Tensor | None) -> None:
        """Go on with the random numbers of a checkpoint that was made on a device of this kind."""
        place = self.device.torch_device
        if state is not None and place.type != "cpu":
            torch.get_device_module(place).set_rng_state(state)

    def restore(self, state: dict[str, object]) -> None:
        """Go on from `state()`."""
        if state:
            self._scaler.load_state_dict(state)


def _parameters(optimizer: torch.optim.Optimizer) -> Iterable[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]
