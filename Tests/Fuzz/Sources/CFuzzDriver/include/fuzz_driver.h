#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer's entry for programs with a main of their own: llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t size));
