"""Stores read back: random boxes and whole volumes, beside TensorStore on the same store."""
from programs import Peer, Reader
from rounds import Job

BOXES = 1500


def jobs(settings, name):
    # A small set has fewer bricks: reading each a few times is enough.
    count = 200 if name == "S" else BOXES

    def pair(job, title, store, ours, theirs, note="", loads=False):
        def tensorstore(who, words):
            return Reader(who, f"read_store.py {{{store}}} {words} --threads {{threads}}", ("tensorstore", "numpy"), loads=loads)

        programs = [Reader("brickwork", f"ReadStore {{{store}}} {ours} --threads {{threads}} --cache 0", is_ours=True, loads=loads)]
        programs += [other if isinstance(other, Peer) else tensorstore(*other) for other in theirs]
        return Job(f"read/{name}/{job}", title, tuple(programs), note)

    def boxes(align):
        words = f"--box 64,64,64 --align {align} --random {count}"
        return words, [("TensorStore", f"{words} --in-flight {2 * settings.threads}"), ("TensorStore, 32 in flight", f"{words} --in-flight 32")]

    zarr = Peer("zarr-python, one read", (("read_volume", "zarr", "--codec", "bzstd1"),), ("zarr", "numpy", "tensorstore"), loads=True)
    bricks, anywhere = boxes("64,64,64"), boxes("1,1,1")
    return [
        pair("bricks", f"{count} random bricks of 64³", "default_store", *bricks,
             note="Bricks of 64³; each box is one of them. Nothing is cached on either side; the file's pages are in memory."),
        pair("boxes", f"{count} random boxes of 64³ voxels, bricks of 64³", "default_store", *anywhere,
             note="Anywhere, so that a box cuts up to eight bricks."),
        pair("boxes-of-slabs", f"{count} random boxes of 64³ voxels, bricks of 32×128×128", "store", *anywhere),
        pair("volume", "The whole volume into memory", "store", "--keep", [("TensorStore, one read", "--whole"), zarr],
             note="All hold all voxels in the end, in memory that is new to the process. zarr-python reads the like store that TensorStore has written.",
             loads=True),
        pair("stream", "The whole volume, box after box", "store", "",
             [("TensorStore", f"--in-flight {2 * settings.threads}"), ("TensorStore, 32 in flight", "--in-flight 32")],
             note="Boxes of 64×512×512, a shard each, dropped when read. Ours reuses one block for each worker."),
        pair("stream-default", "The whole volume, box after box, bricks of 64³", "default_store", "--box 64,512,512",
             [("TensorStore", f"--box 64,512,512 --in-flight {2 * settings.threads}")]),
    ]
