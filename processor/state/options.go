package state

import (
	"sync"

	"github.com/linxGnu/grocksdb"
)

// Config bounds the memory of the RocksDB stores of a process. A zero field
// means its default.
type Config struct {
	// CacheBytes is the size of the cache of blocks, indexes and filters that
	// all stores share. 64 MiB by default.
	CacheBytes int
	// WriteBufferBytes is how much a store gathers in memory before it writes
	// a file; it can have twice as much, or two batches if those are larger.
	// It also bounds what is replayed after a crash. 8 MiB by default.
	//
	// It counts for each open store: RocksDB can share one such budget among
	// stores, but not through its C interface as of 7.8.
	WriteBufferBytes int
}

const (
	defaultCache       = 64 << 20
	defaultWriteBuffer = 8 << 20

	// Two threads per process, one that flushes and one that compacts, as
	// the stores share RocksDB's pool: a processor has other work to do.
	backgroundJobs = 2
	// Files of 32 MiB, of which at most so many are open per store; the
	// rest are opened when they are read.
	fileBytes    = 32 << 20
	maxOpenFiles = 128
	// The first level below the fresh files. Rows of old panes are taken
	// from there down by compaction; the smaller it is the sooner.
	levelBytes = 64 << 20
	// RocksDB's own log, in the store's directory.
	logBytes, logFiles = 1 << 20, 2
	manifestBytes      = 4 << 20
	bloomBits          = 10
	memtableFilter     = 0.02 // of a write buffer: some 16 bits for a video
	scanReadahead      = 256 << 10
)

// Shared is what all RocksDB stores of a process have in common: the cache,
// and the options. It may be used by several goroutines.
type Shared struct {
	checking sync.Mutex // held while a store is read whole

	cache   *grocksdb.Cache
	table   *grocksdb.BlockBasedTableOptions
	options *grocksdb.Options
	read    *grocksdb.ReadOptions
	write   *grocksdb.WriteOptions
	flush   *grocksdb.FlushOptions

	closed chan struct{}
}

// NewShared makes what stores share; one per process. Its memory is C's: call
// Close.
func NewShared(c Config) *Shared {
	if c.CacheBytes == 0 {
		c.CacheBytes = defaultCache
	}
	if c.WriteBufferBytes == 0 {
		c.WriteBufferBytes = defaultWriteBuffer
	}
	s := &Shared{
		cache: grocksdb.NewLRUCache(uint64(c.CacheBytes)),
		read:  grocksdb.NewDefaultReadOptions(),
		write: grocksdb.NewDefaultWriteOptions(),
		flush: grocksdb.NewDefaultFlushOptions(),

		closed: make(chan struct{}),
	}
	keepSmall(s.closed)
	s.write.DisableWAL(true)
	s.table = tableOptions(s.cache)
	s.options = options(c.WriteBufferBytes)
	s.options.SetBlockBasedTableFactory(s.table)
	return s
}

// Close frees what stores shared. All of them must be closed.
func (s *Shared) Close() {
	close(s.closed)
	s.options.Destroy()
	s.table.Destroy()
	s.read.Destroy()
	s.write.Destroy()
	s.flush.Destroy()
	s.cache.Destroy()
}

func tableOptions(cache *grocksdb.Cache) *grocksdb.BlockBasedTableOptions {
	t := grocksdb.NewDefaultBlockBasedTableOptions()
	t.SetBlockCache(cache)
	// Indexes and filters too, so that the cache bounds them as well.
	t.SetCacheIndexAndFilterBlocks(true)
	t.SetCacheIndexAndFilterBlocksWithHighPriority(true)
	t.SetPinL0FilterAndIndexBlocksInCache(true)
	t.SetFilterPolicy(grocksdb.NewBloomFilterFull(bloomBits))
	// What checkTable reads. An index of blocks' keys, and no hashes in data
	// blocks: both are RocksDB's defaults.
	t.SetFormatVersion(tableVersion)
	t.SetChecksum(checksumCRC)
	return t
}

func options(writeBuffer int) *grocksdb.Options {
	o := grocksdb.NewDefaultOptions()
	o.SetCreateIfMissing(true)
	o.SetParanoidChecks(true)

	o.SetWriteBufferSize(uint64(writeBuffer))
	o.SetMaxWriteBufferNumber(2)
	// Most look-ups find nothing in a memtable. A filter tells them so, which
	// costs less than to search it.
	o.SetMemTablePrefixBloomSizeRatio(memtableFilter)
	o.SetMemtableWholeKeyFiltering(true)
	o.SetTargetFileSizeBase(fileBytes)
	o.SetMaxBytesForLevelBase(levelBytes)
	o.SetMaxOpenFiles(maxOpenFiles)
	o.SetMaxFileOpeningThreads(1)
	o.SetMaxBackgroundJobs(backgroundJobs)
	o.SetCompression(grocksdb.LZ4Compression)

	o.SetInfoLogLevel(grocksdb.WarnInfoLogLevel)
	o.SetMaxLogFileSize(logBytes)
	o.SetKeepLogFileNum(logFiles)
	o.SetMaxManifestFileSize(manifestBytes)
	o.SetStatsDumpPeriodSec(0)
	o.SetStatsPersistPeriodSec(0)
	return o
}
