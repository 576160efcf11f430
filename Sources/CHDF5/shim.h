#include <hdf5.h>
#include <stdio.h>

// Macros with casts or calls, which Swift does not import.
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
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
