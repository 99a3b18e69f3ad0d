package spool

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// segment reads the records of one segment, also while it is written, and reads on behind damage. It is for one goroutine.
type segment struct {
	file   *os.File
	at     int64 // where the next record begins
	began  int64 // where the one that was returned last begins, with the padding before it
	base   int64 // the page's beginning where the reader began
	end    int64 // what the reader sees of the file; more may have been written since it began
	reader *wlog.Reader
}

// damage is a part of a segment that holds no intact record.
type damage struct{ from, to int64 }

func openSegment(dir string, index int) (*segment, error) {
	f, err := os.Open(wlog.SegmentName(dir, index))
	if err != nil {
		return nil, err
	}
	return &segment{file: f}, nil
}

// next returns the next intact record, valid until next is called again, and what was passed over before it; io.EOF where there is none before
// size. Any other error is one of the disk, and the next call tries again.
func (s *segment) next(size int64) (record []byte, lost []damage, err error) {
	for s.at < size {
		if s.reader == nil {
			s.begin(size)
		}
		if s.reader.Next() {
			s.began = s.at
			s.at = s.base + s.reader.Offset()
			return s.reader.Record(), lost, nil
		}
		bad := s.reader.Err()
		s.reader = nil
		if bad == nil { // what is left of it is padding
			s.at = s.end
			continue
		}
		if disk := (*fs.PathError)(nil); errors.As(bad, &disk) {
			return nil, lost, bad
		}
		to, err := resume(s.file, s.at+1, size)
		if err != nil {
			return nil, lost, err
		}
		lost = append(lost, damage{s.at, to})
		s.at = to
	}
	s.reader = nil // it has seen the end, and would not see what is written behind it
	return nil, lost, io.EOF
}

func (s *segment) begin(size int64) {
	inPage := s.at % pageBytes
	s.base, s.end = s.at-inPage, size
	rest := io.NewSectionReader(s.file, s.at, size-s.at)
	s.reader = wlog.NewReader(bufio.NewReaderSize(io.MultiReader(filler(int(inPage)), rest), 2*pageBytes))
	if inPage > 0 {
		s.reader.Next()
	}
}

func (s *segment) close() { _ = s.file.Close() } // opened for reading
