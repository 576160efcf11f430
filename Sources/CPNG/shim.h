#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

// libpng reports errors with longjmp, which must not cross Swift frames: this one function keeps the whole
// life of a png_struct, setjmp included, in C. The callbacks return to C and say by their result if they failed.
typedef struct {
  void *context;
  // The bytes of row `y`, valid until the next call; NULL stops the writing.
  const uint8_t *(*row)(void *context, uint32_t y);
  // Takes compressed bytes; 0 stops the writing.
  int (*write)(void *context, const uint8_t *bytes, size_t count);
  char message[160];
} cpng_writer;

static inline void cpng_on_error(png_structp png, png_const_charp words) {
  cpng_writer *writer = (cpng_writer *)png_get_error_ptr(png);
  strncpy(writer->message, words, sizeof writer->message - 1);
  longjmp(png_jmpbuf(png), 1);
}

static inline void cpng_on_warning(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static inline void cpng_on_write(png_structp png, png_bytep bytes, size_t count) {
  cpng_writer *writer = (cpng_writer *)png_get_io_ptr(png);
  if (!writer->write(writer->context, bytes, count)) png_error(png, "the bytes could not be written");
}

static inline void cpng_on_flush(png_structp png) { (void)png; }

// Writes a grey picture of 8 or 16 bits, 16-bit rows in the processor's order. Returns 0 and leaves words in
// writer->message if that fails.
static inline int cpng_write_grey(cpng_writer *writer, uint32_t width, uint32_t height, int bits) {
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, cpng_on_error, cpng_on_warning);
  if (png == NULL) return 0;
  png_infop info = png_create_info_struct(png);
  if (info == NULL || setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return 0;
  }
  png_set_write_fn(png, writer, cpng_on_write, cpng_on_flush);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, width, height, bits, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 4);
  png_write_info(png, info);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (bits == 16) png_set_swap(png);
#endif
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = writer->row(writer->context, y);
    if (row == NULL) png_error(png, "a row could not be made");
    png_write_row(png, row);
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 1;
}
