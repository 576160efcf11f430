"""Makes the tiles of memory_proof.py. In a process of its own: `proof_tiles.py FOLDER SCALE`.

A few files of each format stand at many positions, so that a set is as large as asked for and the disk is not. There
are enough uncompressed ones that the page cache of a limited run can't hold them all.
"""

import json
import os
import struct
import sys
import zlib
from dataclasses import dataclass

import h5py
import numpy as np
import tifffile

MIB = 1 << 20


@dataclass
class Scale:
    """What a set looks like. Shapes are z, y, x; a format's number is how many tiles it has."""

    memory: int  # MiB
    shape: tuple
    files: int  # distinct uncompressed files
    tiles: int
    labels: int  # tiles of labels, uint32
    compressed: int  # tiles of each compressed format; 0 leaves them out
    jpeg2000: int


SCALES = {
    "tiny": Scale(128, (32, 384, 384), 2, 9, 4, 4, 1),
    "small": Scale(128, (32, 512, 512), 20, 80, 40, 80, 8),
    "L": Scale(512, (128, 1024, 1024), 6, 25, 13, 21, 2),
    "XL": Scale(512, (128, 1024, 1024), 8, 128, 0, 0, 0),
}


def camera(shape, seed=1):
    """What a camera gives of dim tissue: an offset, the noise of few photons, a bright body."""
    random = np.random.default_rng(seed)
    plane = random.poisson(12, shape[1:]).astype(np.uint16) + 100
    voxels = np.empty(shape, np.uint16)
    for z in range(shape[0]):
        # One plane of noise, moved about, is as hard to compress and made in no time.
        voxels[z] = np.roll(plane, (37 * z * z, 101 * z), (0, 1))
    voxels[shape[0] // 4 : -shape[0] // 4, shape[1] // 5 : -shape[1] // 4, shape[2] // 5 : -shape[2] // 4] += 60
    return voxels


def labels(shape):
    """Cubes of 6 voxels, some 4000 in 8 million voxels, each with a number of its own."""
    random = np.random.default_rng(2)
    numbers = np.zeros(shape, np.uint32)
    for number in range(1, np.prod(shape) // 2000):
        z, y, x = (random.integers(0, size - 6) for size in shape)
        numbers[z : z + 6, y : y + 6, x : x + 6] = number
    return numbers


def nd2(path, frames, compressed):
    """The least of an ND2 file of version 3: attributes, a loop over z, the frames, their map."""
    depth, height, width = frames.shape
    units = lambda text: (text + "\0").encode("utf-16-le")
    head = lambda kind, name: bytes([kind, len(name) + 1]) + units(name) if name else bytes([kind, 0])
    number = lambda name, value: head(3, name) + struct.pack("<I", value)

    def level(name, children):
        start, body, offsets = head(11, name), b"", []
        for key, child in children:
            offsets.append((key, len(start) + 12 + len(body)))
            body += child
        ends = b"".join(struct.pack("<Q", offset) for _, offset in sorted(offsets))
        return start + struct.pack("<IQ", len(children), len(start) + 12 + len(body)) + body + ends

    attributes = {
        "uiWidth": width, "uiHeight": height, "uiComp": 1, "uiWidthBytes": width * 2, "uiBpcInMemory": 16,
        "uiBpcSignificant": 16, "uiSequenceCount": depth, "eCompression": 0 if compressed else 2,
    }
    step = ("dZStep", head(6, "dZStep") + struct.pack("<d", 0.5))
    loop = level("uLoopPars", [("uiCount", number("uiCount", depth)), step])
    experiment = level("SLxExperiment", [("eType", number("eType", 4)), ("uLoopPars", loop)])
    places = []
    with open(path, "wb") as file:

        def add(name, data):
            places.append((name, file.tell(), len(data)))
            file.write(struct.pack("<IIQ", 0x0ABECEDA, len(name) + 4, len(data)) + name.encode() + bytes(4))
            file.write(data)
            file.write(bytes(-file.tell() % 4096))

        signature = struct.pack("<IIQ", 0x0ABECEDA, 32, 64) + b"ND2 FILE SIGNATURE CHUNK NAME01!Ver3.0"
        file.write(signature.ljust(4096, b"\0"))
        pairs = [(name, number(name, value)) for name, value in attributes.items()]
        add("ImageAttributesLV!", level("SLxImageAttributes", pairs))
        add("ImageMetadataLV!", experiment)
        for z in range(depth):
            pixels = frames[z].tobytes()
            add(f"ImageDataSeq|{z}!", bytes(8) + (zlib.compress(pixels, 1) if compressed else pixels))
        end = file.tell()
        chunks = b"".join(name.encode() + struct.pack("<QQ", *place) for name, *place in sorted(places, reverse=True))
        tail = b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", end)
        chunks += tail
        chunks += bytes(-(48 + len(chunks) + len(tail)) % 4096) + tail
        file.write(struct.pack("<IIQ", 0x0ABECEDA, 32, len(chunks)) + b"ND2 FILEMAP SIGNATURE NAME 0001!" + chunks)


def columns_of(count):
    return max(1, round(count**0.5))


def extent(scale):
    """Voxels of the stitched volume along z, y, x."""
    columns = columns_of(scale.tiles)
    rows = -(-scale.tiles // columns)
    z, y, x = scale.shape
    return z + 2, (rows - 1) * (y - y // 10) + y, (columns - 1) * (x - x // 10) + x


def tileset(folder, name, files, count, shape):
    """`count` tiles in rows of about the square root, overlapping by a tenth, with the files in turn."""
    columns = columns_of(count)
    steps = [size - size // 10 for size in shape]
    places = [(i % columns * steps[2], i // columns * steps[1], i % 3) for i in range(count)]
    tiles = [
        {"path": files[i % len(files)], "offset_voxels_xyz": list(place)} for i, place in enumerate(places)
    ]
    document = {"brickwork_tileset": 1, "voxel_size_um_xyz": [0.2, 0.2, 0.5], "tiles": tiles}
    with open(f"{folder}/{name}.json", "w") as out:
        json.dump(document, out)


def make(folder, scale):
    voxels = camera(scale.shape)
    files = [f"tile{i}.tif" for i in range(scale.files)]
    for i, file in enumerate(files):
        moved = np.roll(voxels, (i, 11 * i), (0, 2))
        tifffile.imwrite(f"{folder}/{file}", moved)
    tileset(folder, "tiles", files, scale.tiles, scale.shape)
    # The same places with other voxels in one of four tiles: for the update of an export.
    tileset(folder, "changed", [*files[:3], files[-1]], scale.tiles, scale.shape)
    if scale.labels:
        tifffile.imwrite(f"{folder}/labels.tif", labels(scale.shape))
        tileset(folder, "labels", ["labels.tif"], scale.labels, scale.shape)
    # A mask of the whole volume, a sixteenth as fine along y and x.
    z, y, x = extent(scale)
    mask = np.ones((z, -(-y // 16), -(-x // 16)), np.uint8)
    mask[:, :20, :] = 0
    tifffile.imwrite(f"{folder}/mask.tif", mask)
    random = np.random.default_rng(3)
    points = np.column_stack([random.integers(0, scale.tiles, 200_000), random.uniform(0, 50, (200_000, 3))])
    with open(f"{folder}/points.csv", "w") as out:
        out.write("tile,x_um,y_um,z_um\n")
        out.writelines(f"{int(tile)},{x:.3f},{y:.3f},{z:.3f}\n" for tile, x, y, z in points)
    if scale.compressed:
        make_compressed(folder, scale, voxels)


def make_compressed(folder, scale, voxels):
    tifffile.imwrite(f"{folder}/strips.tif", voxels, compression="zlib", compressionargs={"level": 1}, rowsperstrip=64)
    pages = {"compression": "zlib", "compressionargs": {"level": 1}, "rowsperstrip": scale.shape[1]}
    tifffile.imwrite(f"{folder}/pages.tif", voxels, **pages)
    nd2(f"{folder}/raw.nd2", voxels, compressed=False)
    nd2(f"{folder}/zlib.nd2", voxels, compressed=True)
    with h5py.File(f"{folder}/chunked.h5", "w") as file:
        file.create_dataset("t", data=voxels, chunks=(16, 128, 128), compression="gzip", compression_opts=1, shuffle=True)
    for name, file in [
        ("strips", "strips.tif"), ("pages", "pages.tif"), ("nd2", "raw.nd2"), ("nd2zlib", "zlib.nd2"), ("h5", "chunked.h5")
    ]:
        tileset(folder, name, [file], scale.compressed, scale.shape)
    import glymur

    # Components are planes.
    planes = np.ascontiguousarray(np.moveaxis(voxels[: min(32, scale.shape[0])], 0, 2))
    glymur.Jp2k(f"{folder}/planes.jp2", data=planes, mct=False, numres=3)
    tileset(folder, "jp2", ["planes.jp2"], scale.jpeg2000, (planes.shape[2], *planes.shape[:2]))


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    make(sys.argv[1], SCALES[sys.argv[2]])
