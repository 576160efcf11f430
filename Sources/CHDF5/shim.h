#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Macros with casts or calls, which Swift does not import.
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_read_write(void) { return H5F_ACC_RDWR; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t chdf5_transfer(void) { return H5P_DATASET_XFER; }
static inline haddr_t chdf5_no_address(void) { return HADDR_UNDEF; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }
// Types in the file are little-endian wherever it is written.
static inline hid_t chdf5_little_double(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_little_int32(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }

// kind: 0 unsigned, 1 signed, 2 float; bytes: 1, 2, 4, 8. -1 for what there is not.
static inline hid_t chdf5_native_type(int kind, int bytes) {
  switch (kind * 10 + bytes) {
    case 1: return H5T_NATIVE_UINT8;
    case 2: return H5T_NATIVE_UINT16;
    case 4: return H5T_NATIVE_UINT32;
    case 8: return H5T_NATIVE_UINT64;
    case 11: return H5T_NATIVE_INT8;
    case 12: return H5T_NATIVE_INT16;
    case 14: return H5T_NATIVE_INT32;
    case 18: return H5T_NATIVE_INT64;
    case 24: return H5T_NATIVE_FLOAT;
    case 28: return H5T_NATIVE_DOUBLE;
    default: return -1;
  }
}
static inline hid_t chdf5_little_type(int kind, int bytes) {
  switch (kind * 10 + bytes) {
    case 1: return H5T_STD_U8LE;
    case 2: return H5T_STD_U16LE;
    case 4: return H5T_STD_U32LE;
    case 8: return H5T_STD_U64LE;
    case 11: return H5T_STD_I8LE;
    case 12: return H5T_STD_I16LE;
    case 14: return H5T_STD_I32LE;
    case 18: return H5T_STD_I64LE;
    case 24: return H5T_IEEE_F32LE;
    case 28: return H5T_IEEE_F64LE;
    default: return -1;
  }
}

// order: 0 little, 1 big; -1 for widths that IEEE has not.
static inline hid_t chdf5_ieee_float(int bytes, int order) {
  switch (bytes * 10 + order) {
    case 40: return H5T_IEEE_F32LE;
    case 41: return H5T_IEEE_F32BE;
    case 80: return H5T_IEEE_F64LE;
    case 81: return H5T_IEEE_F64BE;
    default: return -1;
  }
}

// Printing of errors is switched off per thread in a thread-safe library, so before every use.
static inline void chdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct chdf5_words {
  char *text;
  size_t room;
};
static inline herr_t chdf5_keep_first(unsigned n, const H5E_error2_t *error, void *data) {
  struct chdf5_words *words = (struct chdf5_words *)data;
  if (n == 0) snprintf(words->text, words->room, "%s", error->desc ? error->desc : "");
  return 0;
}
// The innermost message of this thread's error stack; empty where there is none.
static inline void chdf5_innermost(char *text, size_t room) {
  struct chdf5_words words = {text, room};
  text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_keep_first, &words);
}

// The metadata cache stays between these sizes; its configuration is a large versioned structure.
static inline herr_t chdf5_limit_metadata_cache(hid_t file_access, size_t most) {
  H5AC_cache_config_t config;
  config.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  herr_t result = H5Pget_mdc_config(file_access, &config);
  if (result < 0) return result;
  config.set_initial_size = 1;
  config.initial_size = most / 4;
  config.min_size = most / 4;
  config.max_size = most;
  return H5Pset_mdc_config(file_access, &config);
}

// The links of a group, one after another: a byte for the kind, the name, a null.
// kind: 'h' hard, 's' soft, 'e' external, '?' anything else.
struct chdf5_links {
  char *text;
  size_t used, room, most;
};
static inline herr_t chdf5_keep_link(
    hid_t group, const char *name, const H5L_info_t *info, void *data) {
  (void)group;
  struct chdf5_links *links = (struct chdf5_links *)data;
  size_t length = strlen(name) + 2;
  if (length > links->most - links->used) return -1;
  if (length > links->room - links->used) {
    size_t room = links->room * 2 + length + 4096;
    char *text = (char *)realloc(links->text, room);
    if (!text) return -1;
    links->text = text;
    links->room = room;
  }
  char kind = info->type == H5L_TYPE_HARD ? 'h'
      : info->type == H5L_TYPE_SOFT       ? 's'
      : info->type == H5L_TYPE_EXTERNAL   ? 'e'
                                          : '?';
  links->text[links->used] = kind;
  memcpy(links->text + links->used + 1, name, length - 1);
  links->used += length;
  return 0;
}
// Fails where the names take more than `most` bytes. The caller frees the text, also after a failure.
static inline herr_t chdf5_list_links(hid_t group, struct chdf5_links *links, size_t most) {
  links->text = NULL;
  links->used = links->room = 0;
  links->most = most;
  // In the order they lie: a sorted listing builds a table first, and where that fails on a damaged group, 1.10.8
  // frees links it never read (H5G__link_release_table).
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, chdf5_keep_link, links);
}

// Where an open object lies: the file's number and the address in it tell two names of one object.
// kind: 0 group, 1 dataset, 2 anything else.
static inline herr_t chdf5_identify(
    hid_t object, int *kind, unsigned long *file, unsigned long long *address) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0) return -1;
  memcpy(address, &info.token, sizeof *address);
#else
  H5O_info_t info;
  if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) return -1;
  *address = info.addr;
#endif
  *file = info.fileno;
  *kind = info.type == H5O_TYPE_GROUP ? 0 : info.type == H5O_TYPE_DATASET ? 1 : 2;
  return 0;
}

// The file and object an external link names, each ending in a null; -1 for other links.
static inline int chdf5_external_target(
    hid_t file, const char *name, char *target, size_t room) {
  H5L_info_t info;
  if (H5Lget_info(file, name, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_EXTERNAL) return -1;
  if (info.u.val_size == 0 || info.u.val_size > 65536) return -1;
  char *value = (char *)malloc(info.u.val_size);
  unsigned flags;
  const char *filename, *object;
  int result = -1;
  if (value && H5Lget_val(file, name, value, info.u.val_size, H5P_DEFAULT) >= 0 &&
      H5Lunpack_elink_val(value, info.u.val_size, &flags, &filename, &object) >= 0) {
    snprintf(target, room, "%s", filename);
    result = 0;
  }
  free(value);
  return result;
}
