package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// RocksDB verifies the checksum of a block before it parses it, and a wrong
// one is an error, but for two parts of a table: the footer has no checksum,
// and the properties are parsed before theirs is verified. Damage there ends
// the process instead: an assertion fails in the parser, or a garbled length
// is more memory than there is. So these parts are looked at here before
// RocksDB sees them. (As of 7.8; the format is that of 5, with one level of
// index, which is what [tableOptions] writes.)
//
//	table    blocks footer
//	block    data; compression byte; masked CRC-32C of data and that byte
//	footer   checksum type; handle of the metaindex; handle of the index;
//	         zeros up to 41 bytes; version[4]; magic[8]
//	handle   uvarint offset; uvarint length, without the byte and the checksum
//	metaindex entries: uvarint shared, here 0; uvarint key length; uvarint
//	         value length; key; value, which is a handle; then 4 bytes for
//	         each entry, and 4 for their number
const (
	tableVersion  = 5
	tableMagic    = 0x88e241b785f4cff7
	checksumCRC   = 1
	footerLength  = 53
	footerVersion = 41 // where the version begins
	blockTrailer  = 5
	propertiesKey = "rocksdb.properties"

	// More than these blocks can be: some hundred bytes, a few thousand.
	maxMetaBlock = 1 << 20
)

var errTable = errors.New("broken table")

// removeBrokenTables deletes the tables of a store that RocksDB must not open,
// and says which and why. Only RocksDB knows which tables a store is made of:
// one that was being written at a crash is not, and it would delete that
// itself. Of the others it finds that they are missing.
func removeBrokenTables(dir string) (broken, err error) {
	paths, err := filepath.Glob(filepath.Join(globQuote(dir), "*.sst"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		switch err := checkTableFile(path); {
		case errors.Is(err, errTable):
			broken = errors.Join(broken, fmt.Errorf("%s: %w", filepath.Base(path), err))
			if err := os.Remove(path); err != nil {
				return broken, err
			}
		case err != nil:
			return broken, err
		}
	}
	return broken, nil
}

func checkTableFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return checkTable(f, info.Size())
}

// checkTable is an error that wraps errTable where RocksDB must not open the
// table, or one of reading.
func checkTable(file io.ReaderAt, size int64) error {
	t := table{file, size - footerLength}
	if t.blocks < 0 {
		return fmt.Errorf("%w: %d bytes", errTable, size)
	}
	footer, err := t.read(t.blocks, footerLength)
	if err != nil {
		return err
	}
	version := binary.LittleEndian.Uint32(footer[footerVersion:])
	magic := binary.LittleEndian.Uint64(footer[footerVersion+4:])
	if footer[0] != checksumCRC || version != tableVersion || magic != tableMagic {
		return fmt.Errorf("%w: checksum type %d, version %d, magic %x", errTable, footer[0], version, magic)
	}
	metaindex, handles, ok := t.cutHandle(footer[1:footerVersion])
	if !ok || metaindex.length > maxMetaBlock {
		return fmt.Errorf("%w: footer %x", errTable, footer)
	}
	if _, handles, ok = t.cutHandle(handles); !ok || len(bytes.TrimLeft(handles, "\x00")) > 0 {
		return fmt.Errorf("%w: footer %x", errTable, footer)
	}
	meta, err := t.block(metaindex)
	if err != nil {
		return fmt.Errorf("metaindex: %w", err)
	}
	properties, ok := t.find(meta, propertiesKey)
	if !ok || properties.length > maxMetaBlock {
		return fmt.Errorf("%w: metaindex %x", errTable, meta)
	}
	if _, err := t.block(properties); err != nil {
		return fmt.Errorf("properties: %w", err)
	}
	return nil
}

// table is a file whose first so many bytes are blocks.
type table struct {
	file   io.ReaderAt
	blocks int64
}

type handle struct{ offset, length int64 }

// cutHandle takes a handle off the front; false where no block can be there.
func (t *table) cutHandle(b []byte) (h handle, rest []byte, ok bool) {
	offset, n := binary.Uvarint(b)
	if n <= 0 {
		return handle{}, nil, false
	}
	length, m := binary.Uvarint(b[n:])
	if m <= 0 || offset > uint64(t.blocks) || length > uint64(t.blocks) ||
		offset+length+blockTrailer > uint64(t.blocks) {
		return handle{}, nil, false
	}
	return handle{int64(offset), int64(length)}, b[n+m:], true
}

// block reads a block and verifies its checksum.
func (t *table) block(h handle) ([]byte, error) {
	b, err := t.read(h.offset, h.length+blockTrailer)
	if err != nil {
		return nil, err
	}
	if got, want := blockChecksum(b[:h.length+1]), binary.LittleEndian.Uint32(b[h.length+1:]); got != want {
		return nil, fmt.Errorf("%w: checksum %x of the block at %d, which has %x", errTable, want, h.offset, got)
	}
	return b[:h.length], nil
}

// blockChecksum is what is stored behind the data of a block and its
// compression byte.
func blockChecksum(b []byte) uint32 {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}

func (t *table) read(offset, length int64) ([]byte, error) {
	b := make([]byte, length)
	_, err := t.file.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it ends before byte %d", errTable, offset+length)
	}
	return b, err
}

// find looks a key up in the metaindex.
func (t *table) find(meta []byte, key string) (handle, bool) {
	for len(meta) > 0 {
		if meta[0] != 0 { // the keys are over
			return handle{}, false
		}
		keyLength, n := binary.Uvarint(meta[1:])
		if n <= 0 {
			return handle{}, false
		}
		rest := meta[1+n:]
		valueLength, n := binary.Uvarint(rest)
		if n <= 0 || keyLength > uint64(len(rest)) || valueLength > uint64(len(rest)) ||
			keyLength+valueLength > uint64(len(rest)-n) {
			return handle{}, false
		}
		rest = rest[n:]
		if string(rest[:keyLength]) == key {
			h, _, ok := t.cutHandle(rest[keyLength : keyLength+valueLength])
			return h, ok
		}
		meta = rest[keyLength+valueLength:]
	}
	return handle{}, false
}

// globQuote is the pattern that matches just this path.
func globQuote(path string) string {
	quoted := make([]byte, 0, len(path))
	for i := range len(path) {
		if bytes.IndexByte([]byte(`*?[\`), path[i]) >= 0 {
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, path[i])
	}
	return string(quoted)
}
