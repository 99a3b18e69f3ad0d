package kafka

import (
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestRecycler asserts that there is room for what is asked for, that it is empty, and that what was given back is as large as those it is kept
// with. What comes back when is the garbage collector's business. It is of the package itself: only franz-go calls these.
func TestRecycler(t *testing.T) {
	p := new(recycler)
	for _, n := range []int{0, 1, 2, 5, 6, 9, 16, 17, 100, 1024, 1025, 1 << 20} {
		for range 3 {
			b, r := p.GetDecompressBytes(make([]byte, n), kgo.CodecZstd), p.GetRecords(n)
			if len(b) != 0 || cap(b) < expands*n || len(r) != 0 || cap(r) < n {
				t.Errorf("%d: got room for %d bytes and %d records", n, cap(b), cap(r))
			}
			if most := max(8, 5*n/4+1); cap(r) > most {
				t.Errorf("%d: got room for %d records, want %d at most", n, cap(r), most)
			}
			p.PutDecompressBytes(append(b, make([]byte, cap(b)+1)...)) // it may have grown
			p.PutRecords(make([]kgo.Record, 0, n))                     // or be another
		}
	}
}

// TestRecyclerBySnappy asserts that room is as large as a batch says that it needs, where it can be believed.
func TestRecyclerBySnappy(t *testing.T) {
	for _, tt := range []struct {
		name        string
		says        uint64
		least, most int
	}{
		{"a little", 500, 500, 640}, {"much", 15_000, 15_000, 18_750}, {"too much", 1 << 40, 4000, 5000},
	} {
		compressed := append(binary.AppendUvarint(nil, tt.says), make([]byte, 1000)...)
		if got := cap(new(recycler).GetDecompressBytes(compressed, kgo.CodecSnappy)); got < tt.least || got > tt.most {
			t.Errorf("%s: got room for %d bytes, want %d to %d", tt.name, got, tt.least, tt.most)
		}
	}
}
