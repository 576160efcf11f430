#include <openjpeg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A run of bytes of a codestream that is put together from several.
typedef struct copj_range {
  const unsigned char *base;
  uint64_t size;
} copj_range;

// The runs a decoder reads one after the other, its place in them, and the library's first complaint.
typedef struct copj_source {
  const copj_range *ranges;
  uint64_t count;
  uint64_t size;
  uint64_t position;
  uint64_t current;        // the run of `position`
  uint64_t current_start;  // and where it begins
  char complaint[320];
} copj_source;

// Bytes an encoder writes, in memory it owns; `limit` bounds them.
typedef struct copj_sink {
  unsigned char *base;
  uint64_t capacity;
  uint64_t size;
  uint64_t position;
  uint64_t limit;
  char complaint[320];
} copj_sink;

static inline void copj_keep_first(char *complaint, size_t room, const char *message) {
  // The first complaint is the cause, later ones follow from it.
  if (complaint[0]) return;
  snprintf(complaint, room, "%s", message);
  size_t length = strlen(complaint);
  while (length && (complaint[length - 1] == '\n' || complaint[length - 1] == ' ')) complaint[--length] = 0;
}
static inline void copj_on_source_error(const char *message, void *user) {
  copj_source *source = (copj_source *)user;
  copj_keep_first(source->complaint, sizeof source->complaint, message);
}
static inline void copj_on_sink_error(const char *message, void *user) {
  copj_sink *sink = (copj_sink *)user;
  copj_keep_first(sink->complaint, sizeof sink->complaint, message);
}
static inline const char *copj_source_complaint(const copj_source *source) { return source->complaint; }
static inline const char *copj_sink_complaint(const copj_sink *sink) { return sink->complaint; }

// MARK: Reading

static inline void copj_source_move(copj_source *source, uint64_t position) {
  if (position < source->current_start) source->current = source->current_start = 0;
  while (source->current < source->count &&
         position - source->current_start >= source->ranges[source->current].size) {
    source->current_start += source->ranges[source->current].size;
    source->current++;
  }
  source->position = position;
}
static inline OPJ_SIZE_T copj_source_read(void *target, OPJ_SIZE_T count, void *user) {
  copj_source *source = (copj_source *)user;
  OPJ_SIZE_T done = 0;
  while (done < count && source->position < source->size) {
    const copj_range *range = &source->ranges[source->current];
    uint64_t offset = source->position - source->current_start;
    uint64_t left = range->size - offset;
    uint64_t taken = count - done < left ? count - done : left;
    memcpy((unsigned char *)target + done, range->base + offset, (size_t)taken);
    done += (OPJ_SIZE_T)taken;
    copj_source_move(source, source->position + taken);
  }
  return done ? done : (OPJ_SIZE_T)-1;
}
static inline OPJ_OFF_T copj_source_skip(OPJ_OFF_T count, void *user) {
  copj_source *source = (copj_source *)user;
  if (count < 0) return -1;
  uint64_t left = source->size - source->position;
  if (!left && count) return -1;
  uint64_t taken = (uint64_t)count < left ? (uint64_t)count : left;
  copj_source_move(source, source->position + taken);
  return (OPJ_OFF_T)taken;
}
static inline OPJ_BOOL copj_source_seek(OPJ_OFF_T position, void *user) {
  copj_source *source = (copj_source *)user;
  if (position < 0 || (uint64_t)position > source->size) return OPJ_FALSE;
  copj_source_move(source, (uint64_t)position);
  return OPJ_TRUE;
}

// What to decode: `area` (x0, y0, x1, y1) on the reference grid, at 2^-reduction of the resolution; of the components
// numbered in `components` alone where there are any.
typedef struct copj_request {
  int32_t area[4];
  uint32_t reduction;
  const uint32_t *components;
  uint32_t component_count;
} copj_request;

