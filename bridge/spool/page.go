package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// The layout of a segment, as package wlog writes it: pages, and in them fragments of records. A fragment is its kind (in 3 bits, the others
// say how it is compressed), its length (16 bits) and its CRC-32C, all big endian, and then its bytes. A kind of 0 pads the page.
const (
	pageBytes     = 32 << 10
	fragmentBytes = 7

	kindBits  = 7
	kindFull  = 1
	kindFirst = 2
	kindLast  = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// filler is a record that fills the beginning of a page: a reader that begins inside a page has to count from the page's beginning.
func filler(n int) io.Reader {
	if n == 0 {
		return bytes.NewReader(nil)
	}
	b := make([]byte, n)
	b[0] = kindFull
	binary.BigEndian.PutUint16(b[1:], uint16(n-fragmentBytes))
	binary.BigEndian.PutUint32(b[3:], crc32.Checksum(b[fragmentBytes:], castagnoli))
	return bytes.NewReader(b)
}

// resume finds the first intact beginning of a record at an offset or behind it; the end of the file where there is none. The error is one of the
// disk, which says nothing of the bytes.
func resume(f io.ReaderAt, at, size int64) (int64, error) {
	page := make([]byte, pageBytes)
	for start := at / pageBytes * pageBytes; start < size; start += pageBytes {
		n, err := f.ReadAt(page[:min(pageBytes, size-start)], start)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if i, ok := beginning(page[:n], at-start); ok {
			return start + i, nil
		}
	}
	return size, nil
}

// beginning walks the fragments of a page, and returns the first intact one at or behind an offset that begins a record.
func beginning(page []byte, from int64) (int64, bool) {
	for i := 0; i+fragmentBytes <= len(page); {
		kind, length := page[i]&kindBits, int(binary.BigEndian.Uint16(page[i+1:]))
		end := i + fragmentBytes + length
		if kind == 0 || kind > kindLast || end > len(page) {
			return 0, false
		}
		intact := crc32.Checksum(page[i+fragmentBytes:end], castagnoli) == binary.BigEndian.Uint32(page[i+3:])
		if intact && kind <= kindFirst && int64(i) >= from {
			return int64(i), true
		}
		i = end
	}
	return 0, false
}
