package state

/*
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
static void map_from(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }
static void give_back(void) { malloc_trim(0); }
#else
static void map_from(int bytes) {}
static void give_back(void) {}
#endif
*/
import "C"

import "time"

// Go calls RocksDB from whichever thread it likes. To the GNU C library each
// thread has one of up to eight heaps per core, and what one of them frees
// stays with that heap: in an hour's soak a processor grew for twenty minutes.
const (
	// mapFrom is the size from which on memory is mapped by itself, and
	// returned to the kernel when it is freed: a memtable's blocks, files'
	// read-aheads. It is the library's own first value, which it would raise
	// to the size of whatever is freed.
	mapFrom = 128 << 10
	// giveBackEvery is how often pages that are free in any heap go back to
	// the kernel. With a million videos in a store it takes less than a
	// millisecond; meanwhile calls wait for the heap that is looked through.
	giveBackEvery = time.Minute
)

// keepSmall sees to it, until stop is closed, that the memory of RocksDB is what
// it uses, where the C library is GNU's. Its MALLOC_ variables of the
// environment do not count then.
func keepSmall(stop <-chan struct{}) {
	C.map_from(mapFrom)
	go func() {
		tick := time.NewTicker(giveBackEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				C.give_back()
			case <-stop:
				return
			}
		}
	}()
}
