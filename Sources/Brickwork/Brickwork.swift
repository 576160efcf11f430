// One import for all of the package: volumes and files, tiles and stores, stitching and export.
@_exported public import BrickBDV
@_exported public import BrickCore
@_exported public import BrickEngine
@_exported public import BrickFiles
@_exported public import BrickFormats
@_exported public import BrickHDF5
@_exported public import BrickJPEG2000
@_exported public import BrickLabels
@_exported public import BrickN5
@_exported public import BrickND2
@_exported public import BrickPicture
@_exported public import BrickStitch
@_exported public import BrickSurface
@_exported public import BrickTIFF
@_exported public import BrickZarr
