import BrickHDF5
import Testing

@Suite struct HDF5SniffingTests {
}
