package logs

// pages is memory that files are read into, and that is used again once nobody
// looks at the lines in it: a reader of gigabytes would else make as much garbage.
// Only one that does not follow has it, for a follower may rest for days.
type pages struct {
	used, spare [][]byte
	// cloned is whether no line that is handed out lies in one.
	cloned bool
}

// sparePages is how many are kept.
const sparePages = 16

// grow has room for n more bytes behind a cursor's buffer, which is a part of its
// page. Where another page is needed this one is used up.
func (p *pages) grow(page *[]byte, buf []byte, n int) []byte {
	if cap(buf)-len(buf) >= n {
		return buf
	}
	old := *page
	*page = p.one(len(buf) + n)
	buf = append((*page)[:0], buf...)
	if old != nil {
		p.used = append(p.used, old)
	}
	if p.cloned {
		p.recycle()
	}
	return buf
}

// one is a page of at least so many bytes.
func (p *pages) one(size int) []byte {
	for i, page := range p.spare {
		if cap(page) >= size {
			last := len(p.spare) - 1
			p.spare[i] = p.spare[last]
			p.spare = p.spare[:last]
			return page
		}
	}
	return make([]byte, 0, size)
}

// recycle is called when nobody looks any more at the lines that were handed out.
// Those that were not lie in the pages of their cursors.
func (p *pages) recycle() {
	for _, page := range p.used {
		if len(p.spare) < sparePages {
			p.spare = append(p.spare, page)
		}
	}
	clear(p.used)
	p.used = p.used[:0]
}
