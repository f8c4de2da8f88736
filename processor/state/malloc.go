package state

/*
#include <malloc.h>

// limit_arenas returns 0 where the C library refuses.
static int limit_arenas(int most) {
#ifdef M_ARENA_MAX
	return mallopt(M_ARENA_MAX, most);
#else
	return 1;
#endif
}
*/
import "C"

// mallocArenas bounds the heaps that the C library keeps side by side. Go calls
// RocksDB from whichever thread it likes, and by default each of the first
// sixteen on two cores gets a heap of its own, of which what is freed is used
// again by that thread alone: a processor grew for twenty minutes, by half.
const mallocArenas = 2

// limitMalloc must come before threads that call C. Where it is refused, a
// process is larger and otherwise as it was.
func limitMalloc() { C.limit_arenas(mallocArenas) }