// Decodes on the calling thread; NULL with a complaint in `source` where that fails. Free with opj_image_destroy.
static inline opj_image_t *copj_decode(copj_source *source, const copj_request *request) {
  opj_image_t *image = NULL;
  int done = 0;
  opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
  if (codec && stream) {
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = request->reduction;
    opj_set_error_handler(codec, copj_on_source_error, source);
    opj_stream_set_read_function(stream, copj_source_read);
    opj_stream_set_skip_function(stream, copj_source_skip);
    opj_stream_set_seek_function(stream, copj_source_seek);
    opj_stream_set_user_data(stream, source, NULL);
    opj_stream_set_user_data_length(stream, source->size);
    done = opj_setup_decoder(codec, &parameters) && opj_decoder_set_strict_mode(codec, OPJ_TRUE) &&
           opj_codec_set_threads(codec, 0) && opj_read_header(stream, codec, &image) &&
           (!request->component_count ||
            opj_set_decoded_components(
                codec, request->component_count, request->components, OPJ_FALSE)) &&
           opj_set_decode_area(
               codec, image, request->area[0], request->area[1], request->area[2],
               request->area[3]) &&
           opj_decode(codec, stream, image);
  }
  if (stream) opj_stream_destroy(stream);
  if (codec) opj_destroy_codec(codec);
  if (done) return image;
  if (image) opj_image_destroy(image);
  return NULL;
}

// MARK: Writing

static inline OPJ_SIZE_T copj_sink_write(void *bytes, OPJ_SIZE_T count, void *user) {
  copj_sink *sink = (copj_sink *)user;
  if (count > sink->limit || sink->position > sink->limit - count) return (OPJ_SIZE_T)-1;
  uint64_t end = sink->position + count;
  if (end > sink->capacity) {
    uint64_t capacity = sink->capacity ? sink->capacity : 1 << 16;
    while (capacity < end) capacity += capacity / 2;
    unsigned char *grown = (unsigned char *)realloc(sink->base, (size_t)capacity);
    if (!grown) return (OPJ_SIZE_T)-1;
    sink->base = grown;
    sink->capacity = capacity;
  }
  if (sink->position > sink->size) {
    memset(sink->base + sink->size, 0, (size_t)(sink->position - sink->size));
  }
  memcpy(sink->base + sink->position, bytes, count);
  sink->position = end;
  if (end > sink->size) sink->size = end;
  return count;
}
static inline OPJ_OFF_T copj_sink_skip(OPJ_OFF_T count, void *user) {
  copj_sink *sink = (copj_sink *)user;
  if (count < 0 || (uint64_t)count > sink->limit - sink->position) return -1;
  sink->position += (uint64_t)count;
  return count;
}
static inline OPJ_BOOL copj_sink_seek(OPJ_OFF_T position, void *user) {
  copj_sink *sink = (copj_sink *)user;
  if (position < 0 || (uint64_t)position > sink->limit) return OPJ_FALSE;
  sink->position = (uint64_t)position;
  return OPJ_TRUE;
}

// A picture of one component whose upper left corner lies at x0, y0 of the reference grid; its samples undefined.
static inline opj_image_t *copj_plane(
    uint32_t x0, uint32_t y0, uint32_t width, uint32_t height, uint32_t depth, int is_signed) {
  opj_image_cmptparm_t part;
  memset(&part, 0, sizeof part);
  part.dx = part.dy = 1;
  part.w = width;
  part.h = height;
  part.x0 = x0;
  part.y0 = y0;
  part.prec = depth;
  part.sgnd = is_signed ? 1 : 0;
  opj_image_t *image = opj_image_create(1, &part, OPJ_CLRSPC_GRAY);
  if (!image) return NULL;
  image->x0 = x0;
  image->y0 = y0;
  image->x1 = x0 + width;
  image->y1 = y0 + height;
  return image;
}

// Codes a picture of one component without loss as a codestream of one tile, packets by component; 0 with a
// complaint in `sink` where that fails.
static inline int copj_encode(opj_image_t *image, uint32_t resolutions, copj_sink *sink) {
  int done = 0;
  opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_FALSE);
  if (codec && stream) {
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.prog_order = OPJ_CPRL;
    parameters.numresolution = (int)resolutions;
    parameters.irreversible = 0;
    parameters.tcp_mct = 0;
    parameters.tcp_numlayers = 1;
    parameters.tcp_rates[0] = 0;
    parameters.cp_disto_alloc = 1;
    char comment[] = "Brickwork";
    parameters.cp_comment = comment;
    opj_set_error_handler(codec, copj_on_sink_error, sink);
    opj_stream_set_write_function(stream, copj_sink_write);
    opj_stream_set_skip_function(stream, copj_sink_skip);
    opj_stream_set_seek_function(stream, copj_sink_seek);
    opj_stream_set_user_data(stream, sink, NULL);
    done = opj_setup_encoder(codec, &parameters, image) && opj_start_compress(codec, image, stream) &&
           opj_encode(codec, stream) && opj_end_compress(codec, stream);
  }
  if (stream) opj_stream_destroy(stream);
  if (codec) opj_destroy_codec(codec);
  return done;
}
