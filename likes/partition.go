package likes

// Partition is the partition of n (at least 1) that owns a video, in the log
// and in every topic that has a record per video: murmur2 of the id's bytes,
// masked to 31 bits, modulo n. It is what Kafka's own default partitioner
// computes for a record with that key
// (org.apache.kafka.common.utils.Utils.murmur2), so that a client in any
// language finds a video's partition without asking us.
func Partition(id []byte, n int) int {
	return int(murmur2(id)&0x7fffffff) % n
}

func murmur2(b []byte) uint32 {
	const (
		seed uint32 = 0x9747b28c
		m    uint32 = 0x5bd1e995
		r           = 24
	)
	h := seed ^ uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h = h*m ^ k
	}
	switch len(b) {
	case 3:
		h ^= uint32(b[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(b[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(b[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
