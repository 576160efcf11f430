"""How fast tiles come out of their files: ReadTiles beside the usual Python reader of each format."""
import subprocess

import process
from programs import Place, Reader
from rounds import Job
from settings import PEER_SCRIPTS

# name: kind for make_file.py or options of the ND2 script; ending; the other reader; planes a slab; packages that make the file
FILES = {
    "tiff": ("TIFF, uncompressed", "tif", "tifffile", 1, ("tifffile",)),
    "tiff-deflate": ("TIFF, deflate + predictor, one strip a page", "tif", "tifffile", 1, ("tifffile", "imagecodecs")),
    "tiff-lzw": ("TIFF, LZW, strips of 64 rows", "tif", "tifffile", 1, ("tifffile", "imagecodecs")),
    "nd2": ("ND2, uncompressed", "nd2", "nd2", 1, ("nd2",)),
    "nd2-zlib": ("ND2, zlib", "nd2", "nd2", 1, ("nd2",)),
    "hdf5": ("HDF5, contiguous", "h5", "h5py", 1, ("h5py",)),
    "hdf5-deflate": ("HDF5, chunks 16×128×128, shuffle + deflate", "h5", "h5py", 16, ("h5py",)),
    "jpeg2000": ("JPEG 2000, planes as components", "jp2", "glymur", 1, ("glymur",)),
}
# 268 MB; of JPEG 2000, which takes long, a quarter.
PLANES = 32


def run(rounds):
    settings = rounds.settings
    counts = sorted({1, settings.threads})
    for name, (title, ending, reader, planes, modules) in FILES.items():
        wanted = [f"files/{name}/{count}" for count in counts if settings.wants(f"files/{name}/{count}")]
        if not wanted:
            continue
        path = make(settings, name, ending, modules)
        if path is None:
            continue
        process.warm([path])
        place = Place(name, path.parent, 0, {"file": path})
        jobs = []
        for count in counts:
            jobs.append(Job(
                f"files/{name}/{count}", f"{title}, {count} thread{'s' if count > 1 else ''}",
                (Reader("brickwork", f"ReadTiles {{threads}} {planes} 64 read {{file}}", threads=count, sum_option="=sum", is_ours=True),
                 Reader(reader, f"read_file.py {reader} {{threads}} read {{file}}", modules, threads=count, sum_option="=sum"))))
        rounds.run(jobs, place)


def make(settings, name, ending, modules):
    """The file, made if it is not there; None where it can't be."""
    folder = settings.work / "files"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.{ending}"
    if path.exists():
        return path
    planes = PLANES // 4 if name == "jpeg2000" else PLANES
    unfinished = path.with_suffix(".unfinished." + ending)
    if name.startswith("nd2"):
        if settings.nd2 is None:
            settings.skip(f"files/{name}", "the script that writes ND2 files is not given (ND2)")
            return None
        command = [
            settings.python, settings.nd2, unfinished, "--size", "2048x2048", "--z", str(planes), "--no-xy", "--pattern", "noise", "--bits", "10",
            *(["--compress"] if name == "nd2-zlib" else [])]
    else:
        reason = settings.missing(modules + ("numpy",))
        if reason:
            settings.skip(f"files/{name}", reason)
            return None
        command = [settings.python, PEER_SCRIPTS / "make_file.py", name, str(planes), unfinished]
    settings.say(f"making {path.name}")
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        settings.skip(f"files/{name}", f"could not be made: {done.stderr.strip().splitlines()[-1]}")
        return None
    unfinished.rename(path)
    return path
