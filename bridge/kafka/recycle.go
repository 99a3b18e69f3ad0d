package kafka

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// recycler keeps what records are read into for the next that are read, where a reader gives every record back when it is done with it (Recycle):
// without it, most of what a member of a group allocates is what it reads and does not want. It keeps room by size, since franz-go clears all of
// it each time. The garbage collector takes what is not used. It is safe for concurrent use.
type recycler struct {
	bytes   pools[byte]
	records pools[kgo.Record]
}

var (
	_ kgo.PoolDecompressBytes = (*recycler)(nil)
	_ kgo.PoolRecords         = (*recycler)(nil)
)

// expands is by how much a batch of events is taken to grow when it is decompressed, where it does not say. Where it grows more, franz-go takes
// larger room, and gives back that.
const expands = 4

func (p *recycler) GetDecompressBytes(compressed []byte, codec kgo.CompressionCodecType) []byte {
	n := expands * len(compressed)
	if codec == kgo.CodecSnappy { // which begins with the length, unless it is Java's own format
		if says, size := binary.Uvarint(compressed); size > 0 && says < uint64(4*n) {
			n = int(says)
		}
	}
	return p.bytes.get(n)
}

func (p *recycler) PutDecompressBytes(b []byte)     { p.bytes.put(b) }
func (p *recycler) GetRecords(n int) []kgo.Record   { return p.records.get(n) }
func (p *recycler) PutRecords(records []kgo.Record) { p.records.put(records) }

// pools keep slices by their capacity, in steps of a quarter of a power of two.
type pools[E any] [4 * bits.UintSize]sync.Pool

// step returns the smallest capacity of n or more that slices are kept by, and its place.
func step(n int) (place, capacity int) {
	n = max(n, 5)
	shift := bits.Len(uint(n-1)) - 3
	top := (n-1)>>shift + 1 // 5 to 8
	return 4*shift + top - 5, top << shift
}

// get returns a slice without elements and with room for n.
func (p *pools[E]) get(n int) []E {
	place, capacity := step(n)
	if kept, ok := p[place].Get().(*[]E); ok {
		return (*kept)[:0]
	}
	return make([]E, 0, capacity)
}

// put keeps a slice with those that have as much room, or a little less.
func (p *pools[E]) put(room []E) {
	place, capacity := step(cap(room))
	if capacity > cap(room) {
		place--
	}
	if place >= 0 {
		p[place].Put(&room)
	}
}
