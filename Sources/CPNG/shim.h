#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

// libpng reports errors with longjmp, which must not cross Swift frames: each of these functions sets the place to
// jump to and returns before Swift goes on. Callbacks return to C and say by their result if they failed.
typedef struct {
  void *context;
  // Takes compressed bytes; 0 stops the writing.
  int (*write)(void *context, const uint8_t *bytes, size_t count);
  png_structp png;
  png_infop info;
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

// Begins a picture of 8 or 16 bits, grey or of three channels; 16-bit rows come in the processor's order. This and
// the functions below return 0 and leave words in writer->message if they fail. The writer stays where it is until
// cpng_free.
static inline int cpng_begin(cpng_writer *writer, uint32_t width, uint32_t height, int bits, int channels) {
  writer->info = NULL;
  writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, cpng_on_error, cpng_on_warning);
  if (writer->png == NULL) return 0;
  writer->info = png_create_info_struct(writer->png);
  if (writer->info == NULL || setjmp(png_jmpbuf(writer->png))) return 0;
  png_set_write_fn(writer->png, writer, cpng_on_write, cpng_on_flush);
  png_set_user_limits(writer->png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(writer->png, writer->info, width, height, bits, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(writer->png, 4);
  png_write_info(writer->png, writer->info);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (bits == 16) png_set_swap(writer->png);
#endif
  return 1;
}

// Writes the next row.
static inline int cpng_row(cpng_writer *writer, const uint8_t *row) {
  if (setjmp(png_jmpbuf(writer->png))) return 0;
  png_write_row(writer->png, row);
  return 1;
}

// Ends a picture that has all its rows.
static inline int cpng_end(cpng_writer *writer) {
  if (setjmp(png_jmpbuf(writer->png))) return 0;
  png_write_end(writer->png, writer->info);
  return 1;
}

// Frees what a writer holds, whether it came to its end or not.
static inline void cpng_free(cpng_writer *writer) { png_destroy_write_struct(&writer->png, &writer->info); }
