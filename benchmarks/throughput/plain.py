"""VGG-10 on CIFAR-10 as most PyTorch scripts train it: what the benchmark's ratios refer to."""

import argparse, json, resource, time  # noqa: E401, I001

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class CIFAR10(datasets.CIFAR10):  # files in an order of their own, hence no official checksums
    train_list, test_list = tuple((f"data_batch_{i}", None) for i in range(1, 6)), ()
    meta = {"filename": "batches.meta", "key": "label_names", "md5": None}  # noqa: RUF012


def main(data: str, device: str, warmup: int, seconds: float, steps: int) -> None:
    mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    augment = [transforms.RandomHorizontalFlip(), transforms.ToTensor()]
    transform = transforms.Compose([*augment, transforms.Normalize(mean, std)])
    dataset = CIFAR10(data, transform=transform)
    loader: DataLoader = DataLoader(dataset, batch_size=128, shuffle=True, num_workers=2)
    layers, channels = [], 3
    for width in (32, 0, 64, 64, 0, 128, 128, 0, 256, 256, 0, 512, 512, 0):
        if width:
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        layers.append(nn.ReLU(inplace=True) if width else nn.MaxPool2d(2))
        channels = width or channels
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005)
    step, seen, began, over = 0, 0, 0.0, False
    while not over:
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            step += 1
            seen += len(labels)
            if step == warmup:
                seen, began = 0, clock(device)
            elif step > warmup and (step == warmup + steps or time.monotonic() - began > seconds):
                over = True
                break
    reply = {"images": seen, "seconds": clock(device) - began, "threads": torch.get_num_threads()}
    print(json.dumps({**reply, "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


def clock(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.monotonic()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "device", "warmup", "seconds", "steps"):
        parser.add_argument(f"--{name}", type=main.__annotations__[name], required=True)
    main(**vars(parser.parse_args()))
