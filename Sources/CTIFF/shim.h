#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <tiffio.h>

// The bytes a handle reads, its place in them, and the library's first complaint since the last reset.
typedef struct ctiff_source {
  const unsigned char *base;
  uint64_t size;
  uint64_t position;
  char complaint[320];
} ctiff_source;

// A callback with a va_list: Swift can't format it. The first complaint is the cause, later ones follow from it.
static inline int ctiff_on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
  ctiff_source *source = (ctiff_source *)user;
  (void)tiff;
  (void)module;
  if (source && !source->complaint[0]) vsnprintf(source->complaint, sizeof source->complaint, format, values);
  return 1;
}
static inline int ctiff_on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
  (void)tiff, (void)user, (void)module, (void)format, (void)values;
  return 1;
}

// Reading from memory: libtiff's own file access would map the file unguarded against truncation.
static inline tmsize_t ctiff_read(thandle_t handle, void *target, tmsize_t count) {
  ctiff_source *source = (ctiff_source *)handle;
  if (count <= 0 || source->position >= source->size) return 0;
  uint64_t left = source->size - source->position;
  uint64_t taken = (uint64_t)count < left ? (uint64_t)count : left;
  memcpy(target, source->base + source->position, (size_t)taken);
  source->position += taken;
  return (tmsize_t)taken;
}
static inline tmsize_t ctiff_write(thandle_t handle, void *bytes, tmsize_t count) {
  (void)handle, (void)bytes, (void)count;
  return -1;
}
static inline toff_t ctiff_seek(thandle_t handle, toff_t offset, int whence) {
  ctiff_source *source = (ctiff_source *)handle;
  if (whence == SEEK_CUR) offset += source->position;
  if (whence == SEEK_END) offset += source->size;
  source->position = offset;
  return offset;
}
static inline int ctiff_close(thandle_t handle) {
  (void)handle;
  return 0;
}
static inline toff_t ctiff_size(thandle_t handle) { return ((ctiff_source *)handle)->size; }
static inline int ctiff_map(thandle_t handle, void **base, toff_t *size) {
  *base = (void *)((ctiff_source *)handle)->base;
  *size = ((ctiff_source *)handle)->size;
  return 1;
}
static inline void ctiff_unmap(thandle_t handle, void *base, toff_t size) {
  (void)handle, (void)base, (void)size;
}

// Opens the bytes of `source`; no allocation of the library exceeds `limit` bytes.
static inline TIFF *ctiff_open(ctiff_source *source, const char *name, tmsize_t limit) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, limit);
  TIFFOpenOptionsSetErrorHandlerExtR(options, ctiff_on_error, source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ctiff_on_warning, source);
  TIFF *tiff = TIFFClientOpenExt(
      name, "r", (thandle_t)source, ctiff_read, ctiff_write, ctiff_seek, ctiff_close, ctiff_size, ctiff_map,
      ctiff_unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

// The complaint is a tuple of characters in Swift.
static inline const char *ctiff_complaint(const ctiff_source *source) { return source->complaint; }
static inline void ctiff_forget_complaint(ctiff_source *source) { source->complaint[0] = 0; }

// TIFFGetField is variadic.
static inline int ctiff_get_u16(TIFF *tiff, uint32_t tag, uint16_t *value) {
  return TIFFGetFieldDefaulted(tiff, tag, value);
}
static inline int ctiff_get_u32(TIFF *tiff, uint32_t tag, uint32_t *value) {
  return TIFFGetFieldDefaulted(tiff, tag, value);
}
static inline int ctiff_get_text(TIFF *tiff, uint32_t tag, const char **value) {
  return TIFFGetField(tiff, tag, value);
}

// TIFFSetField is variadic.
static inline int ctiff_set_int(TIFF *tiff, uint32_t tag, uint32_t value) { return TIFFSetField(tiff, tag, value); }
