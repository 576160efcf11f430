"""The data sets: tiles made by the script of DATASETS, and the same tiles in the other formats, made by brickwork."""
import json
import subprocess

import process
from programs import Place
from settings import BRICK, SHARD

# GB of tiles; as many again are labels. `room` is what tiles, labels, stores and exports take on the disk.
ROOM = {"S": 0.5, "M": 12, "L": 40, "XL": 60}
# Sets of at most so many bytes are also stitched from JPEG 2000, which takes its time to make.
SMALL = 100_000_000


def make(settings, name):
    """The folder of a set, made if it is not there; None where it can't be."""
    folder = settings.work / "sets" / name
    if not (folder / "dataset.json").exists():
        if settings.datasets is None:
            settings.skip(f"set {name}", f"it is not in {folder.name} of WORK/sets, and DATASETS, the script that makes it, is not given")
            return None
        if not settings.room(ROOM.get(name, 40), f"set {name}"):
            return None
        settings.say(f"making set {name}")
        # XL without labels, which would double it.
        options = ["--no-labels"] if name == "XL" else []
        done = subprocess.run(
            [settings.python, settings.datasets, folder, "--size", name, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            settings.skip(f"set {name}", f"the script of DATASETS failed: {done.stderr.strip().splitlines()[-1]}")
            return None
    return folder


def place(settings, name):
    """A set with everything that is made of it, once, outside of any clock."""
    folder = make(settings, name)
    if folder is None:
        return None
    about = json.loads((folder / "dataset.json").read_text())
    prepared = settings.work / "prepared" / name
    prepared.mkdir(parents=True, exist_ok=True)
    place = Place(name, folder, about["tile_bytes"], {})
    # By the offsets in voxels that the peers' script takes; the .npy file beside them points x to the left.
    place.paths["tiles"] = tileset(prepared / "tiles.json", [folder / tile for tile in about["tiles"]], about)
    if about["labels"]:
        place.paths["labels"] = tileset(prepared / "labels.json", [folder / tile for tile in about["labels"]], about)
    warm_up(folder)
    return place


def tileset(path, tiles, about, offsets=None, voxel=None):
    """Writes a tileset file: the same tiles may stand in it many times."""
    offsets = offsets or about["offsets_px_xyz"]
    document = {
        "brickwork_tileset": 1, "voxel_size_um_xyz": voxel or about["voxel_size_xyz_um"],
        "tiles": [{"path": str(tile), "offset_voxels_xyz": list(offset)} for tile, offset in zip(tiles, offsets)]}
    path.write_text(json.dumps(document))
    return path


def warm_up(folder):
    process.warm(sorted(folder.glob("*.tif")))


class Preparation:
    """Sources in other formats, each made when a job first asks for it."""

    def __init__(self, settings, place):
        self.settings = settings
        self.place = place
        self.folder = settings.work / "prepared" / place.name
        self.about = json.loads((place.folder / "dataset.json").read_text())

    def store(self):
        """The stitched volume in the bricks and shards of all comparisons."""
        self.make("store", "store.ome.zarr", f"stitch {{tiles}} --fusion overwrite --brick {BRICK} --shard {SHARD}")

    def default_store(self):
        """The stitched volume as brickwork writes it by default: bricks of 64³."""
        self.make("default_store", "default.ome.zarr", "stitch {tiles} --fusion overwrite")

    def views(self):
        self.make("views", "views.h5", "export {tiles} --layout views")
        if "views" in self.place.paths:
            self.place.paths["views"] = self.folder / "views.xml"

    def imported(self):
        self.make("imported", "imported.zarr", "import {tiles}")

    def deflated(self):
        self.tiles("deflated", "tif", "--format tiff --levels 1 --compression deflate")

    def hdf5(self):
        self.tiles("hdf5", "h5", "--format hdf5")

    def jpeg2000(self):
        if self.place.bytes <= SMALL:
            self.tiles("jp2", "jp2", "--format jp2")
        else:
            self.settings.skip(f"JPEG 2000 tiles of set {self.place.name}", "decoded at tens of MB/s, measured on small sets alone")

    def nd2(self):
        """One file with as many tiles of the same size, made by the script of ND2; its scene is another one."""
        path = self.folder / "tiles.nd2"
        if not path.exists():
            if self.settings.nd2 is None:
                self.settings.skip(f"ND2 tiles of set {self.place.name}", "the script that writes ND2 files is not given (ND2)")
                return
            self.settings.say(f"making {path.name} of set {self.place.name}")
            (z, y, x), unfinished = self.about["tile_zyx"], path.with_suffix(".unfinished.nd2")
            command = [
                self.settings.python, self.settings.nd2, unfinished, "--size", f"{x}x{y}", "--z", z, "--grid", "x".join(map(str, self.about["grid"])),
                "--voxel", ",".join(map(str, self.about["voxel_size_xyz_um"])), "--pattern", "scene", "--dtype", self.about["dtype"]]
            ended = process.run(command, self.settings.cpus, self.settings.work / "out")
            if ended.code:
                self.settings.skip(f"ND2 tiles of set {self.place.name}", ended.reason)
                return
            unfinished.rename(path)
        process.warm([path])
        self.place.paths["nd2"] = path

    def make(self, name, file, words):
        """Makes a file or store of the set and puts its path in the place."""
        path, done = self.folder / file, self.folder / f"{file}.done"
        if not done.exists():
            self.settings.say(f"making {file} of set {self.place.name}")
            process.remove(path)
            command = [self.settings.brickwork, *self.place.fill(words), "-o", path, "--overwrite", "--progress", "none", "--quiet"]
            ended = process.run(command, self.settings.cpus, self.settings.work / "out")
            if ended.code:
                self.settings.skip(f"{file} of set {self.place.name}", ended.reason)
                return
            done.touch()
        self.place.paths[name] = path

    def tiles(self, name, ending, options):
        """Makes a file of each tile, and a tileset of them."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        files = []
        for number in range(self.about["n_tiles"]):
            key = f"{name}_{number}"
            self.make(key, f"{name}/tile_{number:03}.{ending}", f"export {{tiles}} --tile {number} {options}")
            if key not in self.place.paths:
                return
            files.append(self.place.paths[key])
        self.place.paths[name] = tileset(self.folder / f"{name}.json", files, self.about)
        process.warm(files)

    def peers_store(self, codec):
        """The stitched store from which the peers' pyramid starts, made by their script beside the tiles."""
        if self.settings.peers is None or self.settings.missing(["tensorstore"]):
            return
        done = self.folder / f"peers-{codec}.done"
        if done.exists():
            return
        self.settings.say(f"making the peers' store of set {self.place.name}, {codec}")
        subprocess.run(
            [self.settings.python, self.settings.peers, "prepare", "--peer", "stitched", "--data", self.place.folder, "--reps", "1",
             "--out", self.settings.work / "out/peer", "--cap-gb", "0", "--cpus", "", "--threads", str(self.settings.threads),
             "--chunk", *BRICK.split(","), "--shard", *SHARD.split(","), "--codec", codec], check=True, stdout=subprocess.DEVNULL)
        done.touch()
