#ifndef CATALOG_ALLOCATIONS_H
#define CATALOG_ALLOCATIONS_H

#include <stdint.h>

/// Blocks that the process has asked for so far, of all threads, reallocations included.
uint64_t catalog_allocations(void);

/// Bytes that they had together.
uint64_t catalog_allocated_bytes(void);

#endif
