package consumer

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// dispatcher holds the events that were read and are not done, and gives them to handlers: of each key one after another, of different keys as
// many at once as there are slots. It knows nothing of Kafka but records, and of handlers nothing but work.
type dispatcher struct {
	// Fixed.
	room      int         // events that may be held
	unordered bool        // keys do not count
	work      func(*task) // takes an event a step further; it ends, now or later, with one call of done, again or park

	mu         sync.Mutex // guards what follows, and the partitions
	partitions map[place]*partition
	slots      int     // free ones
	ready      []*line // wait for a slot
	held       int
	freed      *sync.Cond // held has fallen, or a partition's state has changed
}

type place struct {
	topic  string
	number int32
}

// line is the events of one key of one partition, in order. The first is worked on, waits for a slot, or for its next attempt.
type line struct {
	key   string
	keyed bool // it is in partition.lines
	tasks []*task
	timer *time.Timer // to the next attempt
}

// task is an event that was read and is not done.
type task struct {
	partition *partition
	line      *line
	record    *kgo.Record // its own copy
	step      step        // of the partition's tracker
	attempts  int         // calls of the handler that count
	failures  int         // calls of the handler, and writes of a dead letter, in a row
	held      bool        // the handler's last error was of Hold, and that is told
	aside     *aside      // where it is to become a dead letter: why
}

func newDispatcher(slots, room int, unordered bool, work func(*task)) *dispatcher {
	d := &dispatcher{room: room, unordered: unordered, work: work, partitions: map[place]*partition{}, slots: slots}
	d.freed = sync.NewCond(&d.mu)
	return d
}

// assign adds a partition. One that is there already, since its topic was made anew, is another.
func (d *dispatcher) assign(p *partition) {
	d.drop([]place{{p.topic, p.number}})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.partitions[place{p.topic, p.number}] = p
}

// find returns a partition that this member has; nil: none.
func (d *dispatcher) find(topic string, number int32) *partition {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.partitions[place{topic, number}]
}

// add takes an event that was read. It blocks while there is no room; false: its partition was taken away, or ctx ended, which wakeAdders tells it.
func (d *dispatcher) add(ctx context.Context, p *partition, r *kgo.Record) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.held >= d.room && p.state == open && ctx.Err() == nil {
		d.freed.Wait()
	}
	if p.state != open || ctx.Err() != nil {
		return false
	}
	d.held++
	p.held++
	t := &task{partition: p, record: r, step: p.tracker.begin(r.Offset)}
	if t.line = d.line(p, r); len(t.line.tasks) == 0 {
		d.submit(t.line)
	}
	t.line.tasks = append(t.line.tasks, t)
	return true
}

// wakeAdders lets those that wait for room look around, after a ctx of theirs has ended.
func (d *dispatcher) wakeAdders() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.freed.Broadcast()
}

// line finds the line of a record's key. Without a key there is no order.
func (d *dispatcher) line(p *partition, r *kgo.Record) *line {
	if d.unordered || r.Key == nil {
		return &line{}
	}
	l := p.lines[string(r.Key)]
	if l == nil {
		l = &line{key: string(r.Key), keyed: true}
		p.lines[l.key] = l
	}
	return l
}

// reach notes from where on a partition is being read. It returns the offset before which an earlier owner has read it, and whether the partition went
// back.
func (d *dispatcher) reach(p *partition, offset int64) (resumed int64, back bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	back = p.back(offset)
	return p.resumed, back
}

// skip notes that an offset was read again that an earlier owner of the partition has read. It reports whether there is nothing more to do with it.
func (d *dispatcher) skip(p *partition, offset int64, wanted bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.settled(offset) {
		return true
	}
	if !wanted {
		p.tracker.skip(offset)
	}
	return !wanted
}

// pass notes that everything of a partition before next was read.
func (d *dispatcher) pass(p *partition, next int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.tracker.pass(next)
	p.read = next
	if p.forget(min(next, p.resumed)); next >= p.resumed {
		p.resumed = 0 // should the partition lose its end, what stands there then is new
	}
}

// submit gives a line to a slot, now or when one is free.
func (d *dispatcher) submit(l *line) {
	if d.slots == 0 {
		d.ready = append(d.ready, l)
		return
	}
	d.slots--
	go d.slot(l)
}

// slot works on lines while there are any.
func (d *dispatcher) slot(l *line) {
	defer func() { // also where a handler ends its goroutine, as a failed test does
		d.mu.Lock()
		defer d.mu.Unlock()
		d.slots++
		if next := d.next(); next != nil {
			d.submit(next)
		}
	}()
	for l != nil {
		if t := d.begin(l); t != nil {
			d.work(t)
		}
		d.mu.Lock()
		l = d.next()
		d.mu.Unlock()
	}
}

func (d *dispatcher) next() *line {
	if len(d.ready) == 0 {
		d.ready = nil // and what it stood on
		return nil
	}
	l := d.ready[0]
	d.ready[0] = nil
	d.ready = d.ready[1:]
	return l
}

// begin returns the event that a line begins with, as one that is worked on; nil where nothing may begin any more.
func (d *dispatcher) begin(l *line) *task {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(l.tasks) == 0 || l.tasks[0].partition.state != open {
		return nil
	}
	t := l.tasks[0]
	t.partition.busy++
	return t
}

// done settles an event; false: its partition is closed, and that does not count.
func (d *dispatcher) done(t *task) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.rest(t) {
		return false
	}
	p := t.partition
	p.tracker.finish(t.step)
	p.held--
	d.held--
	d.freed.Signal()
	t.line.tasks[0] = nil
	t.line.tasks = t.line.tasks[1:]
	switch {
	case len(t.line.tasks) > 0 && p.state == open:
		d.submit(t.line)
	case len(t.line.tasks) == 0 && t.line.keyed:
		delete(p.lines, t.line.key)
	}
	return true
}

// again lets an event wait for its next attempt, and with it those behind it, but no slot.
func (d *dispatcher) again(t *task, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rest(t) && t.partition.state == open {
		t.line.timer = time.AfterFunc(wait, func() { d.wake(t) })
		t.partition.waiting[t.line] = true
	}
}

// park lets an event wait until wake is called for it.
func (d *dispatcher) park(t *task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rest(t)
}

// wake ends the wait of an event.
func (d *dispatcher) wake(t *task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(t.partition.waiting, t.line)
	if t.partition.state == open {
		d.submit(t.line)
	}
}

// rest notes that an event is not worked on any more; false: its partition is closed, and what became of it does not count.
func (d *dispatcher) rest(t *task) bool {
	p := t.partition
	if p.state == closed {
		return false
	}
	if p.busy--; p.busy == 0 {
		p.rested()
	}
	return true
}
