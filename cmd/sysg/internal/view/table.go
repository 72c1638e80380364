package view

// column is one column of a table.
type column struct {
	title string
	// right aligns numbers.
	right bool
	// drop says when the column gives way on a narrow terminal: the
	// highest first, 0 never.
	drop int
	// min is the width to which it may be shortened before another column
	// gives way; 0 means not at all.
	min int
	// stay keeps the column where no row says anything.
	stay bool
	// want is the natural width.
	want int
}

// row is one row, or a line of its own between rows.
type row struct {
	cells []span
	// alone, where set, is written instead of cells.
	alone []line
}

// table is columns under titles. Column 0 is the glyph's and has one blank
// after it, the others have two.
type table struct {
	columns []column
	rows    []row
}

func (t *table) add(cells ...span) { t.rows = append(t.rows, row{cells: cells}) }

// aside adds lines of their own below the last row.
func (t *table) aside(lines ...line) { t.rows = append(t.rows, row{alone: lines}) }

// measure finds the natural widths and removes the columns in which no row
// says anything, but for those that stay.
func (t *table) measure() {
	said := make([]bool, len(t.columns))
	for i := range t.columns {
		t.columns[i].want = width(t.columns[i].title)
		said[i] = t.columns[i].stay
	}
	for _, r := range t.rows {
		for i, c := range r.cells {
			t.columns[i].want = max(t.columns[i].want, width(c.text))
			said[i] = said[i] || c.text != "" && c.text != none
		}
	}
	t.keep(func(i int) bool { return said[i] })
}

// none is what a cell shows that has nothing to say.
const none = "-"

// orNone is a cell that is never empty.
func orNone(t tone, text string) span {
	if text == "" {
		return span{tone: faint, text: none}
	}
	return say(t, text)
}

// keep removes the other columns. The cells are the table's own.
func (t *table) keep(wanted func(column int) bool) {
	t.columns = kept(t.columns, wanted)
	for r := range t.rows {
		if t.rows[r].cells != nil {
			t.rows[r].cells = kept(t.rows[r].cells, wanted)
		}
	}
}

func kept[T any](list []T, wanted func(int) bool) []T {
	to := list[:0]
	for i, item := range list {
		if wanted(i) {
			to = append(to, item)
		}
	}
	return to
}

// least is the width the table needs when every column is shortened as far
// as it may be.
func (t *table) least() int {
	n := 0
	for i, c := range t.columns {
		n += gap(i) + c.least()
	}
	return n
}

func (c column) least() int {
	if c.min > 0 {
		return min(c.min, c.want)
	}
	return c.want
}

// gap is the blank before column i.
func gap(i int) int { return min(i, 2) }

// fit drops and shortens columns until the table is at most limit wide, or
// cannot be made narrower.
func (t *table) fit(limit int) {
	for limit > 0 && t.least() > limit {
		worst := 0
		for i, c := range t.columns {
			if c.drop > t.columns[worst].drop {
				worst = i
			}
		}
		if len(t.columns) == 0 || t.columns[worst].drop == 0 {
			break
		}
		t.keep(func(i int) bool { return i != worst })
	}
	if limit <= 0 {
		return
	}
	if t.least() > limit {
		for i := range t.columns {
			t.columns[i].min = min(t.columns[i].min, narrowest)
		}
	}
	over := -limit
	for i, c := range t.columns {
		over += gap(i) + c.want
	}
	for i := len(t.columns) - 1; i >= 0 && over > 0; i-- {
		c := &t.columns[i]
		less := min(over, c.want-c.least())
		c.want, over = c.want-less, over-less
	}
}

// write puts the table on the page.
func (t *table) write(p *page) {
	t.measure()
	if len(t.columns) == 0 {
		return
	}
	t.fit(p.st.limit())
	l := make(line, 0, 3*len(t.columns))
	titles := make([]span, len(t.columns))
	titled := false
	for i, c := range t.columns {
		titles[i] = span{tone: faint, text: c.title}
		titled = titled || c.title != ""
	}
	if titled {
		p.put(t.line(l, p.st, titles)...)
	}
	for _, r := range t.rows {
		for _, l := range r.alone {
			p.put(l...)
		}
		if r.cells != nil {
			p.put(t.line(l, p.st, r.cells)...)
		}
	}
}

// line is a row's cells in their columns, written over l.
func (t *table) line(l line, st Style, cells []span) line {
	l = l[:0]
	for i, c := range t.columns {
		text := cut(cells[i].text, c.want, st.ellipsis())
		blank := c.want - width(text)
		before, after := gap(i), blank
		if c.right {
			before, after = gap(i)+blank, 0
		}
		l = append(l, span{text: spaces(before)}, span{tone: cells[i].tone, text: text}, span{text: spaces(after)})
	}
	return l
}
